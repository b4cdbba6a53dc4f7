"""What people do with a call: pass it on, park it, end it, write a note on it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import Connection

from gateway.calls import tables
from gateway.calls.port import MODEM, Pbx
from gateway.calls.showing import Calls
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Invalid, NotFound
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.web.principal import Permission, Principal

MAX_NOTES = 100
_EXTENSION = re.compile(r"[0-9*#]{1,6}")
"""Whom a customer may be passed on to: never a number outside, which somebody would pay for."""


class CallActions:
    """Asks the telephone system; the call itself changes when the system tells so.

    Raises NotFound (no such call, or not his), Conflict (it has ended), Temporary (surely not
    done), Permanent (the telephone system refuses) and Uncertain (it may have been done).
    """

    def __init__(
        self, calls: Calls, systems: Callable[[], Mapping[str, Pbx]], store: Store, clock: Clock
    ) -> None:
        self._calls = calls
        self._systems = systems
        self._store = store
        self._clock = clock

    async def transfer(
        self, principal: Principal, call_id: str, to: str, *, attended: bool = False
    ) -> None:
        """Send the customer to an extension; attended: after who has him asked there."""
        if not _EXTENSION.fullmatch(to):
            raise Invalid(f"{to[:40]!r} is no extension: up to six digits", field="to")

        async def work(pbx: Pbx, ref: str) -> None:
            await (pbx.consult if attended else pbx.transfer)(ref, to)

        await self._act(principal, call_id, f"transfer to {to}", work)

    async def end_consulting(self, principal: Principal, call_id: str, *, pass_on: bool) -> None:
        """Pass the customer on to who was asked, or take him back."""

        async def work(pbx: Pbx, ref: str) -> None:
            await pbx.end_consulting(ref, pass_on=pass_on)

        await self._act(principal, call_id, "pass on" if pass_on else "take back", work)

    async def park(self, principal: Principal, call_id: str) -> None:
        """Put the customer into the car park."""
        await self._act(principal, call_id, "park", lambda pbx, ref: pbx.park(ref))

    async def hang_up(self, principal: Principal, call_id: str) -> None:
        """End the call."""
        await self._act(principal, call_id, "hang up", lambda pbx, ref: pbx.hang_up(ref))

    async def note(self, principal: Principal, call_id: str, text: str) -> None:
        """Keep a note with a call, also with one that has ended; raises NotFound, Conflict."""
        principal.require(Permission.CALLS_ACT)
        await self._calls.show(principal, call_id)
        now = self._clock.now()
        note = {
            "at": now.isoformat(), "user_id": principal.user_id, "by": principal.name, "text": text
        }  # fmt: skip

        def unit(connection: Connection) -> None:
            row = tables.by_id(connection, call_id)
            if row is None:
                raise NotFound(f"there is no call {call_id} any more: it became part of another")
            if len(row.notes) >= MAX_NOTES:
                raise Conflict(f"call {call_id} has {MAX_NOTES} notes already")
            tables.write_notes(connection, call_id, [*row.notes, note])
            audit.record(connection, principal, "note", ("call", call_id), at=now)

        await self._store.write(unit)

    async def _act(
        self,
        principal: Principal,
        call_id: str,
        action: str,
        work: Callable[[Pbx, str], Awaitable[None]],
    ) -> None:
        principal.require(Permission.CALLS_ACT)
        name, ref = await self._calls.living(principal, call_id)
        if name.startswith(MODEM):
            modem = name.removeprefix(MODEM)
            raise Conflict(f"call {call_id} rings at the modem {modem}, where it can only be heard")
        pbx = self._systems().get(name)
        if pbx is None:
            raise Conflict(f"the telephone system {name} is not configured any more")
        now = self._clock.now()
        await self._store.write(
            lambda connection: audit.record(
                connection, principal, action, ("call", call_id), at=now
            )
        )
        await work(pbx, ref)
