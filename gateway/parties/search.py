"""Lists of parties: by name, narrowed by what somebody typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Select, select, tuple_, union

from gateway.parties import fields
from gateway.parties.rights import only_visible
from gateway.parties.tables import (
    parties,
    party_words,
    phone_numbers,
    prefix_range,
    reversed_digits,
)
from gateway.web import cursor as cursors
from gateway.web.principal import Principal

MAX_SEARCH = 200
MAX_WORDS = 8
"""Words of a search that are looked at."""
MIN_DIGITS = 4
"""Digits at a number's end that are worth a search."""
_NUMBER_SIGNS = frozenset("+-./() \u00a0")


def page_query(principal: Principal, search: str, cursor: str, limit: int) -> Select[Any]:
    """Return the query for the ids and sort keys of one page; raises Invalid for a bad cursor."""
    query = only_visible(select(parties.c.id, parties.c.name_folded), principal)
    found = _found(search)
    if found is not None:
        query = query.where(parties.c.id.in_(found))
    if cursor:
        after = cursors.decode(cursor, 2)
        query = query.where(tuple_(parties.c.name_folded, parties.c.id) > tuple_(*after))
    return query.order_by(parties.c.name_folded, parties.c.id).limit(limit)


def _found(search: str) -> CompoundSelect[Any] | None:
    """Return the ids of what a search means; None when it means everything."""
    text = search.encode("utf-8", "ignore").decode().replace("\x00", " ").strip()
    if not text:
        return None
    ways: list[Select[Any]] = [_by_code(text)]
    digits = reversed_digits(text)
    if len(digits) >= MIN_DIGITS and all(c.isdecimal() or c in _NUMBER_SIGNS for c in text):
        ways.append(_by_number(digits))
    typed = sorted(fields.words(text), key=len, reverse=True)[:MAX_WORDS]
    if typed:
        ways.append(_by_words(typed))
    return union(*ways)


def _by_code(text: str) -> Select[Any]:
    lowest, below = prefix_range(text)
    return select(parties.c.id).where(parties.c.code >= lowest, parties.c.code < below)


def _by_number(digits: str) -> Select[Any]:
    lowest, below = prefix_range(digits.rstrip("0") if len(digits) > MIN_DIGITS else digits)
    table = phone_numbers.c
    return select(table.party_id).where(table.reversed >= lowest, table.reversed < below)


def _by_words(typed: Sequence[str]) -> Select[Any]:
    query = _beginning(party_words, typed[0])
    for word in typed[1:]:
        query = query.where(party_words.c.party_id.in_(_beginning(party_words.alias(), word)))
    return query


def _beginning(words: FromClause, prefix: str) -> Select[Any]:
    lowest, below = prefix_range(prefix)
    return select(words.c.party_id).where(words.c.word >= lowest, words.c.word < below)
