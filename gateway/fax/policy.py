"""What an administrator decides about faxes: numbers, hours, quotas, whose is what came in."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import Field, field_validator
from sqlalchemy import Connection

from gateway.kernel import settings
from gateway.web.routes import Schema

KIND = "fax_policy"
_ONLY = "all"
Prefix = Annotated[str, Field(pattern=r"^\+?[0-9]{1,16}$", examples=["+90"])]
Languages = Annotated[tuple[str, ...], Field(max_length=10)]


class CheapHours(Schema):
    """When lines cost least, by the office's clock; over midnight when the end is earlier."""

    begins: Annotated[time, Field(examples=["20:00"])]
    ends: Annotated[time, Field(examples=["07:00"])]


class FaxRoute(Schema):
    """Whose work it is what comes in for one of our numbers."""

    called: Annotated[str, Field(max_length=32, examples=["+902125550190"])]
    """The number that was called, or its end."""
    user: Annotated[str, Field(max_length=64, examples=["ayse"])]
    """Login of who gets it when the sender is nobody's customer."""


class FaxPolicy(Schema):
    """All of it; what is left out has its default."""

    allowed: Annotated[
        tuple[Prefix, ...],
        Field(max_length=500, description="numbers that may be faxed begin so; none: every number"),
    ] = ()
    barred: Annotated[
        tuple[Prefix, ...],
        Field(max_length=500, description="numbers that may not, though they are allowed",
              examples=[["+90900"]]),
    ] = ()  # fmt: skip
    pages_per_user_day: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    cheap_hours: CheapHours | None = None
    routes: Annotated[tuple[FaxRoute, ...], Field(max_length=500)] = ()
    mail_to_manager: Annotated[
        bool, Field(description="send what came in as PDF to the manager's e-mail address")
    ] = False
    read_text: Annotated[
        Languages, Field(description="languages (tesseract's names) in which text is read",
                         examples=[["tur", "rus", "eng"]]),
    ] = ("tur", "rus", "eng")  # fmt: skip
    print_command: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=500)], ...],
        Field(max_length=30, description="run for each fax that came in",
              examples=[["lp", "-d", "office", "{file}"]]),
    ] = ()  # fmt: skip

    @field_validator("barred", "allowed")
    @classmethod
    def _no_blank(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.strip() for one in value)

    def may_fax(self, number: str) -> bool:
        """Tell whether a number may be faxed."""
        allowed = not self.allowed or number.startswith(self.allowed)
        return allowed and not (self.barred and number.startswith(self.barred))

    def route_of(self, called: str) -> str:
        """Return the login of who gets what comes in for a number; empty when nobody is named."""
        digits = called.lstrip("+")
        fitting = [
            route for route in self.routes
            if digits and digits.endswith(route.called.lstrip("+"))
        ]  # fmt: skip
        return max(fitting, key=lambda route: len(route.called)).user if fitting else ""


def policy_of(connection: Connection) -> FaxPolicy:
    """Return what is decided now."""
    stored = settings.find(connection, KIND, _ONLY)
    return FaxPolicy.model_validate(stored.value) if stored else FaxPolicy()


def setting_of(policy: FaxPolicy) -> settings.Setting:
    """Return a policy as it is stored."""
    return settings.Setting(kind=KIND, id=_ONLY, value=policy.model_dump(mode="json"))
