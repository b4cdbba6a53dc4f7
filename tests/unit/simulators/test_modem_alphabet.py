from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modem import alphabet, national_tables
from simulators.modem.alphabet import UnencodableError

_LANGUAGES = [(0, 0), (1, 1), (1, 0), (0, 1), (0, 2), (3, 3), (3, 0), (0, 3)]


def _characters(locking: int, single: int) -> list[str]:
    table = [c for code, c in enumerate(national_tables.LOCKING[locking]) if code != 0x1B]
    return table + list(national_tables.SINGLE[single].values())


@pytest.mark.parametrize(("locking", "single"), _LANGUAGES)
def test_every_character_of_a_language_survives(locking: int, single: int) -> None:
    text = "".join(_characters(locking, single))
    septets = alphabet.encode(text, locking, single)
    assert alphabet.decode(septets, locking, single) == text


@pytest.mark.parametrize("table", national_tables.LOCKING.values())
def test_tables_have_one_character_for_each_code(table: str) -> None:
    assert len(table) == 128
    assert len(set(table)) == 128


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        # Worked examples of 23.038 §6.1.2 as they appear in recorded dialogues.
        ("hello", "E8329BFD06"),
        ("Merhaba", "CDB21C1D168701"),
        ("test", "F4F29C0E"),
    ],
)
def test_packing_is_that_of_real_clients(text: str, packed: str) -> None:
    assert alphabet.pack(alphabet.encode(text)).hex().upper() == packed


@given(st.binary(max_size=160).map(lambda data: bytes(octet & 0x7F for octet in data)))
def test_packing_keeps_every_septet(septets: bytes) -> None:
    for fill in range(7):
        assert alphabet.unpack(alphabet.pack(septets, fill), len(septets), fill) == septets


def test_trailing_at_sign_of_eight_characters_is_kept() -> None:
    assert alphabet.decode(alphabet.unpack(alphabet.pack(alphabet.encode("abcdefg@")), 8)) == (
        "abcdefg@"
    )


@pytest.mark.parametrize(
    ("septets", "text"),
    [(b"\x1b\x65", "€"), (b"\x1b\x1b", " "), (b"\x1b", " "), (b"\x1b\x41", "A")],
)
def test_unknown_extensions_show_the_main_table(septets: bytes, text: str) -> None:
    assert alphabet.decode(septets) == text


def test_turkish_letters_need_their_table() -> None:
    assert alphabet.decode(alphabet.encode("ŞşĞğİı", 0, 1), 0, 1) == "ŞşĞğİı"
    with pytest.raises(UnencodableError, match="ş"):
        alphabet.encode("ş")
    assert not alphabet.fits("ş")
    assert alphabet.encode_lossy("aş") == b"a?"
