"""What pages say: gathered from templates and scripts, for `make texts` and for the check of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
WEB = ROOT / "gateway" / "web"
LANGUAGES = ("tr", "ru")
_FIELD = re.compile(r"\{\w+\}|%\(\w+\)s")
_HOW = [("templates/**.html", "jinja2"), ("static/js/**.js", "javascript")]


def gathered() -> Catalog:
    """Return every text that stands in templates and scripts."""
    found = Catalog(project="santral")
    options = {
        "templates/**.html": {"newstyle_gettext": "true", "silent": "false"},
        "static/js/**.js": {"parse_template_string": "true"},
    }
    texts = extract_from_dir(str(WEB), _HOW, options)
    for name, _line, text, _comments, _context in sorted(texts, key=lambda one: (one[0], one[1])):
        found.add(text, locations=[(f"gateway/web/{name}", 0)])
    return found


def path_of(language: str) -> Path:
    """Return where a language's catalogue is."""
    return WEB / "locale" / language / "LC_MESSAGES" / "santral.po"


def catalogue(language: str) -> Catalog:
    """Read a language's catalogue as it is."""
    if not path_of(language).exists():
        return Catalog(locale=language, domain="santral")
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, domain="santral")


def fields(text: str) -> list[str]:
    """Return what is filled into a text."""
    return sorted(_FIELD.findall(text))


def faults(language: str) -> Iterator[str]:
    """Tell what a language's catalogue lacks, or has that nothing says any more."""
    wanted, known = gathered(), catalogue(language)
    for message in wanted:
        there = known.get(message.id) if message.id else None
        if message.id and (there is None or not _whole(there.string)):
            yield f"{language}: {message.id!r} is not translated"
        elif there is not None and {name for name, _ in there.locations} != {
            name for name, _ in message.locations
        }:
            yield f"{language}: {message.id!r} stands elsewhere now"
    yield from (
        f"{language}: nothing says {message.id!r} any more"
        for message in known
        if message.id and message.id not in wanted
    )


def renew() -> int:
    """Bring the catalogues up to date; return how many texts lack a translation."""
    lacking = 0
    for language in LANGUAGES:
        known = catalogue(language)
        known.update(gathered(), no_fuzzy_matching=True)
        known.obsolete.clear()
        with path_of(language).open("wb") as file:
            write_po(file, known, width=100, sort_by_file=True, omit_header=True)
        missing = [message.id for message in known if message.id and not _whole(message.string)]
        lacking += len(missing)
        for text in missing:
            print(f"{language}: {text!r}")
    return lacking


def _whole(text: object) -> bool:
    return bool(text) and (isinstance(text, str) or all(text))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(1 if renew() else 0)
