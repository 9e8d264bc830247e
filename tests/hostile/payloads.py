"""Files that run code when they are opened as what they truly are, in the places of a run's files.

Each makes a file, the canary, when its code runs. They are made here, not kept.
"""

from __future__ import annotations

import io
import json
import marshal
import os
import pickle
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

Payload = Callable[[Path], bytes]
"""Makes the content of a file that, run, writes to the canary."""


class Bomb:
    """Runs a shell command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.command = f"echo run > '{canary}'"

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


def pickled(protocol: int) -> Payload:
    return lambda canary: pickle.dumps(Bomb(canary), protocol)


def torch_saved(canary: Path) -> bytes:
    file = io.BytesIO()
    torch.save({"embedding.weight": Bomb(canary)}, file)
    return file.getvalue()


def torch_saved_as_of_old(canary: Path) -> bytes:
    file = io.BytesIO()
    torch.save({"weight": Bomb(canary)}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def numpy_objects(canary: Path) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header = header.ljust(117) + b"\n"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    return start + header + pickle.dumps([Bomb(canary)])


def behind_a_header(canary: Path) -> bytes:
    """A file of tensors with no tensors, and a pickle behind them."""
    return (2).to_bytes(8, "little") + b"{}" + pickle.dumps(Bomb(canary))


def in_metadata(canary: Path) -> bytes:
    """A pickle in the metadata of a file of tensors."""
    content = pickle.dumps(Bomb(canary), 0).decode("latin-1")
    header = json.dumps({"__metadata__": {"pickle": content}}).encode()
    return len(header).to_bytes(8, "little") + header


def as_a_tensor(canary: Path) -> bytes:
    """A pickle for the bytes of a tensor, with the names that a loader might look for."""
    content = pickle.dumps(Bomb(canary))
    entry = {"dtype": "U8", "shape": [len(content)], "data_offsets": [0, len(content)]}
    header = json.dumps({"embedding.weight": entry, "__class__": entry}).encode()
    return len(header).to_bytes(8, "little") + header + content


def zipped(name: str) -> Payload:
    """A pickle in an archive, as torch has them."""

    def make(canary: Path) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, pickle.dumps(Bomb(canary)))
        return file.getvalue()

    return make


def as_json(make: Callable[[str], object]) -> Payload:
    return lambda canary: json.dumps(make(f"echo run > '{canary}'")).encode()


def as_text(form: str) -> Payload:
    return lambda canary: form.format(command=f"echo run > '{canary}'", canary=canary).encode()


def code_object(canary: Path) -> bytes:
    return marshal.dumps(compile(f"open({str(canary)!r}, 'w')", "hostile", "exec"))


PAYLOADS: dict[str, Payload] = {
    **{f"pickle {protocol}": pickled(protocol) for protocol in range(6)},
    "optimised pickle": lambda canary: pickletools.optimize(pickle.dumps(Bomb(canary))),
    "torch.save": torch_saved,
    "torch.save of old": torch_saved_as_of_old,
    "numpy objects": numpy_objects,
    "pickle behind a header": behind_a_header,
    "pickle in metadata": in_metadata,
    "pickle as a tensor": as_a_tensor,
    "pickle in a zip": zipped("data.pkl"),
    "pickle in a zip by torch's name": zipped("archive/data.pkl"),
    "marshal": code_object,
    "jsonpickle": as_json(lambda command: {"py/reduce": [{"py/function": "os.system"},
                                                         {"py/tuple": [command]}]}),
    "class by name": as_json(lambda command: {"class_name": "os.system", "config": [command]}),
    "class by path": as_json(lambda command: {"shape": "many_to_one", "_target_": "os.system",
                                              "_args_": [command]}),
    "lambda of Keras": as_json(lambda command: {
        "class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None]}, "run": command}),
    "auto_map": as_json(lambda command: {
        "auto_map": {"AutoModel": "modeling.Model"}, "trust_remote_code": True, "run": command}),
    "cell by name": as_json(lambda command: {
        "shape": "many_to_one", "cell": {"kind": f"__import__('os').system({command!r})"}}),
    "expression": as_json(lambda command: {
        "shape": "many_to_one", "hidden_size": f"__import__('os').system({command!r})"}),
    "template": as_json(lambda command: {
        "shape": "{{ cycler.__init__.__globals__.os.popen(command) }}", "command": command}),
    "format string": as_json(lambda command: {"shape": "{0.__class__.__mro__}", "run": command}),
    "path": as_json(lambda command: {"shape": "../../../../etc/passwd", "run": command}),
    "address": as_json(lambda command: {"shape": "http://127.0.0.1:9/model.json", "run": command}),
    "prototype": as_json(lambda command: {"__proto__": {"run": command}, "constructor": command}),
    "YAML": as_text("!!python/object/apply:os.system [\"{command}\"]\n"),
    "YAML merged": as_text("a: &a !!python/object/new:os.system [\"{command}\"]\nb: *a\n"),
    "Python": as_text("import os\nos.system(\"{command}\")\n"),
    "shell": as_text("#!/bin/sh\n{command}\n"),
    "environment": as_text("$({command})\n`{command}`\n"),
    "XML": as_text("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;{canary}</a>"),
    "page": as_text("<script>fetch('/{canary}')</script><img src=x onerror='{command}'>"),
    "formula": as_text("text,label\n=cmd|'/c {command}'!A0,a\n"),
}  # fmt: skip

FILES = ("model.json", "vocabulary.json", "weights.safetensors", "optimizer.safetensors",
         "carried.safetensors", "state.json", "training.json", "run.json")  # fmt: skip
