"""What is drawn of an explanation: pictures as plain numbers, each with what to look at in it."""

from __future__ import annotations

from elman.insight.explain import Explanation
from elman.insight.pictures.gradient import gradient_chapter
from elman.insight.pictures.health import health_chapter
from elman.insight.pictures.input import input_chapter
from elman.insight.pictures.kinds import Chapter
from elman.insight.pictures.memory import memory_chapter
from elman.insight.pictures.states import states_chapter


def chapters(found: Explanation) -> tuple[Chapter, ...]:
    """All that is drawn, in the order of the page."""
    return (
        input_chapter(found),
        gradient_chapter(found),
        memory_chapter(found),
        states_chapter(found),
        health_chapter(found),
    )
