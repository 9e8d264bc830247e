"""What a checkpoint holds, as files without pickle: JSON for numbers, safetensors for tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor, nn

from elman.errors import CorruptRunError
from elman.training.bptt import Carried
from elman.training.files import COPY_AGAIN
from elman.training.run_folder import to_json
from elman.training.tensors import misfit, read_tensors, write_tensors

MOST_PASSED_OVER: Final = 3
"""Batches in a row that may be passed over because their loss or gradient is not finite."""

Count = Annotated[int, Field(ge=0, lt=2**53)]


class Since(BaseModel):
    """Sums since the last evaluation, for its line in metrics.jsonl."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    loss: float = 0.0
    count: Count = 0
    steps: Count = 0
    batches: Count = 0
    gradient_norm: float = 0.0
    gradient_norm_left: float = 0.0
    clipped: Count = 0
    passed_over: Count = 0
    seconds: float = 0.0


class Progress(BaseModel):
    """Where a run stands, apart from its tensors.

    The limits keep a damaged or forged file from leading a run astray.

    Attributes:
        epoch: of the next batch, counted from 0.
        batch: the next batch of that epoch; with the epoch, the whole position in the data.
        step: updates done so far.
        best_value: of the metric on the validation part.
        best_step: the update after which it was measured.
        waited: epochs since then.
        plateau_factor: of the learning rate, under the schedule plateau.
        plateau_waited: evaluations without improvement, under the same.
        since: sums since the last evaluation.
        seconds: of training so far, over all processes.
        done: whether training has ended (only the test is left, or nothing).
        pieces: in which each process computes its share of a batch: more than one once memory
            was short.
        processes: that compute each batch together.
        passed_over: batches in a row, up to this one, whose loss or gradient was not finite.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    epoch: Count = 0
    batch: Count = 0
    step: Count = 0
    best_value: float | None = None
    best_step: Count = 0
    waited: Count = 0
    plateau_factor: float = 1.0
    plateau_waited: Count = 0
    since: Since = Since()
    seconds: float = 0.0
    done: bool = False
    pieces: Annotated[int, Field(ge=1, lt=2**31)] = 1
    processes: Annotated[int, Field(ge=1, lt=2**31)] = 1
    passed_over: Annotated[int, Field(ge=0, le=MOST_PASSED_OVER)] = 0


def model_files(
    description: BaseModel, vocabulary: Mapping[str, Any], model: nn.Module
) -> dict[str, bytes]:
    """The three files from which a model can predict."""
    return {
        "model.json": to_json(description.model_dump(mode="json")),
        "vocabulary.json": to_json(vocabulary),
        "weights.safetensors": write_tensors(_own_tensors(model)),
    }


def check_weights(model: nn.Module, content: bytes) -> None:
    """Refuse saved weights that are not those of a model, by their header alone.

    Args:
        model: the model; on the device "meta" it needs no memory.
        content: of weights.safetensors.

    Raises:
        CorruptRunError: names, types or shapes differ.
    """
    reason = misfit(content, "weights.safetensors", _own_tensors(model))
    if reason:
        raise _not_the_weights(reason)


def load_weights(model: nn.Module, content: bytes) -> None:
    """Put saved weights into a model.

    Raises:
        CorruptRunError: they are not the weights of this model, or not finite.
    """
    check_weights(model, content)
    tensors = read_tensors(content, "weights.safetensors")
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise _not_the_weights(f"{name} is not finite")
    with torch.no_grad():
        for name, held in _own_tensors(model).items():
            held.copy_(tensors[name])


def state_files(
    model: nn.Module, optimizer: torch.optim.Optimizer, carried: Carried, progress: Progress
) -> dict[str, bytes]:
    """The files from which training goes on, beside those of the model."""
    tensors = {
        f"{name}/{key}": value
        for name, weight in model.named_parameters()
        for key, value in optimizer.state[weight].items()
        if isinstance(value, Tensor)
    }
    return {
        "optimizer.safetensors": write_tensors(tensors),
        "carried.safetensors": write_tensors({str(n): part for n, part in enumerate(carried)}),
        "state.json": to_json(progress.model_dump(mode="json")),
    }


def load_state(
    files: Mapping[str, bytes], model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Carried, Progress]:
    """Restore the optimiser; the carried state and the progress.

    Raises:
        CorruptRunError: the files do not fit the model.
    """
    try:
        progress = Progress.model_validate_json(files["state.json"])
    except ValidationError as error:
        raise not_a_state(f"state.json: {_places(error)}") from error
    weights = dict(model.named_parameters())
    wanted = {
        f"{name}/{quantity}": weight.new_zeros(()) if quantity == "step" else weight
        for name, weight in weights.items()
        for quantity in (quantities(optimizer) if progress.step else ())
    }
    name = "optimizer.safetensors"
    reason = misfit(files[name], name, wanted)
    if reason:
        raise not_a_state(f"{name}: {reason}")
    for key, tensor in read_tensors(files[name], name).items():
        weight, _, quantity = key.rpartition("/")
        if bool(torch.isnan(tensor).any()):
            raise not_a_state(f"{name}: {key} is not a number")
        optimizer.state[weights[weight]][quantity] = tensor
    parts = read_tensors(files["carried.safetensors"], "carried.safetensors")
    if set(parts) != {str(number) for number in range(len(parts))}:
        raise not_a_state("carried.safetensors")
    if not all(_numbers(part) for part in parts.values()):
        raise not_a_state("carried.safetensors")
    return tuple(parts[str(number)] for number in range(len(parts))), progress


def quantities(optimizer: torch.optim.Optimizer) -> tuple[str, ...]:
    """What an optimiser remembers of each weight once it has moved it."""
    if isinstance(optimizer, torch.optim.AdamW):
        return ("step", "exp_avg", "exp_avg_sq")
    return ("momentum_buffer",) if optimizer.defaults["momentum"] else ()


def _numbers(tensor: Tensor) -> bool:
    return tensor.dtype == torch.float32 and not bool(torch.isnan(tensor).any())


def _places(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False)[:3]
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)


def read_json(content: bytes, name: str) -> Any:
    """A value from a JSON file of a generation.

    Raises:
        CorruptRunError: it is not JSON.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CorruptRunError(
            f"{name} is not JSON.",
            where=name,
            expected="the file as `elman train` wrote it",
            next_step=COPY_AGAIN,
        ) from error


def _not_the_weights(reason: str) -> CorruptRunError:
    return CorruptRunError(
        "The weights are not those of the model that model.json describes.",
        where=f"weights.safetensors: {reason}",
        expected="names and shapes of that model",
        next_step=COPY_AGAIN,
    )


def not_a_state(where: str) -> CorruptRunError:
    """The refusal for a saved state of another model, another run, or nobody's."""
    return CorruptRunError(
        "The saved state of the training does not fit the model.",
        where=where,
        expected="the files of one and the same generation",
        next_step=COPY_AGAIN,
    )


def _own_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of a model, tied ones once only, under their first name."""
    kept: dict[str, Tensor] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if not any(tensor is other for other in kept.values()):
            kept[name] = tensor
    return kept
