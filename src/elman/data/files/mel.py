"""Log-mel frames: how loud each band of a sound is, every few milliseconds, as the ear hears it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from elman.data.files.resampling import resample
from elman.data.files.wav import LOWEST_RATE, Sound

WINDOW_SECONDS = 0.025
HOP_SECONDS = 0.010
HIGHEST_RATE = 16_000
BANDS = 40
LOWEST_HZ = 20.0
LOUDNESS_FLOOR = 1e-10
"""Added before the logarithm, so that silence is a number: 90 dB below a window of full scale."""


@dataclass(frozen=True, slots=True)
class SoundForm:
    """What every sound of a data set is brought to; a part of a model's files.

    Args:
        rate: samples a second, in Hz.
        bands: numbers of a frame.
    """

    rate: Annotated[int, Field(ge=LOWEST_RATE, le=HIGHEST_RATE)]
    bands: Annotated[int, Field(ge=1, le=512)]
    kind: Literal["sound"] = "sound"

    @property
    def window(self) -> int:
        """Samples of a frame."""
        return max(1, round(self.rate * WINDOW_SECONDS))

    @property
    def hop(self) -> int:
        """Samples from the start of a frame to that of the next."""
        return max(1, round(self.rate * HOP_SECONDS))

    @property
    def fft_size(self) -> int:
        """The power of two from the window's size up; 512 at least, that no band falls between."""
        return max(512, 1 << (self.window - 1).bit_length())


def choose_sound_form(rates: Sequence[int]) -> SoundForm:
    """The form that suits sounds of these rates: the rate of most, 16 kHz at most.

    Example:
        >>> choose_sound_form([8000, 44100, 44100]).rate
        16000
    """
    return SoundForm(min(HIGHEST_RATE, Counter(rates).most_common(1)[0][0]), BANDS)


def log_mel(sound: Sound, form: SoundForm) -> NDArray[np.float32]:
    """Frames [T, bands] of a sound.

        P_t,k = |Σ_n w_n x_(t·hop + n) e^(-2πi k n / F)|² / Σ_n w_n²
        y_t,b = ln(Σ_k M_b,k P_t,k + 1e-10)

    with the Hann window w of 25 ms, a frame every 10 ms, F a power of two, and M the
    triangles of `mel_filters`. A sound shorter than a window is followed by silence.

    Args:
        sound: at any rate.
        form: the rate to bring it to, and the number of bands.

    Source: Davis, Mermelstein (1980), "Comparison of parametric representations for monosyllabic
    word recognition", IEEE Transactions on Acoustics, Speech and Signal Processing 28(4), without
    the cosine transform that ends it.
    """
    samples = resample(sound.samples, sound.rate, form.rate)
    samples = np.pad(samples, (0, max(0, form.window - len(samples))))
    windows = np.lib.stride_tricks.sliding_window_view(samples, form.window)[:: form.hop]
    hann = np.hanning(form.window + 2)[1:-1]  # without the two zeros at its ends
    spectrum = np.fft.rfft(windows * hann, form.fft_size, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) / (hann**2).sum()
    frames: NDArray[np.float32] = np.log(power @ mel_filters(form).T + LOUDNESS_FLOOR).astype("f4")
    return frames


@lru_cache(maxsize=8)
def mel_filters(form: SoundForm) -> NDArray[np.float64]:
    """Triangles [bands, F/2 + 1], each from the centre below it to the centre above it.

    The centres lie at equal distances on the mel scale, m = 2595 log10(1 + f / 700), from 20 Hz to
    half the rate; each triangle is 1 at its centre.

    Source: O'Shaughnessy (1987), "Speech communication: human and machine", for the scale.
    """
    edges = hertz(np.linspace(mel(LOWEST_HZ), mel(form.rate / 2), form.bands + 2))
    bins = np.arange(form.fft_size // 2 + 1) * form.rate / form.fft_size
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    return np.clip(np.minimum(rising, falling), 0, None)


def mel(frequency: float) -> float:
    """The pitch of a frequency (Hz) in mel.

    Example:
        >>> round(mel(1000.0))
        1000
    """
    return float(2595 * np.log10(1 + frequency / 700))


def hertz(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    """The frequency (Hz) of a pitch in mel, the inverse of `mel`."""
    return 700 * (10 ** (pitch / 2595) - 1)
