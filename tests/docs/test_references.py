"""What the documents point at is there: links, files, functions, commands, rooms."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from elman.cli.verbs import Verb
from tests.docs.documents import DOCUMENTS, PACKAGE, ROOT, blocks, named, prose, rows_under

ARCHITECTURE = ROOT / "ARCHITECTURE.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|json|toml|txt|md|hpp|cpp)|scripts/\w+)`")
# Files that a run makes, and examples of a user's own.
NOT_OURS = re.compile(
    r"(run|training|model|vocabulary|state)\.json|(run|reviews|notes)\.\w+|.*NAME.*"
)


def anchors(document: Path) -> set[str]:
    """The ends of links to a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_relative_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(prose(document)):
        path, _, anchor = unquote(link).partition("#")
        if "://" in path:
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_links_were_found() -> None:
    links = [link for document in DOCUMENTS for link in LINK.findall(prose(document))]
    assert len(links) >= 10


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_files_that_are_named_exist(document: Path) -> None:
    for name in FILE.findall(prose(document)):
        if not NOT_OURS.fullmatch(name):
            assert any((root / name).exists() for root in (ROOT, PACKAGE)), name


def definitions(file: Path) -> set[str]:
    """Names of a module's functions, classes and their methods ("Class.method"), and constants."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)
            }
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {ast.unparse(target) for target in targets}
    return names


@pytest.mark.parametrize(
    ("heading", "least"),
    [("### Many to one", 14), ("### Language model", 6), ("## To add something", 20)],
)
def test_names_that_stand_beside_their_file_are_in_it(heading: str, least: int) -> None:
    found = 0
    for clause in (
        part for row in rows_under(ARCHITECTURE, heading) for part in " ".join(row).split(";")
    ):
        file: Path | None = None
        for name in re.findall(r"`([^`]+)`", clause):
            if "/" in name or name.endswith((".py", ".md")):
                path = PACKAGE / name
                file = path if path.suffix == ".py" and path.exists() else None
            elif file is not None:
                assert name in definitions(file), f"{file.name} has no {name}"
                found += 1
    assert found >= least


def test_every_room_of_the_house_is_described() -> None:
    rooms = {row[0].strip("`/ ") for row in rows_under(ARCHITECTURE, "## The rooms")}
    built = {path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py", ".pyi")}
    assert rooms == built - {"__pycache__", "__init__", "__main__"}


def shown_commands() -> list[tuple[str, list[str]]]:
    """Every `elman` command that a console block shows, by document."""
    return [
        (named(document), shlex.split(line.removeprefix("$ elman "), comments=True))
        for document in DOCUMENTS
        for block in blocks(document, "console")
        for line in block.splitlines()
        if line.startswith("$ elman ")
    ]


def test_commands_were_found() -> None:
    assert len(shown_commands()) >= 12


@pytest.mark.parametrize(("document", "words"), shown_commands(), ids=lambda value: str(value)[:60])
def test_commands_have_the_verbs_and_options_that_are_shown(
    document: str, words: list[str]
) -> None:
    verb, *rest = [word for word in words if word not in ("|", ">")]
    if verb != "--help":
        command = Verb(verb).load()
        if hasattr(command, "commands"):  # a verb that has verbs
            verb, *rest = rest
            command = command.commands[verb]
        assert command.make_context(verb, rest).params, document
