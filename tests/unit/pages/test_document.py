from __future__ import annotations

import math
import re

import pytest

from elman.pages.document import Section, document
from elman.pages.passages import surprise_key, surprise_passage
from elman.pages.style import DARK, LIGHT, RULES, STYLE, mixed
from elman.pages.tables import facts, fold, table
from elman.pages.text import element
from tests.markup import contrast, parsed, tags, words

HOSTILE = '</style></title><script>x</script>"\x00\ud800'


def _page() -> str:
    return document(
        HOSTILE,
        element("h1", HOSTILE),
        [Section("one", HOSTILE, element("p", HOSTILE)), Section("two", "Two", element("p", "b"))],
        HOSTILE,
    )


def test_a_page_is_well_formed_and_states_what_a_browser_needs() -> None:
    page = _page()
    root = parsed(page)
    assert page.startswith("<!DOCTYPE html>\n")
    assert root.get("lang") == "en"
    metas = {meta.get("http-equiv") or meta.get("name"): meta for meta in root.iter("meta")}
    assert "default-src 'none'" in (metas["Content-Security-Policy"].get("content") or "")
    assert "script" not in (metas["Content-Security-Policy"].get("content") or "")
    assert "width=device-width" in (metas["viewport"].get("content") or "")
    assert next(iter(root.iter("meta"))).get("charset") == "utf-8"


def test_a_page_runs_nothing_and_loads_nothing() -> None:
    page = _page()
    assert tags(page)["script"] == 0
    assert tags(page)["style"] == 1
    assert not re.search(r"https?:|url\(|@import|javascript:", page)
    assert not re.search(r"\son\w+=", re.sub(r">[^<]*<", "><", page))


def test_each_section_has_its_anchor_heading_and_link() -> None:
    root = parsed(_page())
    ids = {node.get("id") for node in root.iter() if node.get("id")}
    links = [node.get("href") for node in root.iter("a")]
    assert links == ["#one", "#two"]
    for section in root.iter("section"):
        assert f"#{section.get('id')}" in links
        assert section.get("aria-labelledby") in ids


def test_a_page_without_sections_or_foot_is_a_page() -> None:
    root = parsed(document("t", element("h1", "t"), []))
    assert root.find("body/header/nav") is None
    assert root.find("body/footer") is None


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_in_both_themes(theme: dict[str, str]) -> None:
    for ground in ("ground", "raised"):
        for colour in ("ink", "muted", "accent", "second", "third", "fourth"):
            assert contrast(theme[colour], theme[ground]) >= 4.5, (colour, ground)
    for heat in ("heat-right", "heat-wrong"):
        for level in range(11):
            under = mixed(theme[heat], theme["raised"], level / 10)
            assert contrast(theme["ink"], under) >= 4.5, (heat, level)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_and_own_bar_stand_out_in_both_themes(theme: dict[str, str]) -> None:
    for colour in ("accent", "second", "third", "fourth", "own"):
        assert contrast(theme[colour], theme["ground"]) >= 3


def test_every_colour_used_is_defined_in_both_themes() -> None:
    used = set(re.findall(r"var\(--([a-z-]+)\)", RULES))
    assert used <= set(LIGHT)
    assert set(LIGHT) == set(DARK)
    assert STYLE.count("{") == STYLE.count("}")


def test_a_table_has_caption_scopes_and_escaped_cells() -> None:
    root = parsed(table("Caption <", ["Name", "Count"], [[HOSTILE, "3"], ["b", "4"]], numeric=(1,)))
    assert words(next(iter(root.iter("caption")))) == "Caption <"
    assert [cell.get("scope") for cell in root.iter("th")] == ["col", "col", "row", "row"]
    assert [cell.get("class") for cell in root.iter("td")] == ["number", "number"]
    assert "<script>" in words(root)


def test_facts_and_folds() -> None:
    root = parsed(fold("More", facts({"a<": "b&"})))
    assert root[0].tag == "summary"
    assert (words(next(root.iter("dt"))), words(next(root.iter("dd")))) == ("a<", "b&")


def test_a_passage_reads_as_its_text_and_is_fuller_where_it_surprises() -> None:
    pieces = [("Hello", math.nan), (" <b>", 0.2), (",", 6.1), (" you", math.inf), ("\n", -1.0)]
    root = parsed(surprise_passage(pieces))
    assert "".join(root.itertext()) == "Hello <b>, you\n"
    assert [span.get("class") for span in root.iter("span")] == ["s0", "s0", "s4", "s8", "s0"]
    assert [span.get("title") for span in root.iter("span")][2:4] == ["6.1 bits", "∞ bits"]
    assert "Bits of surprise" in words(parsed(surprise_key()))
