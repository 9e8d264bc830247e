"""Gates and states step by step, in pictures."""

from __future__ import annotations

from collections.abc import Sequence

from elman.insight.explain import Explanation
from elman.insight.pictures.kinds import Chapter, Map, file_name, numbers, visible
from elman.insight.recording import DirectionRecording
from elman.pages.matrix import Axis

MOST_UNITS = 32


def states_chapter(found: Explanation) -> Chapter:
    """Gates and states."""
    pictures: list[Map] = []
    more: list[Map] = []
    for recording in found.recordings:
        for which, one in enumerate(recording.directions):
            maps = [_map(recording.steps, one, letter) for letter in _letters(one)]
            (pictures if which == 0 else more).extend(maps)
    return Chapter(
        "states",
        "Gates and states, step by step",
        (
            f"Of a wide layer the {MOST_UNITS} units that move most are shown. Gates lie between 0"
            " and 1; candidates and states have a second colour below 0.",
        ),
        tuple(pictures),
        tuple(more),
    )


def _letters(one: DirectionRecording) -> list[str]:
    """The gates, the candidate, and the state."""
    return [*dict.fromkeys([*one.gates, *(part for part in "ch" if part in one.quantities)])]


_LOOKS = {
    "i": "Look for columns of full colour: there much of the candidate is written.",
    "f": "Look for rows that stay full: these units keep what they hold; a pale column forgets.",
    "o": "Look for columns of full colour: there the cell state is shown to the layers above.",
    "g": "Look at the two colours: what would be written, up or down.",
    "r": "Look for pale columns: there the candidate is made without the old state.",
    "z": "Look for rows that stay full: these units keep their state.",
    "n": "Look at the two colours: the new state that z makes room for.",
    "c": "Look for stripes: a colour that lasts is memory.",
    "h": "Look for stripes: a colour that lasts is memory, one that changes at each step is not.",
}


def _map(steps: Sequence[str], one: DirectionRecording, letter: str) -> Map:
    values = one.quantities[letter]
    moving = values.std(0, correction=0).argsort(descending=True, stable=True)
    units = moving[:MOST_UNITS].sort().values
    word = one.words.get(letter, letter)
    return Map(
        file_name("state", one.place.name, letter),
        f"{word} {letter}".capitalize() + f", {one.place.name}",
        _LOOKS.get(letter, "Look for columns that differ from their neighbours."),
        tuple(map(numbers, values[:, units].t())),
        Axis("unit", tuple(map(str, units.tolist()))),
        Axis("step", visible(steps)),
    )
