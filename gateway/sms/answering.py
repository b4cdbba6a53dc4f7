"""Answers a text that came in without asking anybody: opt-out and opt-in words, then the rules.

Nothing here can talk with another robot for long: names and short numbers are never answered, an
automatic text is recognised when it comes back, and a number gets few automatic answers a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

import gateway.consent.tables as consent
from gateway.consent.model import Block, Channel, Source, Wish, wish_in
from gateway.kernel import events
from gateway.kernel.errors import Invalid
from gateway.kernel.text_folding import fold
from gateway.sending.quiet_hours import QuietHours
from gateway.sms import accepting, tables
from gateway.sms.accepting import Draft
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.drafting import drafted
from gateway.sms.model import Received
from gateway.sms.policy import OptOutPolicy, SmsRule
from gateway.sms.policy_settings import policy_of, rules_of

MAX_IN_A_DAY = 3
"""Automatic answers to one number; whoever writes more than that needs a person."""
SAME_AGAIN = timedelta(hours=1)
"""A number that sends the same text again within this is a robot, or a person who waits."""

_M, _R = tables.messages.c, tables.received.c


class Answering:
    """Writes the automatic answer inside the unit that stores the received text."""

    def __init__(
        self,
        languages: frozenset[NationalLanguage],
        zone: ZoneInfo,
        routes: Callable[[], Sequence[str]],
    ) -> None:
        self._languages = languages
        self._zone = zone
        self._routes = routes

    def answer(self, connection: Connection, received: Received, now: datetime) -> bool:
        """Do what a received text asks for; tell whether something was queued."""
        if not received.complete or not received.sender.startswith("+"):
            return False
        opt_out = policy_of(connection).opt_out
        wish = wish_in(received.text, opt_out.stop, opt_out.start)
        text = (
            self._obey(connection, received, wish, opt_out, now)
            if wish
            else self._by_rule(connection, received, now)
        )
        return bool(text) and self._queue(connection, received, text, now)

    def _obey(
        self,
        connection: Connection,
        received: Received,
        wish: Wish,
        opt_out: OptOutPolicy,
        now: datetime,
    ) -> str:
        number = received.sender
        if wish is Wish.STOP:
            block = Block(
                number=number, channel=Channel.SMS, source=Source.RECIPIENT,
                reason=f"wrote {received.text.strip()[:40]!r}", at=now,
            )  # fmt: skip
            changed = consent.add(connection, block)
            accepting.take_back(connection, number, now, "the recipient wants no more messages")
        else:
            changed = consent.withdraw(connection, number, Channel.SMS, Source.RECIPIENT)
        if not changed:
            return ""
        kind = "consent.blocked" if wish is Wish.STOP else "consent.unblocked"
        events.append(
            connection,
            events.Event(
                kind=kind, subject=number, at=now, audience=events.EVERYONE,
                data={"channel": Channel.SMS, "source": Source.RECIPIENT},
            ),
        )  # fmt: skip
        words = opt_out.stop if wish is Wish.STOP else opt_out.start
        return _confirmation(received.text, words) if opt_out.confirm else ""

    def _by_rule(self, connection: Connection, received: Received, now: datetime) -> str:
        rules = [rule for _, rule in rules_of(connection) if rule.active]
        rule = next((rule for rule in rules if self._matches(rule, received.text, now)), None)
        if rule is None or consent.blocking(connection, received.sender, Channel.SMS):
            return ""
        return "" if _may_be_a_robot(connection, received, rules, now) else rule.reply

    def _matches(self, rule: SmsRule, text: str, now: datetime) -> bool:
        if rule.begins is not None and rule.ends is not None:
            hours = QuietHours(begins=rule.begins, ends=rule.ends)
            if not hours.at(now, self._zone):
                return False
        words = fold(text).split()
        return not rule.words or any(fold(word) in words for word in rule.words)

    def _queue(
        self,
        connection: Connection,
        received: Received,
        text: str,
        now: datetime,
    ) -> bool:
        try:
            message, texts = drafted(
                received.sender, text, self._languages, now, report=False, automatic=True
            )
        except Invalid:
            return False
        draft = Draft(message=message, texts=texts, despite_block=True)
        accepting.accept(connection, [draft], self._routes(), now)
        return True


def _confirmation(text: str, words: dict[str, str]) -> str:
    said = fold(text)
    return next((answer for word, answer in words.items() if said.startswith(fold(word))), "")


def _may_be_a_robot(
    connection: Connection, received: Received, rules: Sequence[SmsRule], now: datetime
) -> bool:
    said = fold(received.text)
    if any(said == fold(rule.reply) for rule in rules):
        return True
    again = select(_R.text).where(
        _R.sender == received.sender, _R.received_at > now - SAME_AGAIN, _R.id != received.id
    )
    if any(fold(text) == said for text in connection.execute(again).scalars()):
        return True
    answered = select(func.count()).where(
        _M.recipient == received.sender,
        _M.automatic.is_(True),
        _M.created_at > now - timedelta(days=1),
    )
    return (connection.execute(answered).scalar() or 0) >= MAX_IN_A_DAY
