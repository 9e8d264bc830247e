"""The options that only the forecaster has."""

from __future__ import annotations

from pydantic import Field

from elman.data.options import Transform
from elman.models.description import Forecast, ForecastDecoding, Normalise, WindowSteps
from elman.training.options import Options, Positive


class ForecasterOptions(Options, title="Only forecaster"):
    """How series are divided, how far a forecast looks back and ahead, and what it says."""

    known: str | None = Field(
        None, description="columns known ahead of time, separated by commas (forecaster)"
    )
    parts: str | None = Field(
        None, description="shares or steps, such as 80/10/10 or 8640/2880/2880 (forecaster)"
    )
    season: Positive | None = Field(
        None, description="steps after which the series repeat; 1 for never (forecaster)"
    )
    look_back: WindowSteps | None = Field(
        None, description="steps that a forecast is made from (forecaster)"
    )
    horizon: WindowSteps | None = Field(None, description="steps to forecast (forecaster)")
    segment: WindowSteps | None = Field(
        None, description="values in one step of the recurrent layers (forecaster)"
    )
    forecast: Forecast | None = Field(None, description="what is said of each step (forecaster)")
    decoding: ForecastDecoding | None = Field(
        None, description="all steps at once, or one after the other (forecaster)"
    )
    normalise: Normalise | None = Field(
        None, description="what is taken from each window and given back (forecaster)"
    )
    highway: bool | None = Field(
        None, description="a linear path beside the recurrent layers (forecaster)"
    )
    transform: Transform | None = Field(
        None, description="of the values before they are scaled (forecaster)"
    )
