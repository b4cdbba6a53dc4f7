"""The 7-bit alphabets of short messages: characters to septets and back (3GPP 23.038 §6.2)."""

from __future__ import annotations

import codecs
import re
from enum import IntEnum
from typing import Final

from gateway.sms.national_tables import (
    DEFAULT_ALPHABET,
    DEFAULT_EXTENSION,
    ESCAPE,
    PORTUGUESE_LOCKING,
    PORTUGUESE_SINGLE,
    SPANISH_SINGLE,
    TURKISH_LOCKING,
    TURKISH_SINGLE,
)


class NationalLanguage(IntEnum):
    """A national language identifier of 3GPP 23.038 §6.2.1.2.4 that has tables here."""

    DEFAULT = 0
    TURKISH = 1
    SPANISH = 2
    PORTUGUESE = 3


_DEFAULT = NationalLanguage.DEFAULT

# Spanish has no locking shift table of its own: the default alphabet stands in (annex A.3.2).
_LOCKING = {
    NationalLanguage.DEFAULT: DEFAULT_ALPHABET,
    NationalLanguage.TURKISH: TURKISH_LOCKING,
    NationalLanguage.SPANISH: DEFAULT_ALPHABET,
    NationalLanguage.PORTUGUESE: PORTUGUESE_LOCKING,
}
_SINGLE = {
    NationalLanguage.DEFAULT: DEFAULT_EXTENSION,
    NationalLanguage.TURKISH: TURKISH_SINGLE,
    NationalLanguage.SPANISH: SPANISH_SINGLE,
    NationalLanguage.PORTUGUESE: PORTUGUESE_SINGLE,
}
LOCKING_LANGUAGES: Final = (NationalLanguage.TURKISH, NationalLanguage.PORTUGUESE)
"""The languages with a locking shift table of their own."""

_ESCAPED = re.compile("\x1b(.?)", re.DOTALL)
_UNKNOWN = "\x80"


class _Septets(dict[int, str]):
    """Code point to its septets; a character that is not there becomes no septet at all."""

    def __missing__(self, code_point: int) -> str:
        return _UNKNOWN


def _encoding_table(locking: NationalLanguage, single: NationalLanguage) -> _Septets:
    table = _Septets()
    for septet, character in _SINGLE[single].items():
        table[ord(character)] = ESCAPE + chr(septet)
    for septet, character in enumerate(_LOCKING[locking]):
        if character != ESCAPE:
            table[ord(character)] = chr(septet)
    return table


def _escapes(locking: NationalLanguage, single: NationalLanguage) -> dict[str, str]:
    """Map the locking table's character to what the same septet means after an escape."""
    main = _LOCKING[locking]
    table = {main[septet]: character for septet, character in _SINGLE[single].items()}
    table[ESCAPE] = " "  # 0x1B is reserved for one more table; until then it shows as a space
    return table


_PAIRS = [(locking, single) for locking in NationalLanguage for single in NationalLanguage]
_ENCODING = {pair: _encoding_table(*pair) for pair in _PAIRS}
_ESCAPES = {pair: _escapes(*pair) for pair in _PAIRS}
# Twice, so that a stray eighth bit is ignored.
_DECODING = {language: table * 2 for language, table in _LOCKING.items()}
_CHARACTERS = {pair: frozenset(map(chr, table)) for pair, table in _ENCODING.items()}
_ESCAPED_CHARACTERS = {
    pair: frozenset(chr(point) for point, coded in table.items() if len(coded) > 1)
    for pair, table in _ENCODING.items()
}


def characters(
    locking: NationalLanguage = _DEFAULT, single: NationalLanguage = _DEFAULT
) -> frozenset[str]:
    """Return every character that the two tables can express together."""
    return _CHARACTERS[locking, single]


def septets(
    text: str, locking: NationalLanguage = _DEFAULT, single: NationalLanguage = _DEFAULT
) -> bytes | None:
    """Return one septet per byte, escape pairs included; None if a character has no septet."""
    try:
        return text.translate(_ENCODING[locking, single]).encode("ascii")
    except UnicodeEncodeError:
        return None


def escaped(
    used: frozenset[str],
    locking: NationalLanguage = _DEFAULT,
    single: NationalLanguage = _DEFAULT,
) -> frozenset[str]:
    """Return which of these characters take an escape and so two septets."""
    return used & _ESCAPED_CHARACTERS[locking, single]


def septet_length(
    character: str, locking: NationalLanguage = _DEFAULT, single: NationalLanguage = _DEFAULT
) -> int | None:
    """Return how many septets one character takes, its escape included; None if it has none."""
    coded = _ENCODING[locking, single].get(ord(character))
    return None if coded is None else len(coded)


def decode_septets(
    data: bytes, locking: NationalLanguage = _DEFAULT, single: NationalLanguage = _DEFAULT
) -> str:
    """Return the text of unpacked septets; never raises.

    An escaped septet that the single shift table lacks shows the locking table's character, as
    3GPP 23.038 §6.2.1.1 wants; an escape at the very end shows nothing.
    """
    text = codecs.charmap_decode(data, "strict", _DECODING[locking])[0]
    if ESCAPE not in text:
        return text
    escapes = _ESCAPES[locking, single]
    return _ESCAPED.sub(lambda found: escapes.get(found[1], found[1]), text)
