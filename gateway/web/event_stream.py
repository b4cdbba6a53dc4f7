"""The live feed: events as they are written, by Server-Sent Events (WHATWG HTML §9.2).

A reader that was away says with `Last-Event-ID` what it saw last and is given what came since; one
that says nothing begins now. What a reader is slow to take stays in the log: nothing is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from aiohttp import web
from pydantic_core import to_json
from sqlalchemy import Connection, func, select

from gateway.kernel import events
from gateway.kernel.errors import Invalid
from gateway.kernel.event_feed import EventFeed
from gateway.kernel.events import EVERYONE, Event, audience_of
from gateway.kernel.store import Store
from gateway.web.principal import Permission, Principal, Sight

HEARTBEAT_S = 15.0
"""A comment this often keeps proxies from closing a silent stream."""
RETRY_MS = 2000
AT_ONCE = 500
_READS = {
    "call": Permission.CALLS_READ,
    "dial": Permission.CALLS_READ,
    "sms": Permission.SMS_READ,
    "party": Permission.PARTIES_READ,
    "person": Permission.PEOPLE_READ,
    "task": Permission.TASKS_READ,
}
_MAX_ID = 2**63 - 1
_NEWEST = select(func.coalesce(func.max(events.events.c.id), 0))


class EventStream:
    """Serves `/events`."""

    def __init__(self, store: Store, feed: EventFeed) -> None:
        self._store = store
        self._feed = feed

    async def answer(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """Stream events until the reader leaves."""
        wanted = _kinds(request)
        last = await self._begin(request)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store",
                     "X-Accel-Buffering": "no"}
        )  # fmt: skip
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MS}\n\n".encode())
        audiences = _audiences(principal)
        async with self._feed.subscribe() as woken:
            while True:
                woken.clear()
                last = await self._pass_on(response, principal, audiences, wanted, last)
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await woken.wait()
                except TimeoutError:
                    await response.write(b": still here\n\n")

    async def _begin(self, request: web.Request) -> int:
        told = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        if not told:
            return int((await self._store.rows(_NEWEST))[0][0])
        if not (told.isascii() and told.isdecimal() and int(told[:20]) <= _MAX_ID):
            raise Invalid(
                f"{told[:40]!r} is no event's id; give the id of the last event seen, or none",
                field="Last-Event-ID",
            )
        return int(told)

    async def _pass_on(
        self,
        response: web.StreamResponse,
        principal: Principal,
        audiences: Sequence[str] | None,
        wanted: Sequence[str],
        last: int,
    ) -> int:
        """Write what is behind `last`; return the last id."""
        while True:
            found, seen = await self._store.read(partial(_behind, last, audiences))
            lines = [_line(event) for event in found if _may(event, principal, wanted)]
            if lines:
                await response.write(b"".join(lines))
            if found:
                last = found[-1].id
            if len(found) < AT_ONCE:
                return max(last, seen)


def _behind(
    last: int, audiences: Sequence[str] | None, connection: Connection
) -> tuple[list[Event], int]:
    """Return the next events that may be seen, and up to where the log has been looked through."""
    newest = int(connection.execute(_NEWEST).scalar_one())
    return events.after(connection, last, audiences=audiences, limit=AT_ONCE), newest


def _kinds(request: web.Request) -> tuple[str, ...]:
    """Return the beginnings of kinds that are wanted: `call.` for all of calls; empty for all."""
    return tuple(request.query.getall("kinds", []))[:32]


def _audiences(principal: Principal) -> tuple[str, ...] | None:
    if principal.sight is Sight.ALL:
        return None
    return (EVERYONE, audience_of(principal.user_id))


def _may(event: Event, principal: Principal, wanted: Sequence[str]) -> bool:
    needed = _READS.get(event.kind.partition(".")[0], Permission.SETTINGS_MANAGE)
    asked = not wanted or event.kind.startswith(tuple(wanted))
    return asked and needed in principal.permissions


def _line(event: Event) -> bytes:
    data = to_json({"subject": event.subject, "at": event.at.isoformat(), **event.data})
    return f"id: {event.id}\nevent: {event.kind}\ndata: ".encode() + data + b"\n\n"
