"""Events as Server-Sent Events write them (WHATWG HTML §9.2)."""

from __future__ import annotations

from pydantic_core import to_json

from gateway.kernel.events import Event

RETRY = b"retry: 2000\n\n"
"""A reader whose stream ended comes back after so many milliseconds."""
HEARTBEAT = b"event: beat\ndata: {}\n\n"
"""An event and no comment: a script must be able to notice that its line is dead. It has no id."""


def line_of(event: Event) -> bytes:
    """Return an event as a reader is sent it."""
    data = to_json({"subject": event.subject, "at": event.at.isoformat(), **event.data})
    return f"id: {event.id}\nevent: {event.kind}\ndata: ".encode() + data + b"\n\n"
