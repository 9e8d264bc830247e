"""Options that several verbs have, and those that a configuration class asks for."""

from __future__ import annotations

import functools
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
    titles = _titles(config)
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_annotation(name, field, titles[name]),
        )
        for name, field in config.model_fields.items()
        if name not in leave_out
    ]


def with_options(
    verb: Callable[..., None], config: type[BaseModel], leave_out: set[str]
) -> Callable[..., None]:
    """The verb with an option for each field of a configuration, in place of its `**options`."""
    signature = inspect.signature(verb, eval_str=True)
    own = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    parameters = [*own, *parameters_of(config, leave_out)]

    @functools.wraps(verb)
    def command(**values: Any) -> None:
        verb(**values)

    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _titles(config: type[BaseModel]) -> dict[str, str | None]:
    """For each field the title of the class in which it was first written."""
    titles: dict[str, str | None] = {}
    for owner in reversed(config.__mro__):
        title = owner.model_config.get("title") if issubclass(owner, BaseModel) else None
        for name in inspect.get_annotations(owner):
            titles.setdefault(name, title)
    return titles


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
