"""Turns what people and files say of a customer into values that can be stored."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from gateway.kernel.errors import Invalid
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan, NumberKind
from gateway.kernel.text_folding import fold
from gateway.parties.model import MAX_EMAIL, MAX_NAME, Phone, PhoneKind

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but the line feed, and halves of characters that UTF-8 cannot hold."""
_WORD = re.compile(r"\w+")
MAX_WORD = 64
"""Characters of a word that its search looks at."""


def line(text: str, field: str, limit: int) -> str:
    """Return a text of one line, its blanks collapsed; raises Invalid."""
    return _checked(" ".join(unicodedata.normalize("NFC", text).split()), field, limit)


def block(text: str, field: str, limit: int) -> str:
    """Return a text of several lines, without blanks at their ends; raises Invalid."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    return _checked("\n".join(part.rstrip() for part in lines).strip(), field, limit)


def name(text: str, field: str = "name") -> str:
    """Return a name; raises Invalid when nothing of it can be searched for."""
    checked = line(text, field, MAX_NAME)
    if not name_key(checked):
        raise Invalid("the name is missing", field=field)
    return checked


@lru_cache(maxsize=4096)
def name_key(text: str) -> str:
    """Return what names are compared by."""
    return fold(text)[:MAX_NAME]


def words(*names: str) -> frozenset[str]:
    """Return the folded words that names are found by."""
    return frozenset(word[:MAX_WORD] for text in names for word in _WORD.findall(name_key(text)))


def email(text: str, field: str = "email") -> str:
    """Return an e-mail address, or nothing for nothing; raises Invalid."""
    checked = line(text, field, MAX_EMAIL)
    if checked and not _EMAIL.fullmatch(checked):
        raise Invalid(f"{checked!r} is no e-mail address", field=field)
    return checked


def phone(plan: NumberingPlan, text: str, kind: PhoneKind, field: str = "number") -> Phone:
    """Return a number as a new phone; raises Invalid, also for what identifies no customer."""
    number = plan.parse(text, field=field)
    if number.kind is not NumberKind.E164:
        raise Invalid(
            f"{text!r} is an extension or service number; a customer needs a full one, "
            "as in +905321234567",
            field=field,
        )
    return Phone(id=new_id(), key=number.key, kind=kind, written=" ".join(text.split()))


def _checked(text: str, field: str, limit: int) -> str:
    if len(text) > limit:
        raise Invalid(f"the {field} is longer than {limit} characters", field=field)
    found = _CONTROL.search(text)
    if found:
        raise Invalid(f"the {field} holds the control character {found[0]!r}", field=field)
    return text
