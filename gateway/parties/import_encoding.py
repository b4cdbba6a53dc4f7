"""Tells how the text of a file is encoded."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from gateway.kernel.errors import Invalid

SAMPLE_BYTES = 256 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TEXT_ENCODINGS = "utf-8, utf-16, windows-1254, windows-1251, windows-1252, iso-8859-9"
_NOT_IN_1254 = frozenset(b"\x81\x8d\x8e\x8f\x90\x9d\x9e")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_WORD_RUN = 3
"""Letters beyond ASCII that follow one another: usual in Russian, rare in Turkish."""


def encoding_of(path: Path, given: str = "") -> str:
    """Return the codec of a text file: the given one, or what its beginning looks like."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    marked = next((name for mark, name in _MARKS if sample.startswith(mark)), "")
    if given:
        return _given(given, marked)
    return marked or guess(sample)


def guess(sample: bytes) -> str:
    """Return the likeliest codec of a text without a byte order mark."""
    if wide := _wide(sample):
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    if _cyrillic(sample):
        return "windows-1251"
    if _NOT_IN_1254 & frozenset(sample):
        return "iso-8859-9"
    return "windows-1254"


def _given(given: str, marked: str) -> str:
    try:
        name = codecs.lookup(given).name
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise Invalid(
            f"there is no text encoding {given!r}; usual ones are {_TEXT_ENCODINGS}",
            field="encoding",
        ) from error
    same_family = marked.replace("-sig", "") == name
    return marked if same_family else name


def _wide(sample: bytes) -> str:
    """Tell UTF-16 without a mark by its zero bytes, which every second letter of ASCII has."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 8 and odd > 4 * even:
        return "utf-16-le"
    if even > len(sample) // 8 and even > 4 * odd:
        return "utf-16-be"
    return ""


def _cyrillic(sample: bytes) -> bool:
    runs = _HIGH_RUN.findall(sample)
    high = sum(len(run) for run in runs)
    return sum(len(run) for run in runs if len(run) >= _WORD_RUN) * 2 > high
