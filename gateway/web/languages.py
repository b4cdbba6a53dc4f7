"""The languages of the pages: their catalogues, and which one a visitor reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from gateway.web.pages import Language

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "santral"
_WISH = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]{1,20})?\s*(?:;\s*q=([0-9.]{1,5}))?\s*")
_MAX_WISHES = 20


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a language calls things."""

    translations: NullTranslations
    for_scripts: Mapping[str, str | list[str]]
    """The messages that scripts show; several forms where the number decides."""


def catalogue(language: Language) -> Catalogue:
    """Read a language's catalogue; English is what stands in the sources."""
    path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return Catalogue(NullTranslations(), {})
    with path.open("rb") as file:
        read = read_po(file, locale=str(language), domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Catalogue(Translations(compiled, DOMAIN), _of_scripts(read))


def preferred(accept_language: str) -> Language:
    """Return the language that a browser's Accept-Language asks for (RFC 9110 §12.5.4)."""
    wishes = []
    for place, wish in enumerate(accept_language.split(",")[:_MAX_WISHES]):
        found = _WISH.fullmatch(wish)
        if found and found[1].lower() in set(Language):
            wishes.append((-_quality(found[2]), place, Language(found[1].lower())))
    return min(wishes)[2] if wishes else Language.ENGLISH


def _quality(text: str | None) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


def _of_scripts(read: Catalog) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for message in read:
        if any(name.endswith(".js") for name, _ in message.locations):
            several = isinstance(message.id, tuple | list)
            key = message.id[0] if several else message.id
            text = message.string or ""
            found[str(key)] = text if isinstance(text, str) else list(text)
    return found
