"""Makes a message of a checked number and a text: its encoding, its segments, its first state."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from gateway.kernel.ids import new_id
from gateway.sending.states import SendState
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.model import Message
from gateway.sms.text import TextPlan, plan

MAX_SEGMENTS = 20
"""Longer texts are refused: phones and networks give up around here, and nobody reads them."""


@lru_cache(maxsize=256)
def planned(text: str, languages: frozenset[NationalLanguage]) -> TextPlan:
    """Return how a text goes out; mailings ask for the same one again and again."""
    return plan(text, languages=languages, max_segments=MAX_SEGMENTS)


def drafted(
    recipient: str,
    text: str,
    languages: frozenset[NationalLanguage],
    now: datetime,
    *,
    at: datetime | None = None,
    **fields: Any,
) -> tuple[Message, tuple[str, ...]]:
    """Return a message to be stored, and the texts of its segments; raises Invalid."""
    text_plan = planned(text, languages)
    later = at is not None and at > now
    message = Message(
        id=new_id(),
        state=SendState.SCHEDULED if later else SendState.QUEUED,
        recipient=recipient,
        text=text,
        coding=text_plan.coding,
        locking=text_plan.locking,
        single=text_plan.single,
        segments=len(text_plan.segments),
        reason=text_plan.explanation,
        not_before=at if later else now,
        created_at=now,
        **fields,
    )
    return message, text_plan.segments
