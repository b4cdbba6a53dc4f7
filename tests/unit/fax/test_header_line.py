"""What stands on top of every page is plain ASCII, whatever the company is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fax.header_line import MAX_HEADER, header_line


@pytest.mark.parametrize(
    ("company", "line"),
    [
        ("Örnek İnşaat Şti. ığüşöç", "Ornek Insaat Sti. igusoc  +90 212"),
        ("ООО «Щука» Жизнь №1", 'OOO "Shchuka" Zhizn No1  +90 212'),
        ("ЗАО «ЩЁЛКОВО» Ё", 'ZAO "SHCHYOLKOVO" Yo  +90 212'),
        ("Південь Əli Çağrı", "Pivden Eli Cagri  +90 212"),
        ("A\r\nB\x1b\tC", "A B C  +90 212"),
        ("漢", "+90 212"),
    ],
)
def test_letters_are_spelt(company: str, line: str) -> None:
    assert header_line(company, "+90 212") == line


def test_a_long_name_gives_way_to_the_number() -> None:
    line = header_line("Şirket " * 20, "+90 212 555 01 00")
    assert line.startswith("Sirket Sirket")
    assert line.endswith("  +90 212 555 01 00")


@given(st.text(), st.text())
def test_it_is_always_short_and_printable(company: str, number: str) -> None:
    line = header_line(company, number)
    assert len(line) <= MAX_HEADER
    assert all(" " <= char <= "~" for char in line)
