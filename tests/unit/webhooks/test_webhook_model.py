"""Signatures, kinds and pauses of webhooks."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from gateway.webhooks.model import Verdict, Webhook, pause_after, signature, verdict_of

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_receiver_can_check_the_signature() -> None:
    body = '{"text": "ş"}'.encode()
    given = signature("secret", AT, body)
    seconds, signed = (part.partition("=")[2] for part in given.split(","))
    assert int(seconds) == AT.timestamp()
    expected = hmac.new(b"secret", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signed, expected)
    assert signature("other", AT, body) != given


@pytest.mark.parametrize(
    ("kinds", "kind", "wanted"),
    [((), "sms.sent", True), (("sms.*",), "sms.sent", True), (("sms.*",), "smsx.sent", False),
     (("sms.sent",), "sms.sent", True), (("sms.sent",), "sms.queued", False), (("*",), "x", True)],
)  # fmt: skip
def test_kinds(kinds: tuple[str, ...], kind: str, wanted: bool) -> None:
    webhook = Webhook(
        id="1", url="http://x", kinds=kinds, active=True, after_event=0, created_at=AT
    )
    assert webhook.wants(kind) is wanted


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, Verdict.TAKEN), (204, Verdict.TAKEN), (301, Verdict.REFUSED), (400, Verdict.REFUSED),
     (500, Verdict.REFUSED), (429, Verdict.DEAD), (503, Verdict.DEAD), (None, Verdict.DEAD)],
)  # fmt: skip
def test_answers(status: int | None, verdict: Verdict) -> None:
    assert verdict_of(status) is verdict


def test_pauses_grow_to_ten_minutes() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 40)]
    assert pauses[0] == timedelta(seconds=1)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=10)
