"""Sound to frames: the rate changed as the mathematics says, the bands those of the formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from elman.data.files.mel import SoundForm, choose_sound_form, hertz, log_mel, mel, mel_filters
from elman.data.files.resampling import resample
from elman.data.files.wav import Samples, Sound

FORM = SoundForm(8_000, 40)
PASSBAND = 2e-3
"""The ripple of the filter where it is to let everything through."""


def tone(frequency: float, rate: int, seconds: float = 0.2) -> Samples:
    times = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * frequency * times).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("new_rate", [8_000, 16_000])
def test_a_tone_stays_the_same_tone_at_another_rate(rate: int, new_rate: int) -> None:
    new = resample(tone(440, rate), rate, new_rate)
    ideal = tone(440, new_rate)
    assert len(new) == len(ideal)
    inside = slice(len(new) // 8, -len(new) // 8)  # silence stands before and after the tone
    assert np.abs(new - ideal)[inside].max() < PASSBAND


def test_what_the_new_rate_cannot_hold_is_filtered_out() -> None:
    new = resample(tone(6_000, 44_100), 44_100, 8_000)
    inside = new[len(new) // 8 : -len(new) // 8]
    assert np.abs(inside).max() < 1e-3
    assert np.abs(resample(tone(3_000, 44_100), 44_100, 8_000)).max() > 0.9


def test_resampling_equals_the_sum_it_stands_for() -> None:
    samples = np.random.default_rng(0).standard_normal(60).astype(np.float32)
    rate, new_rate, crossings, passed = 441, 160, 16, 0.95
    scale = new_rate / rate
    expected = []
    for place in range(math.ceil(60 * new_rate / rate)):
        total = 0.0
        for k, sample in enumerate(samples):
            t = scale * (place * rate / new_rate - k)
            if abs(t) < crossings:
                window = math.cos(math.pi * t / (2 * crossings)) ** 2
                total += float(sample) * scale * passed * float(np.sinc(passed * t)) * window
        expected.append(total)
    assert np.allclose(resample(samples, rate, new_rate), expected, rtol=0, atol=1e-6)


def test_the_scale_is_that_of_the_formula() -> None:
    # 2595 log10(1 + f / 700): 0 Hz is 0 mel, 700 Hz is 2595 log10(2), 6300 Hz is 2595.
    assert mel(0) == 0
    assert mel(700) == pytest.approx(781.1728)
    assert mel(6300) == pytest.approx(2595)
    frequencies = np.array([20.0, 440.0, 3999.0])
    assert hertz(np.array([mel(one) for one in frequencies])) == pytest.approx(frequencies)


def test_filters_are_triangles_whose_corners_are_their_neighbours_centres() -> None:
    filters = mel_filters(FORM)
    assert filters.shape == (40, 257)
    corners = [
        700 * (10 ** ((mel(20) + place * (mel(4_000) - mel(20)) / 41) / 2595) - 1)
        for place in range(42)
    ]
    for band, (low, centre, high) in enumerate(
        zip(corners, corners[1:], corners[2:], strict=False)
    ):
        for place in range(257):
            frequency = place * 8_000 / 512
            up, down = (frequency - low) / (centre - low), (high - frequency) / (high - centre)
            assert filters[band, place] == pytest.approx(max(0, min(up, down)), abs=1e-9)


@pytest.mark.parametrize("rate", [1_000, 8_000, 16_000])
def test_no_band_falls_between_the_lines_of_the_spectrum(rate: int) -> None:
    assert mel_filters(SoundForm(rate, 40)).sum(axis=1).min() > 0


def test_frames_equal_the_sums_they_stand_for() -> None:
    form = SoundForm(2_000, 6)
    samples = np.random.default_rng(1).uniform(-1, 1, 130).astype(np.float32)
    frames = log_mel(Sound(samples, 2_000), form)
    assert (form.window, form.hop, form.fft_size) == (50, 20, 512)
    assert frames.shape == (5, 6)
    window = [0.5 - 0.5 * math.cos(2 * math.pi * (n + 1) / 51) for n in range(50)]
    filters = mel_filters(form)
    for t in range(5):
        piece = np.array(window) * samples[20 * t : 20 * t + 50]
        turns = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(50)) / 512)
        power = np.abs(turns @ piece) ** 2 / sum(w * w for w in window)
        assert frames[t] == pytest.approx(np.log(filters @ power + 1e-10), abs=1e-5)


@pytest.mark.parametrize("frequency", [200, 500, 1_000, 3_000])
def test_a_tone_is_loudest_in_its_own_band(frequency: int) -> None:
    loudest = log_mel(Sound(tone(frequency, 8_000), 8_000), FORM).mean(axis=0).argmax()
    centres = hertz(np.linspace(mel(20), mel(4_000), 42))[1:-1]
    assert abs(int(loudest) - int(np.abs(centres - frequency).argmin())) <= 1


def test_the_same_sound_at_another_rate_has_the_same_frames() -> None:
    low = log_mel(Sound(tone(440, 8_000), 8_000), FORM)
    high = log_mel(Sound(tone(440, 44_100), 44_100), FORM)
    loud = low > low.max() - 7  # within 30 dB of the loudest; below it the filter's own noise shows
    assert np.abs(low - high)[loud].max() < 0.05


def test_a_sound_shorter_than_a_window_and_silence_have_finite_frames() -> None:
    frames = log_mel(Sound(np.zeros(3, dtype=np.float32), 8_000), FORM)
    assert frames.shape == (1, 40)
    assert np.allclose(frames, math.log(1e-10))


def test_the_rate_of_most_is_chosen_up_to_a_limit() -> None:
    assert choose_sound_form([8_000, 8_000, 44_100]) == SoundForm(8_000, 40)
    assert choose_sound_form([48_000]) == SoundForm(16_000, 40)
