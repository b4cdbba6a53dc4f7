"""A text with fields, in each language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.kernel.errors import Invalid
from gateway.web.preferences import Language

MAX_TEXT = 1000
FIELDS = frozenset({"name", "company", "number", "time", "user", "extension", "line"})
"""What may stand in braces: the contact person or customer, his company, his number, when he
called, who of ours writes, at which extension, and our line that was called."""
_FIELD = re.compile(r"\{([^{}]*)\}")
_EMPTY = re.compile(r"\(\s*\)")
_BEFORE_STOP = re.compile(r"\s+(?=[,.!?;:])")


class Recipient(StrEnum):
    """Whom a text is for."""

    CUSTOMER = "customer"
    COLLEAGUE = "colleague"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One text."""

    id: str
    recipient: Recipient
    texts: Mapping[Language, str]

    def filled(self, language: Language, values: Mapping[str, str]) -> str:
        """Return the text with its fields filled in; what is not known leaves no hole."""
        text = self.texts.get(language) or self.texts[Language.ENGLISH]
        filled = _EMPTY.sub("", _FIELD.sub(lambda found: values.get(found[1], ""), text))
        return _BEFORE_STOP.sub("", " ".join(filled.split()))


def require_fields(text: str) -> None:
    """Raise Invalid for a field that nothing could be put into."""
    unknown = sorted(set(_FIELD.findall(text)) - FIELDS)
    if (
        unknown
        or text.count("{") != text.count("}")
        or len(_FIELD.findall(text)) != text.count("{")
    ):
        named = f"there is no field {{{unknown[0][:40]}}}" if unknown else "a brace has no partner"
        known = ", ".join(f"{{{name}}}" for name in sorted(FIELDS))
        raise Invalid(f"{named}; there are {known}", field="texts")


BUILT_IN = {
    one.id: one
    for one in (
        Template(
            id="call_me_back",
            recipient=Recipient.CUSTOMER,
            texts={
                Language.TURKISH: "Sayın {name}, aramanıza yanıt veremedik. Bizi {line} "
                "numarasından arayabilirsiniz. {user}",
                Language.RUSSIAN: "{name}, мы не смогли ответить на Ваш звонок. Перезвоните нам, "
                "пожалуйста: {line}. {user}",
                Language.ENGLISH: "Dear {name}, we could not take your call. Please call us at "
                "{line}. {user}",
            },
        ),
        Template(
            id="call_customer_back",
            recipient=Recipient.COLLEAGUE,
            texts={
                Language.TURKISH: "{name} ({company}) saat {time} aradı, geri arar mısınız: "
                "{number}. {user}",
                Language.RUSSIAN: "{name} ({company}) звонил(а) в {time}, перезвоните: {number}. "
                "{user}",
                Language.ENGLISH: "{name} ({company}) called at {time}, please call back: "
                "{number}. {user}",
            },
        ),
    )
}
