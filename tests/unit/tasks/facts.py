"""Calls as tasks are told of them, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from gateway.tasks.missed_calls import CallFact, Customer
from gateway.tasks.worklist import Worklist

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NUMBER, OTHER = "+902125550150", "+905321112233"
YILDIZ = Customer(party_id="yildiz", responsible_id="ali")
AHMET = Customer(party_id="yildiz", person_id="ahmet", responsible_id="ali")
MEHMET = Customer(party_id="yildiz", person_id="mehmet", responsible_id="ali")


def at(minute: float) -> datetime:
    """Return a moment of the morning."""
    return START + timedelta(minutes=minute)


def call(number: str = NUMBER, minute: float = 0, **fields: Any) -> CallFact:
    """Return a call of half a minute."""
    values: dict[str, Any] = {
        "call_id": f"{number}@{minute}", "outgoing": False, "number": number,
        "at": at(minute + 0.5), "started_at": at(minute), "ended_at": at(minute + 0.5),
        "line": "02125550100", "outcome": "no_answer", "reason": "the caller hung up",
        "ring_s": 21.5, "missed": False, "answered": False, "tried": False, "user_id": None,
        "extension": "",
    }  # fmt: skip
    return CallFact(**values | fields)


def missed(number: str = NUMBER, minute: float = 0, **fields: Any) -> CallFact:
    """Return a call from outside that nobody took."""
    return call(number, minute, missed=True, **fields)


def taken(number: str = NUMBER, minute: float = 10, **fields: Any) -> CallFact:
    """Return a call from outside that 101 took."""
    said = {"outcome": "answered", "extension": "101", "by": "Ayşe", "user_id": "ayse"}
    return call(number, minute, answered=True, **said | fields)


def back(number: str = NUMBER, minute: float = 10, **fields: Any) -> CallFact:
    """Return a call of 101 that was answered outside."""
    return taken(number, minute, outgoing=True, **fields)


def tried(number: str = NUMBER, minute: float = 5, **fields: Any) -> CallFact:
    """Return a call of 101 that was not answered outside."""
    said = {"outcome": "busy", "extension": "101", "by": "Ayşe", "user_id": "ayse"}
    return call(number, minute, outgoing=True, tried=True, **said | fields)


def worklist() -> Worklist:
    """Return a list on which nothing stands, that names tasks t0, t1 …"""
    ids = count()
    return Worklist((), (), lambda: f"t{next(ids)}")
