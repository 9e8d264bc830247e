"""Run folders and archives with one thing changed: bits, bytes, lengths, one file for another."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from elman.errors import CorruptRunError
from elman.training.checkpoint import load_state, load_weights
from elman.training.optim import make_optimizer
from elman.training.predictor import predictor_of
from elman.training.preparation import Prepared
from elman.training.run_folder import RunFolder
from elman.training.saved_run import SavedRun, open_run

Contents = dict[str, bytes]


@dataclass
class Tally:
    """What became of the mutations."""

    tried: int = 0
    refused: int = 0
    silent: int = 0
    crashed: int = 0
    harmless: int = 0

    def count(self, read: Callable[[], Contents], wanted: Contents) -> None:
        """Read something that was changed."""
        self.tried += 1
        try:
            same = read() == wanted
        except CorruptRunError as error:
            whole = error.where and error.expected and error.next_step
            self.refused += bool(whole)
        except Exception as error:  # noqa: BLE001 (that is what is looked for)
            self.crashed += 1
            print(f"crashed: {type(error).__name__}: {error}")
        else:
            self.harmless += same
            self.silent += not same


def everything(saved: SavedRun) -> Contents:
    """All that `predict`, `evaluate` and `resume` read of a run, by what it is."""
    best, last = saved.read(saved.manifest.best), saved.read(saved.manifest.last)
    found = {f"best {name}": content for name, content in best.items()}
    found |= {f"last {name}": content for name, content in last.items()}
    found["training"] = repr(saved.training()).encode()
    found["metrics"] = repr(saved.metric_lines()).encode()
    found["manifest"] = saved.manifest.model_dump_json().encode()
    predictor_of(best)
    return found


def counted_files(run: Path) -> list[Path]:
    """The files of a run that any verb reads, its newest checkpoint being whole."""
    manifest = RunFolder.open(run).manifest
    files = {run / name for name in ("run.json", "training.json", "metrics.jsonl")}
    for generation in (manifest.best, manifest.last):
        folder = run / "generations" / str(generation.number)
        files |= {folder / name for name in generation.files}
    return sorted(files)


def _place(content: bytes, draw: random.Random) -> int:
    return draw.randrange(max(len(content), 1))


def flip_a_bit(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    changed[_place(content, draw)] ^= 1 << draw.randrange(8)
    return bytes(changed)


def change_a_byte(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    changed[_place(content, draw)] = draw.randrange(256)
    return bytes(changed)


def cut(content: bytes, draw: random.Random) -> bytes:
    return content[: _place(content, draw)]


def cut_the_front(content: bytes, draw: random.Random) -> bytes:
    return content[_place(content, draw) + 1 :]


def insert(content: bytes, draw: random.Random) -> bytes:
    place = _place(content, draw)
    return content[:place] + draw.randbytes(draw.randint(1, 9)) + content[place:]


def leave_out(content: bytes, draw: random.Random) -> bytes:
    place = _place(content, draw)
    return content[:place] + content[place + draw.randint(1, 9) :]


def blank(content: bytes, draw: random.Random) -> bytes:
    place, size = _place(content, draw), draw.randint(1, 512)
    return (content[:place] + bytes(size) + content[place + size :])[: len(content)]


def repeat(content: bytes, draw: random.Random) -> bytes:
    place = _place(content, draw)
    return content[:place] + content[place : place + draw.randint(1, 512)] + content[place:]


CHANGES = (flip_a_bit, change_a_byte, cut, cut_the_front, insert, leave_out, blank, repeat)


def mutate_folder(run: Path, count: int, seed: int) -> Tally:
    """Change one file of a run folder at a time, so many times, and read the run each time."""
    draw, tally = random.Random(seed), Tally()  # noqa: S311
    wanted, files = everything(open_run(run)), counted_files(run)
    while tally.tried < count:
        path, other = draw.sample(files, 2)
        before = path.read_bytes()
        after = other.read_bytes() if draw.random() < 0.1 else _changed(before, draw)
        # What stands in metrics.jsonl behind the part that counts is allowed to be anything.
        if after != before and not (path.name == "metrics.jsonl" and after.startswith(before)):
            path.write_bytes(after)
            tally.count(lambda: everything(open_run(run)), wanted)
            path.write_bytes(before)
    return tally


def mutate_archive(archive: Path, count: int, seed: int) -> Tally:
    """The same with the bytes of a zipped run: some, such as a time of day, make no difference."""
    draw, tally = random.Random(seed), Tally()  # noqa: S311
    wanted, before = everything(open_run(archive)), archive.read_bytes()
    while tally.tried < count:
        after = _changed(before, draw)
        if after != before:
            archive.write_bytes(after)
            tally.count(lambda: everything(open_run(archive)), wanted)
    archive.write_bytes(before)
    return tally


def _changed(content: bytes, draw: random.Random) -> bytes:
    return draw.choice(CHANGES)(content, draw) if content else b"\n"


def forge_states(run: Path, prepared: Prepared, count: int, seed: int) -> Tally:
    """Change the tensors and numbers of a state whose digests fit."""
    draw, tally = random.Random(seed), Tally()  # noqa: S311
    saved = open_run(run)
    files = saved.read(saved.manifest.last)
    optimizer = make_optimizer(prepared.task.model, prepared.config)

    def load(forged: Contents) -> Contents:
        load_weights(prepared.task.model, forged["weights.safetensors"])
        load_state(forged, prepared.task.model, optimizer)
        predictor_of(forged)
        return forged

    while tally.tried < count:
        name = draw.choice(sorted(files))
        forged = files | {name: _changed(files[name], draw)}
        if forged != files:
            tally.count(lambda forged=forged: load(forged), forged)  # type: ignore[misc]
    return tally
