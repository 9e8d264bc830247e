"""Forecaster: the values of a series so far in, those of the next H steps out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from elman.errors import ConfigurationError
from elman.layers.build import recurrent_layer
from elman.models.description import QUANTILES, ForecasterDescription
from elman.sequences import Ragged

State = tuple[Tensor, ...]

_LEAST_DEVIATION = 1e-3  # of scaled values: a likelihood without it grows without end


class Forecaster(nn.Module):
    """Segments of the past → recurrent layers → segments of the future.

    A step of the recurrent layers is a segment of several values, beside what is known of the
    segment after it. With decoding "direct", each segment to come is one more step from the state
    after the past, its input the segment's place (Lin et al., 2023, SegRNN, arXiv:2308.11200,
    section 3.3); with "recursive", its input is the forecast of the segment before.

    With normalise "last", the last value is taken from the past and added to the forecast, so that
    the level of a series need not be learned. With a highway, a linear function of the past is
    added as well (Lai et al., 2018, LSTNet, arXiv:1703.07015, equations 6 to 8).

    Raises:
        ConfigurationError: the past is no whole number of segments.
    """

    def __init__(self, description: ForecasterDescription) -> None:
        super().__init__()
        self.description = description
        segment, width = description.segment, description.hidden_size
        if description.look_back % segment:
            raise ConfigurationError(
                "The past is no whole number of segments.",
                where=f"look_back = {description.look_back}, segment = {segment}",
                expected="a look_back that the segment divides",
                next_step=f"--look-back {-(-description.look_back // segment) * segment}",
            )
        self.segments = -(-description.horizon // segment)
        self.values = nn.Linear(segment, width)
        covariates = segment * description.known
        self.known = nn.Linear(covariates, width, bias=False) if covariates else None
        self.series = nn.Embedding(description.series + 1, width, padding_idx=0)
        nn.init.zeros_(self.series.weight)
        direct = description.decoding == "direct"
        self.places = nn.Embedding(self.segments, width) if direct else None
        self.recurrent = recurrent_layer(
            description.cell,
            width,
            width,
            num_layers=description.num_layers,
            dropout=description.dropout,
        )
        self.highway = (
            nn.Linear(description.look_back, description.horizon) if description.highway else None
        )
        if self.highway is not None:
            nn.init.zeros_(self.highway.weight)
            nn.init.zeros_(self.highway.bias)
        self.dropout = nn.Dropout(description.dropout)
        self.output = nn.Linear(width, segment * outputs_of(description))

    def forward(self, past: Tensor, known: Tensor, series: Tensor) -> Tensor:
        """Forecasts [B, H, P]: one value, the quantiles, or mean and deviation of each step.

        Args:
            past: [B, L] scaled values.
            known: [B, L + H, K] covariates.
            series: [B] numbers of the series, from 1; 0 for one that was never seen.
        """
        if self.description.normalise == "last":
            last = past[:, -1:]
        else:
            last = torch.zeros_like(past[:, -1:])
        past = past - last
        ahead = self._known_ahead(known)  # [B, S + M - 1, width], of the segment after each step
        steps = self.values(past.unflatten(1, (-1, self.description.segment)))
        count = steps.shape[1]
        steps = torch.relu(steps + ahead[:, :count])
        output, state = self._run(steps, None)
        who = self.series(series)
        if self.places is not None:
            places = self.places.weight + who[:, None] + ahead[:, count - 1 :]
            forecast = self._direct(state, torch.relu(places))
        else:
            forecast = self._recursive(output[:, -1], state, ahead[:, count:], who)
        level = last if self.highway is None else last + self.highway(past)
        return self._placed(forecast, level.unsqueeze(2))

    def _direct(self, state: State, steps: Tensor) -> Tensor:
        """[B, M, segment · P] all segments at once, each from the state after the past."""
        batch = len(steps)
        starts = tuple(part.repeat_interleave(self.segments, 1) for part in state)
        output, _ = self._run(steps.flatten(0, 1).unsqueeze(1), starts)
        forecasts: Tensor = self.output(self.dropout(output))
        return forecasts.view(batch, self.segments, -1)

    def _recursive(self, output: Tensor, state: State, ahead: Tensor, who: Tensor) -> Tensor:
        """[B, M, segment · P] segment after segment, each fed the one before."""
        forecasts = [self.output(self.dropout(output + who))]
        for place in range(self.segments - 1):
            spread = forecasts[-1].unflatten(1, (self.description.segment, -1))
            step = torch.relu(self.values(middle(spread, self.description)) + ahead[:, place])
            hidden, state = self._run(step.unsqueeze(1), state)
            forecasts.append(self.output(self.dropout(hidden[:, 0] + who)))
        return torch.stack(forecasts, 1)

    def _run(self, steps: Tensor, state: State | None) -> tuple[Tensor, State]:
        """The recurrent layers over steps [B, T, width]."""
        batch, length, width = steps.shape
        ragged = Ragged(steps.reshape(batch * length, width), [length] * batch)
        output, state = self.recurrent.run(ragged, state)
        return output.values.view(batch, length, width), state

    def _known_ahead(self, known: Tensor) -> Tensor:
        """For each segment of past and future but the first, what is known of it."""
        batch, length = known.shape[:2]
        segment = self.description.segment
        whole = self.description.look_back + self.segments * segment
        if self.known is None:
            width = self.description.hidden_size
            return known.new_zeros(batch, whole // segment - 1, width)
        if whole > length:  # steps beyond the horizon, which are not forecast, repeat the last
            known = torch.cat([known, known[:, -1:].expand(-1, whole - length, -1)], 1)
        later = known[:, segment:].reshape(batch, whole // segment - 1, -1)
        ahead: Tensor = self.known(later)
        return ahead

    def _placed(self, forecast: Tensor, level: Tensor) -> Tensor:
        """[B, H, P] the segments end to end, added to the level [B, H or 1, 1]."""
        steps = forecast.unflatten(2, (self.description.segment, -1)).flatten(1, 2)
        steps = steps[:, : self.description.horizon]
        if self.description.output != "gaussian":
            placed: Tensor = steps + level
            return placed
        mean, spread = steps.split(1, 2)
        return torch.cat([mean + level, softplus(spread) + _LEAST_DEVIATION], 2)


def outputs_of(description: ForecasterDescription) -> int:
    """P, how many numbers tell of one step."""
    return {"point": 1, "quantiles": len(QUANTILES), "gaussian": 2}[description.output]


def middle(forecast: Tensor, description: ForecasterDescription) -> Tensor:
    """The one value of each step's forecast [..., P]: the value, the median, or the mean."""
    place = len(QUANTILES) // 2 if description.output == "quantiles" else 0
    value: Tensor = forecast[..., place]
    return value
