"""What an administrator decides about text messages: quiet hours, opt-out words, alerts, rules."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from gateway.sending.priority import Priority
from gateway.sending.quiet_hours import QuietHours, zone_named
from gateway.sms.terms import QuietRule
from gateway.web.routes import Schema

Word = Annotated[str, Field(min_length=1, max_length=40)]
Text = Annotated[str, Field(max_length=1000)]
PriorityName = Literal["high", "normal", "bulk"]


STOP_WORDS = {
    "STOP": "You will get no more messages from us. Reply START to get them again.",
    "İPTAL": "Size artık mesaj göndermeyeceğiz. Yeniden almak için BAŞLA yazın.",
    "RET": "Size artık mesaj göndermeyeceğiz. Yeniden almak için BAŞLA yazın.",
    "СТОП": "Больше вам не пишем. Чтобы получать снова, ответьте СТАРТ.",
}
BY_NUMBER: dict[str, str] = {}
EVERYWHERE_FREE = {"": 0.0}
START_WORDS = {
    "START": "You will get our messages again.",
    "BAŞLA": "Mesajlarımızı yeniden alacaksınız.",
    "СТАРТ": "Вы снова получаете наши сообщения.",
}


class QuietHoursPolicy(Schema):
    """When recipients are left alone, by their own clock."""

    begins: Annotated[time, Field(examples=["21:00"])]
    ends: Annotated[time, Field(examples=["09:00"])]
    priorities: Annotated[tuple[PriorityName, ...], Field(description="which messages wait")] = (
        "bulk",
    )
    zones: Annotated[
        dict[str, str],
        Field(
            max_length=500,
            examples=[{"+7": "Europe/Moscow"}],
            description="number prefix to time zone, where known better",
        ),
    ] = BY_NUMBER

    @field_validator("zones")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for prefix, zone in value.items():
            if not prefix.startswith("+") or not prefix[1:].isdigit():
                msg = f"{prefix!r} is no prefix; write it as +90532"
                raise ValueError(msg)
            if zone_named(zone) is None:
                msg = f"{zone!r} is no time zone; write it as Europe/Istanbul"
                raise ValueError(msg)
        return value

    def rule(self, home: ZoneInfo) -> QuietRule:
        """Return what the queue goes by."""
        longest_first = sorted(self.zones.items(), key=lambda pair: -len(pair[0]))
        return QuietRule(
            hours=QuietHours(begins=self.begins, ends=self.ends),
            priorities=frozenset(Priority.named(name) for name in self.priorities),
            home=home,
            zones=tuple((prefix, ZoneInfo(zone)) for prefix, zone in longest_first),
        )


class OptOutPolicy(Schema):
    """The words by which a recipient says that he wants no more messages, or wants them again."""

    stop: Annotated[
        dict[Word, Text], Field(max_length=100, description="word to its confirmation")
    ] = STOP_WORDS
    start: Annotated[
        dict[Word, Text], Field(max_length=100, description="word to its confirmation")
    ] = START_WORDS
    confirm: bool = True
    """Answer with the word's confirmation, once."""


class AlertPolicy(Schema):
    """When something is worth an alert."""

    modem_down_s: Annotated[int, Field(ge=1, le=86_400)] = 120
    queue_age_s: Annotated[int, Field(ge=1, le=604_800)] = 900
    """A message that is due and still waits."""


class SmsPolicy(Schema):
    """All of it; what is left out has its default."""

    quiet_hours: Annotated[
        QuietHoursPolicy | None,
        Field(examples=[{"begins": "21:00", "ends": "09:00", "priorities": ["bulk"]}]),
    ] = None
    opt_out: OptOutPolicy = OptOutPolicy()
    alerts: AlertPolicy = AlertPolicy()
    patience_s: Annotated[float, Field(ge=0, le=3600)] = 0
    """How long a message waits for a cheaper modem that is busy."""


class SmsRule(Schema):
    """An automatic answer to texts that come in."""

    words: Annotated[
        tuple[Word, ...],
        Field(max_length=50, description="one of these stands in the text; none: every text",
              examples=[["adres", "address"]]),
    ] = ()  # fmt: skip
    reply: Annotated[str, Field(min_length=1, max_length=1000, examples=["Bağdat Cad. 1"])]
    begins: time | None = None
    """Only from this time of the day (the site's clock) …"""
    ends: time | None = None
    """… until this one; over midnight when it is earlier."""
    active: bool = True


class QuotaPolicy(Schema):
    """How many segments a SIM may send."""

    per_minute: Annotated[int | None, Field(ge=1, le=100_000)] = None
    per_day: Annotated[int | None, Field(ge=1, le=10_000_000)] = None
    per_month: Annotated[int | None, Field(ge=1, le=100_000_000)] = None


class BalancePolicy(Schema):
    """How a SIM's balance is asked for."""

    code: Annotated[str, Field(max_length=40, pattern=r"^[0-9*#]+$", examples=["*100#"])]
    every_s: Annotated[int, Field(ge=300, le=604_800)] = 21_600
    pattern: Annotated[str, Field(max_length=200, examples=["Bakiye: ([0-9.,]+)"])] = ""
    """A regular expression whose first group is the amount; empty: the first number."""
    alert_below: float | None = None


class SimPolicy(Schema):
    """What an administrator decides about one modem's SIM."""

    quota: Annotated[
        QuotaPolicy, Field(examples=[{"per_minute": 10, "per_day": 500, "per_month": None}])
    ] = QuotaPolicy()
    costs: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=1_000_000)]],
        Field(
            max_length=500,
            examples=[{"": 0.9, "+90532": 0.3}],
            description="number prefix to the cost of a segment; a prefix not covered is not "
            "served; an empty prefix covers every number",
        ),
    ] = EVERYWHERE_FREE
    balance: Annotated[
        BalancePolicy | None,
        Field(examples=[{"code": "*100#", "every_s": 21_600, "alert_below": 20.0}]),
    ] = None

    @field_validator("costs")
    @classmethod
    def _prefixes(cls, value: dict[str, float]) -> dict[str, float]:
        for prefix in value:
            if prefix and (not prefix.startswith("+") or not prefix[1:].isdigit()):
                msg = f"{prefix!r} is no prefix; write it as +90532, or empty for every number"
                raise ValueError(msg)
        return value
