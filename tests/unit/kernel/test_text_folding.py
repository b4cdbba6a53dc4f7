"""Search keys forgive case, accents and dots."""

from __future__ import annotations

import pytest

from gateway.kernel.text_folding import fold


@pytest.mark.parametrize(
    ("written", "sought"),
    [
        ("İSTANBUL ŞUBE", "istanbul sube"),
        ("Işık Ltd.", "ISIK ltd."),
        ("Алёна Сёмина", "АЛЕНА семина"),
        ("José  Peña", "jose pena"),
        ("Straße", "STRASSE"),
    ],
)
def test_what_people_type_finds_what_was_written(written: str, sought: str) -> None:
    assert fold(written) == fold(sought)
