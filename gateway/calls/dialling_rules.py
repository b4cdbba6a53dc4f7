"""Which numbers may be dialled from the screen, and how often: the fence against toll fraud."""

from __future__ import annotations

from typing import Annotated

import phonenumbers
from phonenumbers import PhoneNumberType
from pydantic import Field

from gateway.kernel.numbers import NumberingPlan, NumberKind, PhoneNumber
from gateway.web.routes import Schema

Prefix = Annotated[str, Field(pattern=r"^(\+[0-9]{1,15}|[0-9]{1,6})$", examples=["+90"])]
Prefixes = Annotated[tuple[Prefix, ...], Field(max_length=200)]
_COSTLY = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})


class DiallingRules(Schema):
    """What may be dialled; of several prefixes that fit, the longest decides."""

    allowed: Annotated[
        Prefixes,
        Field(
            description="beginnings of numbers that may be dialled, +90… or of short numbers; "
            "empty: the numbers of this country",
            examples=[["+90", "+49"]],
        ),
    ] = ()
    blocked: Annotated[
        Prefixes, Field(description="beginnings that may not be dialled", examples=[["+90900"]])
    ] = ()
    costly: Annotated[
        bool, Field(description="numbers whose owner earns from a call (premium rate) may be too")
    ] = False
    per_hour: Annotated[int, Field(ge=0, le=10_000, description="by one user")] = 60
    per_day: Annotated[int, Field(ge=0, le=100_000, description="by one user, in 24 hours")] = 300

    def refusal(self, number: PhoneNumber, plan: NumberingPlan) -> str:
        """Return why a number may not be dialled, for who wanted to; empty when it may."""
        home = f"+{phonenumbers.country_code_for_region(plan.region)}"
        allowed = _longest(self.allowed or (home,), number.key)
        if _longest(self.blocked, number.key) > allowed:
            return f"{number.key} may not be dialled: its beginning is blocked"
        if not allowed:
            return f"{number.key} may not be dialled: its beginning is not allowed"
        if number.kind is NumberKind.E164 and not self.costly and _costs_more(number.key):
            return f"{number.key} is a premium-rate number, which may not be dialled"
        return ""


def dialled(number: PhoneNumber, plan: NumberingPlan, outside: str) -> str:
    """Return the digits that the telephone system is given: as a person here would dial them."""
    if number.kind is not NumberKind.E164:
        return number.key
    parsed = phonenumbers.parse(number.key)
    written = phonenumbers.format_out_of_country_calling_number(parsed, plan.region)
    if parsed.country_code == phonenumbers.country_code_for_region(plan.region):
        written = plan.national(number)
    return outside + phonenumbers.normalize_digits_only(written)


def _longest(prefixes: tuple[str, ...], key: str) -> int:
    return max((len(prefix) for prefix in prefixes if key.startswith(prefix)), default=0)


def _costs_more(key: str) -> bool:
    return phonenumbers.number_type(phonenumbers.parse(key)) in _COSTLY
