"""What vocabulary.json holds where a model reads numbers: what they were, and what is told."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from elman.data.arrays.labelled import Form, TableForm
from elman.data.files.images import ImageForm
from elman.data.files.mel import SoundForm
from elman.training.shapes.arrays.goals import ClassGoal, NumberGoal
from elman.training.shapes.model_file import content_of, require_sizes

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Numbers(BaseModel):
    """How numbers are scaled that the model tells."""

    model_config = _STRICT

    mean: FiniteFloat
    deviation: Annotated[FiniteFloat, Field(gt=0)]


class Content(BaseModel):
    """The content of vocabulary.json.

    Attributes:
        form: what is read.
        labels: in the order of the classes; none where numbers are told.
        numbers: their scale, where they are told.
        max_length: longer sequences are cut to so many steps; 1 where nothing has steps.
    """

    model_config = _STRICT

    form: Annotated[Form, Field(discriminator="kind")]
    labels: list[str] = []
    numbers: Numbers | None = None
    max_length: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels: one stands twice")
        if bool(self.labels) == (self.numbers is not None):
            raise ValueError("labels, numbers: one of the two is needed")
        return self

    @property
    def goal(self) -> ClassGoal | NumberGoal:
        """What is told."""
        if self.numbers is not None:
            return NumberGoal(self.numbers.mean, self.numbers.deviation)
        return ClassGoal(tuple(self.labels))


def content_for(goal: ClassGoal | NumberGoal, form: Form, max_length: int = 1) -> dict[str, Any]:
    """The content, as values that JSON can hold."""
    if isinstance(goal, NumberGoal):
        numbers = Numbers(mean=goal.mean, deviation=goal.deviation)
        content = Content(form=form, numbers=numbers, max_length=max_length)
    else:
        content = Content(form=form, labels=list(goal.labels), max_length=max_length)
    return content.model_dump(mode="json")


def read_content(vocabulary: bytes, features: int, outputs: int, *, frames: bool) -> Content:
    """The content of a model's file, which must belong to its description.

    Args:
        vocabulary: what vocabulary.json holds.
        features: how many numbers the model reads: of an example, or of a frame.
        outputs: how many it answers with.
        frames: whether it reads frames.

    Raises:
        CorruptRunError: the file is damaged, or belongs to another model.
    """
    content = content_of(Content, vocabulary, "vocabulary.json")
    require_sizes(
        {"features": features_of(content.form, frames), "outputs": content.goal.outputs},
        {"features": features, "outputs": outputs},
    )
    return content


def features_of(form: Form, frames: bool) -> int:
    """How many numbers an example of a form has, or a frame of one."""
    match form:
        case ImageForm():
            return form.width * form.channels * (1 if frames else form.height)
        case SoundForm():
            return form.bands if frames else 0
        case TableForm():
            return 1 if frames and form.steps == "columns" else len(form.names)
