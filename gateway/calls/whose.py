"""Whose a call is: which customer's, which of our people's, and who may know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from gateway.calls.model import CallDirection, Dial
from gateway.kernel import events
from gateway.kernel.numbers import NumberingPlan, NumberKind
from gateway.kernel.store.values import among
from gateway.parties.lookup import Owner, by_number
from gateway.people.tables import users

_MAX_EXTENSION = 6
_ACTIVE = select(users.c.id, users.c.extension).where(users.c.disabled_at.is_(None))
_BEHIND = _ACTIVE.where(among(users.c.extension, "extensions"))
_MOBILE_OF = _ACTIVE.where(users.c.mobile == bindparam("of_mobile"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What a call's number and extensions say."""

    number: str
    """Key of the other side."""
    owner: Owner | None
    """The customer."""
    user_id: str | None
    """Our person: who had it last, who took it, or who made it."""
    people: frozenset[str]
    """Ids of all our people in it, also of those who were only rung."""
    private: bool
    """Inside the company, or with one of our own numbers: only for who is in it."""

    @property
    def audience(self) -> str:
        """Return who may know of it, beside those who see everything."""
        responsible = self.owner.responsible_id if self.owner else None
        if self.private:
            return events.audience_of(*self.people) if self.people else events.NOBODY
        return events.audience_of(responsible, *self.people) if responsible else events.EVERYONE


def belonging(
    connection: Connection, plan: NumberingPlan, told: Mapping[str, Any], dial: Dial | None
) -> Belonging:
    """Return whose a call is, from what is told of it and the dial that it became, if any."""
    number = dial.number if dial else key_of(plan, _other_side(told))
    extensions = {one["party"] for one in told["parties"] if one["internal"]} - {""}
    given = {"extensions": sorted(extensions)}
    behind = {row.extension: row.id for row in connection.execute(_BEHIND, given)}
    internal = told["direction"] == CallDirection.INTERNAL
    ours = plan.is_own(number) or _is_mobile(connection, number)
    user_id = dial.user_id if dial else _user(told, behind)
    return Belonging(
        number=number,
        owner=None if internal or ours else by_number(connection, number),
        user_id=user_id,
        people=frozenset(behind.values()) | ({user_id} if user_id else frozenset()),
        private=internal or ours,
    )


def was_dialled(
    connection: Connection,
    plan: NumberingPlan,
    dial: Dial,
    parties: Sequence[Mapping[str, Any]],
) -> bool:
    """Tell whether a dial's call ever rang whom the user wanted, though he did not pick up.

    Trunks write numbers in their own ways: who else was rung outside is taken for him, unless it
    is the mobile of one of our people, to which a telephone may be forwarded.
    """
    rung = [one for one in parties if one["called"] and one["party"] != dial.extension]
    if any(one["party"] in {dial.number, dial.dialled} for one in rung):
        return True
    outside = (key_of(plan, one["party"]) for one in rung if not one["internal"])
    return any(not _is_mobile(connection, key) for key in outside)


def key_of(plan: NumberingPlan, raw: str) -> str:
    """Return the key of a number as lines write it: also without plus or trunk prefix."""
    if len(raw) <= _MAX_EXTENSION:
        return raw
    number = plan.from_network(raw)
    if number.kind is NumberKind.NAME and raw.isascii() and raw.isdigit():
        international = plan.from_network(f"+{raw}")
        number = international if international.kind is NumberKind.E164 else number
    return number.key


def _is_mobile(connection: Connection, number: str) -> bool:
    """Tell whether a number is the mobile of one of our people."""
    found = connection.execute(_MOBILE_OF, {"of_mobile": number}).first() if number else None
    return found is not None


def _user(told: Mapping[str, Any], behind: Mapping[str, str]) -> str | None:
    outward = told["direction"] == CallDirection.OUT
    named = [told["caller"]] if outward else [told["final_party"], told["answered_by"]]
    return next((behind[one] for one in named if one in behind), None)


def _other_side(told: Mapping[str, Any]) -> str:
    number: str = told["callee" if told["direction"] == CallDirection.OUT else "caller"]
    return number
