"""Blocks and opt-out words."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.kernel.text_folding import fold


class Channel(StrEnum):
    """What a block is about."""

    SMS = "sms"
    FAX = "fax"
    ALL = "all"


class Source(StrEnum):
    """Who made a block."""

    RECIPIENT = "recipient"
    """The recipient himself, by an opt-out word."""
    PERSON = "person"
    """One of our people."""
    LIST = "list"
    """An imported list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A number that must not be contacted."""

    number: str
    channel: Channel
    source: Source
    reason: str
    at: datetime
    user_id: str | None = None


class Wish(StrEnum):
    """What a recipient asks for by a word."""

    STOP = "stop"
    START = "start"


_PUNCTUATION = re.compile(r"[^\w]+")
_CODE = re.compile(r"\w*\d\w*")


def wish_in(text: str, stop: Collection[str], start: Collection[str]) -> Wish | None:
    """Tell whether a text is an opt-out (or opt-in) word, alone or with a code (`RET B001`).

    Words are compared without regard to case, accents and punctuation. A text that merely
    contains such a word ("don't stop") is none.
    """
    words = _PUNCTUATION.sub(" ", fold(text)).split()
    if not words or len(words) > 2 or (len(words) == 2 and not _CODE.fullmatch(words[1])):
        return None
    if words[0] in {fold(word) for word in stop}:
        return Wish.STOP
    if words[0] in {fold(word) for word in start}:
        return Wish.START
    return None
