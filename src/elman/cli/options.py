"""Options that several verbs have, and those that a configuration class asks for."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object as the last line of the output.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def parameters_of(config: type[BaseModel], leave_out: set[str]) -> list[inspect.Parameter]:
    """An option for each field of a configuration, in its order, under the title of its group.

    Values are taken as text: the configuration checks them, so that all faults are told at once
    and a file and the command line have one set of rules.

    Args:
        config: the configuration class.
        leave_out: fields that the verb takes in another way.
    """
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_annotation(name, field, _title(config, name)),
        )
        for name, field in config.model_fields.items()
        if name not in leave_out
    ]


def with_options(verb: Callable[..., None], config: type[BaseModel], leave_out: set[str]) -> None:
    """Give a verb an option for each field of a configuration, in place of its `**options`."""
    signature = inspect.signature(verb, eval_str=True)
    own = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    parameters = [*own, *parameters_of(config, leave_out)]
    verb.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    verb.__annotations__ = {one.name: one.annotation for one in parameters}


def _title(config: type[BaseModel], name: str) -> str | None:
    """The title of the class in which a field was first written."""
    owners = [one for one in config.__mro__ if name in inspect.get_annotations(one)]
    first = owners[-1]
    return first.model_config.get("title") if issubclass(first, BaseModel) else None


def _annotation(name: str, field: FieldInfo, title: str | None) -> Any:
    kinds = _kinds(field.annotation)
    flag = "--" + name.replace("_", "-")
    help_text = f"{field.description}" + (
        f" (default: {field.default})" if field.default is not None else ""
    )
    if bool in kinds:
        names = f"{flag}/--no-{flag.removeprefix('--')}"
        return Annotated[
            bool | None,
            typer.Option(names, help=help_text, show_default=False, rich_help_panel=title),
        ]
    choices = [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    metavar = "|".join(choices) if choices else _metavar(kinds)
    return Annotated[
        str | None,
        typer.Option(
            flag, help=help_text, metavar=metavar, show_default=False, rich_help_panel=title
        ),
    ]


def _kinds(annotation: Any) -> list[Any]:
    """The alternatives of a type, without None and without limits."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    return [] if annotation is type(None) else [annotation]


def _metavar(kinds: list[Any]) -> str:
    return "NUMBER" if float in kinds else "WHOLE NUMBER" if int in kinds else "TEXT"
