"""What a page must not do would be noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


def opened(body: str, folder: Path):  # type: ignore[no-untyped-def]
    page = folder / "page.html"
    page.write_text(f"<!DOCTYPE html><title>a</title>{body}", encoding="utf-8")
    return watched(page, folder, "--dump-dom")


def test_a_quiet_page_is_quiet(tmp_path: Path) -> None:
    found = opened("<p>quiet</p>", tmp_path)
    assert "<p>quiet</p>" in found.out
    assert (found.console, found.requests) == ((), ())


def test_an_error_in_the_console_is_noticed(tmp_path: Path) -> None:
    (told,) = opened("<script>console.error('no such thing')</script>", tmp_path).console
    assert '"no such thing"' in told
    (told,) = opened("<script>nowhere()</script>", tmp_path).console
    assert "nowhere is not defined" in told


def test_what_the_policy_of_a_page_refuses_is_noticed(tmp_path: Path) -> None:
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    (told,) = opened(f'{policy}<img src="beside.png">', tmp_path).console
    assert "violates the following Content Security Policy" in told


@pytest.mark.parametrize(
    "body",
    [
        '<img src="http://192.0.2.1/x">',
        '<link rel="stylesheet" href="http://192.0.2.1/x">',
        '<iframe src="http://192.0.2.1/x"></iframe>',
        "<style>p{background:url(http://192.0.2.1/x)}</style><p>a</p>",
    ],
)
def test_a_request_is_noticed(body: str, tmp_path: Path) -> None:
    assert set(opened(body, tmp_path).requests) == {"http://192.0.2.1/x"}
