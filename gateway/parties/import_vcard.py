"""Reads vCards 2.1, 3.0 and 4.0; a faulty card is reported and the next one read."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from vobject.base import VObjectError, readComponents

from gateway.kernel.errors import Invalid
from gateway.parties.import_columns import row_of_texts
from gateway.parties.import_rows import (
    MAX_CELL,
    ImportField,
    ImportRow,
    RowResult,
    rejected,
)

MAX_LINE = 1_000_000
"""Characters of a physical line."""
MAX_CARD = 200_000
"""Characters of a card without its pictures."""
_BROKEN = (VObjectError, ValueError, LookupError, TypeError, AttributeError, binascii.Error)
"""What vobject lets out when a card is damaged."""
_BULKY = re.compile(r"(?i)(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY|AGENT)[;:]")
_PLACE = re.compile(r"^At line \d+: ")
"""What vobject says of a place counts from the card's beginning, which is told already."""
_SEPARATOR = re.compile(r"(?<!\\);")
_ESCAPED = re.compile(r"\\([\\,;:nN])")
_TYPES = (
    ("FAX", ImportField.FAX),
    ("CELL", ImportField.MOBILE),
    ("MOBILE", ImportField.MOBILE),
    ("WORK", ImportField.WORK),
    ("HOME", ImportField.HOME),
)
Texts = dict[ImportField, list[str]]


def read_vcards(path: Path, encoding: str) -> Iterator[ImportRow | RowResult]:
    """Yield a row for each card; raises Invalid when the file holds none."""
    seen = False
    for card in _cards(path, encoding):
        seen = True
        yield _row(card)
    if not seen:
        raise Invalid("the file holds no vCard", field="file")


def cards_of(path: Path, encoding: str) -> int:
    """Return how many cards begin in a file."""
    with path.open(encoding=encoding, errors="replace") as file:
        return sum(_is(line, "BEGIN") for line in _lines(file))


@dataclass(slots=True)
class _Card:
    line: int
    lines: list[str] = field(default_factory=list)
    size: int = 0
    fault: str = ""


def _cards(path: Path, encoding: str) -> Iterator[_Card]:
    card: _Card | None = None
    bulky = False
    with path.open(encoding=encoding, errors="surrogateescape") as file:
        for number, line in enumerate(_lines(file), 1):
            if _is(line, "BEGIN"):
                if card is not None:
                    card.fault = "the card is not closed"
                    yield card
                card, bulky = _Card(number), False
            if card is None:
                continue
            bulky = bool(_BULKY.match(line)) or (bulky and _continues(line))
            if not bulky:
                _add(card, line)
            if _is(line, "END"):
                yield card
                card = None
    if card is not None:
        card.fault = "the card is not closed"
        yield card


def _lines(file: Any) -> Iterator[str]:
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        if len(line) >= MAX_LINE:
            raise Invalid(
                f"line {number} has more than {MAX_LINE} characters; this is no vCard", field="file"
            )
        yield line


def _is(line: str, word: str) -> bool:
    return line.strip().upper() == f"{word}:VCARD"


def _continues(line: str) -> bool:
    """Tell whether a line goes on with the one before: folded, or bare Base64 of vCard 2.1."""
    return line[:1] in " \t" or not re.match(r"[\w.-]+[;:]", line)


def _add(card: _Card, line: str) -> None:
    card.size += len(line)
    if card.size > MAX_CARD:
        card.fault = f"the card has more than {MAX_CARD} characters"
        card.lines.clear()
    elif not card.fault:
        card.lines.append(line.rstrip("\r\n"))


def _row(card: _Card) -> ImportRow | RowResult:
    if card.fault:
        return rejected(card.line, card.fault)
    text = "\n".join(card.lines)
    if any("\udc80" <= char <= "\udcff" for char in text):
        return rejected(card.line, "the card's text is of another encoding; give it")
    if "\x00" in text:
        return rejected(card.line, "the card holds a NUL character")
    try:
        texts = _texts(text)
    except _BROKEN as error:
        reason = _PLACE.sub("", str(error))[:200]
        return rejected(card.line, f"the card cannot be read: {reason}")
    if any(len(value) > MAX_CELL for values in texts.values() for value in values):
        return rejected(card.line, f"a value is longer than {MAX_CELL} characters")
    return row_of_texts(card.line, texts)


def _texts(text: str) -> Texts:
    quoted_printable = "QUOTED-PRINTABLE" in text.upper()
    lines: dict[str, list[Any]] = {}
    for component in readComponents(text, transform=False, allowQP=quoted_printable):
        for line in component.getChildren():
            lines.setdefault(line.name.upper(), []).append(line)
    return _fields(lines)


def _fields(lines: dict[str, list[Any]]) -> Texts:
    person = _first(lines, "FN") or _name(lines)
    company = (_parts(lines, "ORG") or [""])[0]
    kind = _first(lines, "KIND") or _first(lines, "X-ABSHOWAS")
    texts: Texts = {}
    if kind.lower() in {"org", "company"}:
        texts[ImportField.NAME] = [company or person]
        texts[ImportField.KIND] = ["company"]
    else:
        texts[ImportField.NAME] = [company]
        texts[ImportField.PERSON] = [person]
        texts[ImportField.KIND] = ["company" if company else "person"]
    texts[ImportField.POSITION] = [_first(lines, "TITLE") or _first(lines, "ROLE")]
    texts[ImportField.EMAIL] = [_first(lines, "EMAIL").removeprefix("mailto:")]
    texts[ImportField.ADDRESS] = [", ".join(part for part in _parts(lines, "ADR") if part)]
    texts[ImportField.NOTES] = [_first(lines, "NOTE")]
    for line in lines.get("TEL", ()):
        texts.setdefault(_kind_of(line), []).append(_number(line))
    given = {name: [value for value in values if value] for name, values in texts.items()}
    return {name: values for name, values in given.items() if values}


def _first(lines: dict[str, list[Any]], name: str) -> str:
    values = (_plain(str(line.value)).strip() for line in lines.get(name, ()))
    return next((value for value in values if value), "")


def _parts(lines: dict[str, list[Any]], name: str) -> list[str]:
    for line in lines.get(name, ()):
        parts = [_plain(part).strip() for part in _SEPARATOR.split(str(line.value))]
        if any(parts):
            return parts
    return []


def _name(lines: dict[str, list[Any]]) -> str:
    """Return the name from its parts: family, given, additional, prefixes, suffixes."""
    family, given, *_ = [*_parts(lines, "N"), "", ""]
    return f"{given} {family}".strip()


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _kind_of(line: Any) -> ImportField:
    types = {
        part.strip().upper()
        for text in (*line.params.get("TYPE", ()), *line.singletonparams)
        for part in text.split(",")
    }
    return next((kind for word, kind in _TYPES if word in types), ImportField.PHONE)


def _number(line: Any) -> str:
    """Return a number as written; a `tel:` URI loses its parameters (RFC 3966 §3)."""
    text = str(line.value).strip()
    if not text.lower().startswith("tel:"):
        return text
    return unquote(text[4:].partition(";")[0])
