"""What is drawn of an explanation: pictures as plain numbers, each with what to look at in it."""

from __future__ import annotations

from elman.insight.explain import Explanation
from elman.insight.pictures.attention import attention_chapter
from elman.insight.pictures.gradient import gradient_chapter
from elman.insight.pictures.health import health_chapter
from elman.insight.pictures.input import input_chapter
from elman.insight.pictures.kinds import Chapter
from elman.insight.pictures.memory import memory_chapter
from elman.insight.pictures.states import states_chapter


def chapters(found: Explanation) -> tuple[Chapter, ...]:
    """All that is drawn, in the order of the page; a model without recurrent layers has less."""
    drawn = [input_chapter(found)]
    decoding = found.example.decoding
    if decoding is not None and decoding.attention is not None:
        drawn.append(attention_chapter(found.example, decoding.attention, decoding.grid))
    if found.terms.losses.numel():
        drawn.append(gradient_chapter(found))
    if found.behaviour is not None:
        drawn.append(memory_chapter(found, found.behaviour))
    if found.recordings:
        drawn.append(states_chapter(found))
    return (*drawn, health_chapter(found))
