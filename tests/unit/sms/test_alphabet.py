"""Characters become septets and come back, in every pair of tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms import national_tables
from gateway.sms.alphabet import (
    LOCKING_LANGUAGES,
    NationalLanguage,
    characters,
    decode_septets,
    septet_length,
    septets,
)

DEFAULT = NationalLanguage.DEFAULT
TURKISH = NationalLanguage.TURKISH
SPANISH = NationalLanguage.SPANISH
PORTUGUESE = NationalLanguage.PORTUGUESE

languages = st.sampled_from(NationalLanguage)


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        ("@", "00"),
        ("§", "5f"),  # the octet that many tables give to the backquote
        ("é", "05"),
        ("\n\r", "0a0d"),
        ("€", "1b65"),
        ("[]{}\\^~|", "1b3c1b3e1b281b291b2f1b141b3d1b40"),
        ("\f", "1b0a"),
        ("¡ÄÖÑÜ¿äöñüà", "405b5c5d5e607b7c7d7e7f"),
        ("ΔΦΓΛΩΠΨΣΘΞ", "10121314151617181 91a".replace(" ", "")),
    ],
)
def test_default_alphabet_has_each_character_where_the_standard_puts_it(
    text: str, coded: str
) -> None:
    assert septets(text) == bytes.fromhex(coded)


@pytest.mark.parametrize("character", ["`", "ÿ", "ç", "\t", "\x1b", "\x00", "ğ", "’", "🙂"])
def test_what_the_default_alphabet_lacks_has_no_septet(character: str) -> None:
    assert septets(character) is None
    assert septets(f"abc{character}") is None
    assert septet_length(character) is None


@pytest.mark.parametrize(
    ("text", "locking", "single", "coded"),
    [
        ("€ıĞğŞşİç", TURKISH, DEFAULT, "04070b0c1c1d4060"),
        ("ĞİŞçğış", DEFAULT, TURKISH, "1b471b491b531b631b671b691b73"),
        ("çÁÍÓÚáíóú", DEFAULT, SPANISH, "1b091b411b491b4f1b551b611b691b6f1b75"),
        (
            "êúíóçÔôÁáªÇÀ∞^\\€Ó|ÂâÊºÍÃÕ~ãõ`",
            PORTUGUESE,
            DEFAULT,
            "04060708090b0c0e0f121314151617 18191a1c1d1e24405b5c607b7c7d".replace(" ", ""),
        ),
        (
            "êçÔôÁáÊÀÍÓÚÃÕÂíóúãõâ",
            DEFAULT,
            PORTUGUESE,
            "1b051b091b0b1b0c1b0e1b0f1b1f1b411b491b4f1b551b5b1b5c1b611b691b6f1b751b7b1b7c1b7f",
        ),
        ("ΦΓΩΠΨΣΘ", PORTUGUESE, PORTUGUESE, "1b121b131b151b161b171b181b19"),
        ("ã{", SPANISH, PORTUGUESE, "1b7b1b28"),
    ],
)
def test_national_tables_have_each_character_where_the_standard_puts_it(
    text: str, locking: NationalLanguage, single: NationalLanguage, coded: str
) -> None:
    assert septets(text, locking, single) == bytes.fromhex(coded)
    assert decode_septets(bytes.fromhex(coded), locking, single) == text


@pytest.mark.parametrize(
    "table",
    [
        national_tables.DEFAULT_ALPHABET,
        national_tables.TURKISH_LOCKING,
        national_tables.PORTUGUESE_LOCKING,
    ],
)
def test_locking_table_has_128_different_characters_and_the_escape_in_its_place(
    table: str,
) -> None:
    assert len(table) == len(set(table)) == 128
    assert table[0x1B] == national_tables.ESCAPE


def test_spanish_locks_to_the_default_alphabet() -> None:
    assert SPANISH not in LOCKING_LANGUAGES
    assert characters(SPANISH, DEFAULT) == characters()


def test_unknown_septet_behind_an_escape_shows_the_locking_tables_character() -> None:
    assert decode_septets(b"\x1b\x41\x1b\x1d", TURKISH) == "Aş"


def test_two_escapes_show_a_space_and_the_last_escape_nothing() -> None:
    assert decode_septets(b"a\x1b\x1bb\x1b") == "a b"


@pytest.mark.parametrize(("character", "length"), [("a", 1), ("€", 2), ("@", 1)])
def test_length_counts_the_escape(character: str, length: int) -> None:
    assert septet_length(character) == length


def test_turkish_lock_holds_the_euro_sign_in_one_septet() -> None:
    assert septet_length("€", TURKISH) == 1


@given(data=st.data(), locking=languages, single=languages)
def test_every_text_of_the_tables_comes_back_exactly(
    data: st.DataObject, locking: NationalLanguage, single: NationalLanguage
) -> None:
    text = data.draw(st.text(st.sampled_from(sorted(characters(locking, single)))))
    coded = septets(text, locking, single)
    assert coded is not None
    assert decode_septets(coded, locking, single) == text
    assert len(coded) == sum(septet_length(one, locking, single) or 0 for one in text)


@given(data=st.binary(), locking=languages, single=languages)
def test_any_octets_decode_to_characters_of_the_tables(
    data: bytes, locking: NationalLanguage, single: NationalLanguage
) -> None:
    assert set(decode_septets(data, locking, single)) <= characters(locking, single)
