"""Dials for users: their own telephone rings, then the number is called. Never twice."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from gateway.calls import dial_tables
from gateway.calls.dialling_rules import DiallingRules, dialled
from gateway.calls.model import Dial, DialState
from gateway.calls.port import Pbx, PbxCondition, PbxSettings
from gateway.calls.tables import dials
from gateway.calls.telling import dial_event
from gateway.kernel import events, settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import (
    Conflict,
    Forbidden,
    GatewayError,
    Invalid,
    NotFound,
    Permanent,
    Temporary,
    Uncertain,
)
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan, NumberKind, PhoneNumber
from gateway.kernel.settings import Setting
from gateway.kernel.store import Store
from gateway.parties.lookup import by_number
from gateway.parties.rights import may_see
from gateway.parties.tables import parties
from gateway.people import audit
from gateway.people.tables import users
from gateway.web.principal import Permission, Principal, Sight

logger = logging.getLogger(__name__)

RULES = "dialling_rules"
THE_ONE = "calls"
RETRY_S = 1.0
"""Before what became of a dial is written again, when the store did not take it."""
_EXTENSION = re.compile(r"[0-9]{1,16}")
_SHOWN = 40
"""Characters that a telephone shows of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRequest:
    """Whom a user wants to speak with."""

    to: str
    extension: str = ""
    """Whose telephone rings first; empty: the user's own."""
    pbx: str = ""
    """Empty: the first telephone system that is connected."""


@dataclass(frozen=True, slots=True)
class System:
    """A telephone system that may be asked, and what it is told."""

    pbx: Pbx
    settings: PbxSettings


class Dialling:
    """Writes a dial down, then asks the telephone system once."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        plan: NumberingPlan,
        systems: Callable[[], Mapping[str, System]],
        wake_feed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._plan = plan
        self._systems = systems
        self._wake_feed = wake_feed
        self._asking: set[asyncio.Task[None]] = set()
        self._closing = False

    async def dial(self, principal: Principal, request: DialRequest, *, key: str = "") -> Dial:
        """Ring the user's telephone; once it is picked up the number is dialled from it.

        Returns at once. Raises Invalid or Forbidden (rules, limits), Conflict (the telephone rings
        for a dial already, or the key was used for another number), Temporary (not connected).
        """
        principal.require(Permission.CALLS_ACT)
        number = self._plan.parse(request.to, field="to")
        owner, name, system = principal.user_id or principal.name, "", self._system(request.pbx)
        fresh = True

        def unit(connection: Connection) -> Dial:
            nonlocal fresh, name
            before = dial_tables.repeated(connection, owner, key) if key else None
            if before is not None:
                fresh = False
                return _same(before, number, key)
            made = self._made(connection, principal, request, number, system.settings)
            self._check(connection, made, number)
            name = _name_of(connection, principal, number)
            dial_tables.add(connection, made, owner=owner, key=key)
            audit.record(
                connection, principal, "dial", ("dial", made.id), at=made.asked_at,
                changes={"number": number.masked, "from": made.extension},
            )  # fmt: skip
            events.append(connection, dial_event(made, made.asked_at))
            return made

        made = await self._store.write(unit)
        if fresh:
            asking = asyncio.create_task(
                self._ask(system.pbx, made, name or made.dialled), name=f"dial {made.id}"
            )
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        self._wake_feed()
        return made

    async def show(self, principal: Principal, dial_id: str) -> Dial:
        """Return a dial; raises NotFound also for another's."""
        principal.require(Permission.CALLS_READ)
        query = select(dials).where(dials.c.id == dial_id)
        row = await self._store.read(lambda connection: connection.execute(query).first())
        if row is None or (principal.sight is Sight.OWN and row.user_id != principal.user_id):
            raise NotFound(f"there is no dial {dial_id}")
        return dial_tables.dial_of(row)

    async def recover(self) -> int:
        """Make uncertain what was being asked when the service ended; return how many."""
        now = self._clock.now()

        def unit(connection: Connection) -> int:
            stranded = dial_tables.recover(connection, now)
            events.append(connection, *(dial_event(dial, now) for dial in stranded))
            return len(stranded)

        return await self._store.write(unit)

    async def close(self) -> None:
        """Stop waiting for answers: what is asked now is uncertain."""
        self._closing = True
        for asking in list(self._asking):
            asking.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def rules(self) -> DiallingRules:
        """Return the rules in force."""
        return await self._store.read(rules_of)

    async def decide(self, principal: Principal, rules: DiallingRules) -> DiallingRules:
        """Replace the rules."""
        principal.require(Permission.SETTINGS_MANAGE)
        now, value = self._clock.now(), rules.model_dump(mode="json")

        def unit(connection: Connection) -> None:
            settings.put(connection, Setting(kind=RULES, id=THE_ONE, value=value), now)
            audit.record(connection, principal, "change", (RULES, THE_ONE), at=now, changes=value)

        await self._store.write(unit)
        return rules

    def _system(self, wanted: str) -> System:
        systems = self._systems()
        if wanted and wanted not in systems:
            raise Invalid(f"there is no telephone system {wanted[:40]!r}", field="pbx")
        chosen = [systems[wanted]] if wanted else list(systems.values())
        if not chosen:
            raise Permanent("no telephone system is configured; add [[pbx]] to santral.toml")
        for system in chosen:
            if system.pbx.status.condition is PbxCondition.READY:
                return system
        status = chosen[0].pbx.status
        raise Temporary(
            f"the telephone system {status.id} is not connected: "
            f"{status.detail or status.condition}"
        )

    def _made(
        self,
        connection: Connection,
        principal: Principal,
        request: DialRequest,
        number: PhoneNumber,
        system: PbxSettings,
    ) -> Dial:
        user = _user(connection, principal, request.extension)
        dial_id = new_id()
        return Dial(
            id=dial_id,
            pbx=system.id,
            ref=f"{dial_tables.REF}{dial_id}",
            user_id=user.id,
            extension=user.extension,
            number=number.key,
            dialled=dialled(number, self._plan, system.outside),
            state=DialState.ASKED,
            asked_at=self._clock.now(),
        )

    def _check(self, connection: Connection, dial: Dial, number: PhoneNumber) -> None:
        """Raise unless the rules let a user dial a number now."""
        rules = rules_of(connection)
        if dial.number == dial.extension:
            raise Invalid(f"{dial.number} is the telephone that would ring first", field="to")
        if not _colleague(connection, number):
            refusal = rules.refusal(number, self._plan)
            if refusal:
                raise Forbidden(f"{refusal}; `santral call rules` shows what is")
        for limit, within, name in (
            (rules.per_hour, timedelta(hours=1), "an hour"),
            (rules.per_day, timedelta(days=1), "24 hours"),
        ):
            if dial_tables.count(connection, dial.user_id, dial.asked_at, within) >= limit:
                raise Forbidden(f"{limit} numbers were dialled from {dial.extension} in {name}")
        if dial_tables.rings(connection, dial.extension):
            raise Conflict(f"{dial.extension} rings for another number already; pick it up")

    async def _ask(self, pbx: Pbx, dial: Dial, shown: str) -> None:
        state, reason = DialState.UNCERTAIN, "it is not known what the telephone system did"
        try:
            await pbx.dial(dial.ref, dial.extension, dial.dialled, shown)
        except Uncertain as error:
            reason = str(error)
        except GatewayError as error:
            state, reason = DialState.FAILED, str(error)
        except asyncio.CancelledError:
            reason = "the service ended while the telephone system was being asked"
        except Exception:
            logger.exception("dial %s: the driver failed", dial.id)
        else:
            state, reason = DialState.ANSWERED, ""
        await self._settle(dial, state, reason)

    async def _settle(self, dial: Dial, state: DialState, reason: str) -> None:
        def unit(connection: Connection) -> None:
            settled = dial_tables.settle(connection, dial.ref, state, reason, self._clock.now())
            if settled is not None:
                events.append(connection, dial_event(settled, self._clock.now()))

        while True:
            try:
                await self._store.write(unit)
                break
            except GatewayError as error:
                logger.warning("what became of dial %s waits for the store: %s", dial.id, error)
                if self._closing:
                    break  # the next start makes it uncertain
                await asyncio.sleep(RETRY_S)
        self._wake_feed()


def rules_of(connection: Connection) -> DiallingRules:
    """Return the rules in force."""
    stored = settings.find(connection, RULES, THE_ONE)
    return DiallingRules.model_validate(stored.value if stored else {})


def _same(before: Dial, number: PhoneNumber, key: str) -> Dial:
    if before.number != number.key:
        raise Conflict(
            f"the Idempotency-Key {key!r} was used for another number; use a new one for a new dial"
        )
    return before


def _user(connection: Connection, principal: Principal, extension: str) -> Any:
    """Return whose telephone rings first: the user's own, or whom an administrator names."""
    query = select(users.c.id, users.c.extension).where(users.c.disabled_at.is_(None))
    own: Any = connection.execute(query.where(users.c.id == principal.user_id)).first()
    user: Any = own
    if own is None and not extension:
        raise Invalid(f"{principal.name} has no telephone; say whose is to ring", field="from")
    if own is None or extension not in {"", own.extension}:
        if Permission.CALLS_DIAL_FOR_OTHERS not in principal.permissions:
            raise Forbidden(f"{principal.name} may not have another's telephone ring")
        user = connection.execute(query.where(users.c.extension == extension)).first()
        if user is None:
            raise Invalid(f"{extension[:20]!r} is no user's extension", field="from")
    if not _EXTENSION.fullmatch(user.extension):
        raise Invalid("the user has no extension; `santral user` sets it", field="from")
    return user


def _colleague(connection: Connection, number: PhoneNumber) -> bool:
    """Tell whether a number is the extension of one of our people."""
    if number.kind is not NumberKind.SHORT:
        return False
    query = select(users.c.id).where(users.c.extension == number.key, users.c.disabled_at.is_(None))
    return connection.execute(query).first() is not None


def _name_of(connection: Connection, principal: Principal, number: PhoneNumber) -> str:
    """Return the customer's name, for the telephone that rings first."""
    owner = by_number(connection, number.key)
    if owner is None or not may_see(principal, owner.responsible_id):
        return ""
    query = select(parties.c.name).where(parties.c.id == owner.party_id)
    name: str = connection.execute(query).scalar_one()
    return "".join(char for char in name if char.isprintable() and char not in '"<>\\')[:_SHOWN]
