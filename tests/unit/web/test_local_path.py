"""Where a sign-in may lead: never to somebody else's page."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.local_path import HOME, local_path

HERE = "https://santral.example/sign-in"


@pytest.mark.parametrize(
    "wanted",
    [
        "/desk", "/calls?live=true&limit=5", "/parties/019a?tab=history", "/a%20b", "/a/../b",
        "/x?next=https://evil.example/", "/@evil.example",
    ],
)  # fmt: skip
def test_our_own_pages_are_kept(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "", "desk", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "https://evil.example/", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
        "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil",
        "/a\r\nSet-Cookie: x=1", "/desk\x00", "/\u2028x", "//evil.example\\@santral.example",
        "http:///evil.example", "/" * 3000, "/sign-in", "/sign-out", "/password", "?next=/x", "#x",
        "//[", "/\\/evil.example", "\u2215\u2215evil.example", "/\x7f/evil.example",
    ],
)  # fmt: skip
def test_whatever_could_lead_elsewhere_leads_home(wanted: str) -> None:
    assert local_path(wanted) == HOME


def test_letters_beyond_ascii_are_written_for_a_header() -> None:
    assert local_path("/müşteri?q=çelik") == "/m%C3%BC%C5%9Fteri?q=%C3%A7elik"


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%&=ab \t\r\n\0[]éş2f5c"), max_size=20))
def test_a_browser_always_stays_here(wanted: str) -> None:
    path = local_path(wanted)
    assert path.isascii()
    assert path.isprintable()
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert urlsplit(urljoin(HERE, path)).netloc == "santral.example"
