"""The part of README.md that tells the speed, made of the result files."""

from __future__ import annotations

from benchmarks.cases import Cell, Task
from benchmarks.results import RESULTS, Results, Row
from benchmarks.summary import geometric_means

_CELLS: dict[Cell, str] = {
    "rnn": "RNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "gru_reset_before": "GRU, reset before",
}
_DISTURBED = "†"
_BESIDE = "beside the fastest other"
_SECTIONS: tuple[tuple[Task, str, dict[str, str]], ...] = (
    (
        "training",
        "Training: one forward and backward pass, to all weights and to the input.",
        {"`torch.nn`": "torch padded", "JAX": "JAX"},
    ),
    (
        "inference",
        "Inference: one forward pass by `elman.Frozen`, which has laid out its weights before, as"
        " ONNX Runtime has; the layer itself does so at each call.",
        {
            "Elman, the layer": "elman layer",
            "`torch.nn`": "torch padded",
            "ONNX Runtime": "ONNX Runtime",
            "JAX": "JAX",
        },
    ),
    (
        "ragged training",
        "Training on lengths from a tenth of T to T. Those marked padded compute the padding too.",
        {
            "Elman, padded": "elman padded",
            "`torch.nn`, packed": "torch packed",
            "`torch.nn`, padded": "torch padded",
            "JAX, padded": "JAX",
        },
    ),
    (
        "streaming",
        "One step of one sequence: `elman.Frozen.step` beside `RNNCell`, `LSTMCell` and `GRUCell`.",
        {"`torch.nn`": "torch cell", "ONNX Runtime": "ONNX Runtime"},
    ),
    (
        "bf16 training",
        'Training with products in bfloat16: `precision="bf16"`.',
        {"Elman, float32": "elman", "`torch.nn`, bfloat16": "torch bf16"},
    ),
    (
        "norm training",
        "Training with layer normalisation, beside a loop over `torch` operations.",
        {"Elman, without": "elman", "`torch` loop": "torch loop"},
    ),
    (
        "reset training",
        "Training with resets at one step in twenty.",
        {"Elman, without": "elman"},
    ),
    (
        "recurrent dropout training",
        "Training with recurrent dropout.",
        {"Elman, without": "elman"},
    ),
)
"""For each task a sentence, and the columns beside ours: heading and contender."""


def speed() -> str:
    """All tables, and what they were measured on."""
    one = Results.read(RESULTS / "cpu-1-thread.json")
    every = Results.read(RESULTS / "cpu-all-threads.json")
    lines = [
        f"Milliseconds on one core; “{_BESIDE}” says how many times faster Elman is than the"
        " fastest contender that is not Elman, **bold** where it is slower.",
        "",
    ]
    for task, sentence, columns in _SECTIONS:
        if rows := [row for row in one.rows if row.case.task == task]:
            lines += [sentence, "", *_table(rows, columns), ""]
    lines += [_memory(one), "", *_means(one, every), "", _measured_on(one)]
    return "\n".join(lines)


def _table(rows: list[Row], columns: dict[str, str]) -> list[str]:
    """A row a case; a dash where a peer does not have the cell."""
    lines = _head(["cell", "B × T × I × H", "Elman", *columns, _BESIDE])
    for row in rows:
        names = [row.case.ours, *columns.values()]
        times = [_short(row.milliseconds[n]) if n in row.milliseconds else "–" for n in names]
        lines.append(_line([_CELLS[row.case.cell], row.case.sizes, *times, _beside(row)]))
    return lines


def _memory(results: Results) -> str:
    """One sentence on the memory of training."""
    told = [
        f"{one.mebibytes:.0f} MiB for the {_CELLS[one.case.cell]} of"
        f" {'Elman' if one.peer == 'elman' else f'`{one.peer}`'}"
        for one in results.memory
    ]
    sizes = results.memory[0].case.sizes
    return f"Peak memory of one training step at {sizes}: {', '.join(told)}."


def _means(one: Results, every: Results) -> list[str]:
    """Geometric means over the shapes, on one core and on all."""
    lines = _head(["times faster, geometric mean", "1 core", f"{every.machine['threads']} cores"])
    of_one, of_every = geometric_means(one), geometric_means(every)
    for what in of_one:
        means = (of_one[what], of_every[what])
        lines.append(_line([what, *("–" if mean is None else f"{mean:.2f}" for mean in means)]))
    return lines


def _measured_on(results: Results) -> str:
    machine = results.machine
    steady = (
        f"{_DISTURBED}: the machine changed its speed by more than a tenth, or other programs took"
        " more than a tenth of its time."
        if any(row.disturbance for row in results.rows)
        else "In no row did the machine change its speed, or work for others, by more than a tenth."
    )
    return (
        f"Measured by `scripts/bench` on an {machine['processor']} at commit {machine['commit']};"
        f" torch {machine['torch']}, ONNX Runtime {machine['onnxruntime']}, JAX {machine['jax']}"
        f" (`lax.scan` under `jit`). {steady}"
    )


def _beside(row: Row) -> str:
    ratio = row.times_faster_than_best_peer
    if ratio is None:
        return "–"
    mark = f" {_DISTURBED}" if row.disturbance else ""
    return (f"{ratio:.2f}" if ratio >= 1 else f"**{ratio:.2f}**") + mark


def _short(milliseconds: float) -> str:
    """Three digits that count."""
    return f"{float(f'{milliseconds:.3g}'):g}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(cells: list[str]) -> list[str]:
    return [_line(cells), "|---" * len(cells) + "|"]
