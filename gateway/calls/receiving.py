"""What telephone systems tell becomes calls on disk, history and events, in one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

import gateway.history.tables as history
from gateway.calls import dial_tables, tables
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
    Dial,
    DialState,
    TelephoneState,
)
from gateway.calls.port import PbxCondition, PbxStatus
from gateway.calls.telling import describe_call, dial_event, recording_url
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel import events
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan, NumberKind
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.parties.lookup import Owner, by_number
from gateway.people.model import PresenceState
from gateway.people.presence import Presence
from gateway.people.tables import users

_EXTENSION_OF = select(users.c.id).where(
    users.c.extension == bindparam("of_extension"), users.c.disabled_at.is_(None)
)
_MOBILE_OF = select(users.c.id).where(
    users.c.mobile == bindparam("of_mobile"), users.c.disabled_at.is_(None)
)
_PRESENCE = {
    TelephoneState.FREE: PresenceState.FREE,
    TelephoneState.RINGING: PresenceState.RINGING,
    TelephoneState.BUSY: PresenceState.BUSY,
    TelephoneState.DO_NOT_DISTURB: PresenceState.AWAY,
    TelephoneState.OFFLINE: PresenceState.AWAY,
}
_TAKEN = frozenset({CallOutcome.ANSWERED, CallOutcome.FAX})
_NOT_PICKED_UP = {
    CallOutcome.BUSY.value: "the telephone {} is busy",
    CallOutcome.DECLINED.value: "the telephone {} declined",
    CallOutcome.OFFLINE.value: "the telephone {} cannot be reached",
    CallOutcome.FAILED.value: "the telephone {} cannot be reached",
}
"""Why a user's own telephone did not take his dial."""
_UNSEEN = "its end was not seen"
_MAX_EXTENSION = 6


class CallBook:
    """The telephone systems' sink: returns when the fact is on disk; nothing counts twice."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        plan: NumberingPlan,
        note_status: Callable[[PbxStatus], None] = lambda _status: None,
        wake_feed: Callable[[], None] = lambda: None,
        presence: Presence | None = None,
    ) -> None:
        self._store = store
        self._presence = presence or Presence()
        self._clock = runtime.clock
        self._plan = plan
        self._note_status = note_status
        self._wake_feed = wake_feed

    async def calls_changed(
        self, pbx: str, changes: Sequence[tuple[CallChange, CallRecord | None]]
    ) -> None:
        """Commit what changed; of several changes of one call the last state counts."""

        def unit(connection: Connection) -> None:
            newest: dict[str, CallRecord] = {}
            for change, record in changes:
                if change.kind is CallChangeKind.MERGED:
                    newest.pop(change.id, None)
                    self._merge(connection, pbx, change)
                elif record is not None:
                    newest[change.id] = record
            rows = {ref: self._write(connection, pbx, record) for ref, record in newest.items()}
            for change, _ in changes:
                if change.id in rows:
                    self._tell(connection, rows[change.id], change)

        await self._store.write(unit)
        self._wake_feed()

    async def calls_living(self, pbx: str, living: Collection[str]) -> None:
        """End what is still open on disk though it lives no more on the telephone system."""
        alive = set(living)

        def unit(connection: Connection) -> None:
            now = self._clock.now()
            for row in tables.living(connection, pbx):
                if row.ref not in alive:
                    self._lose(connection, row, now)

        await self._store.write(unit)
        self._wake_feed()

    def telephones_changed(self, pbx: str, states: Mapping[str, TelephoneState]) -> None:
        """Tell presence what telephones do."""
        self._presence.telephones_are(pbx, {one: _PRESENCE[do] for one, do in states.items()})

    def status_changed(self, status: PbxStatus) -> None:
        """Pass the state of a connection on; who is not connected tells of no telephone."""
        if status.condition is not PbxCondition.READY:
            self._presence.forget(status.id)
        self._note_status(status)

    def _write(self, connection: Connection, pbx: str, record: CallRecord) -> dict[str, Any]:
        row = tables.find(connection, pbx, record.id)
        told = describe_call(record)
        if row is not None:
            told = _completed(row.told, told)
        dial = dial_tables.find(connection, record.id)
        number = dial.number if dial else self._key(_other_side(told))
        owner = self._customer(connection, number)
        values = {
            "id": new_id() if row is None else row.id,
            "pbx": pbx,
            "ref": record.id,
            "state": told["state"],
            "direction": told["direction"],
            "number": number,
            "did": told["did"],
            "answered_by": told["answered_by"] or "",
            "outcome": told["outcome"],
            "started_at": datetime.fromisoformat(told["started_at"]),
            "ended_at": record.ended_at,
            "party_id": owner.party_id if owner else None,
            "person_id": owner.person_id if owner else None,
            "user_id": dial.user_id if dial else self._user(connection, told),
            "told": told,
            "updated_at": self._clock.now(),
        }
        tables.write(connection, values, known=row is not None)
        if dial is not None:
            self._note_dial(connection, dial, values)
        self._record(connection, values)
        return {**values, "responsible_id": owner.responsible_id if owner else None}

    def _note_dial(self, connection: Connection, dial: Dial, call: Mapping[str, Any]) -> None:
        """Tie a dial to its call, which tells what became of it when nobody answered us."""
        if dial.call_id != call["id"]:
            dial_tables.link(connection, dial.ref, call["id"])
        parties = call["told"]["parties"]
        outcomes = [one["outcome"] for one in parties if one["party"] == dial.extension]
        picked_up = CallOutcome.ANSWERED in outcomes
        if not picked_up and call["ended_at"] is None:
            return
        state = DialState.ANSWERED if picked_up else DialState.FAILED
        why = _NOT_PICKED_UP.get(outcomes[0] if outcomes else "", "{} was not picked up")
        reason = "" if picked_up else why.format(dial.extension)
        if dial.state is DialState.FAILED and state is DialState.FAILED:
            dial_tables.explain(connection, dial.ref, reason)
        settled = dial_tables.settle(connection, dial.ref, state, reason, self._clock.now())
        if settled is not None:
            events.append(connection, dial_event(settled, self._clock.now()))

    def _record(self, connection: Connection, call: Mapping[str, Any]) -> None:
        """Write the line of the history; calls inside the company have none."""
        if call["direction"] == CallDirection.INTERNAL:
            return
        history.record(
            connection,
            Interaction(
                kind=InteractionKind.CALL,
                direction=Direction(call["direction"]),
                ref=call["id"],
                number=call["number"],
                line=call["did"] or call["pbx"],
                party_id=call["party_id"],
                person_id=call["person_id"],
                user_id=call["user_id"],
                started_at=call["started_at"],
                ended_at=call["ended_at"],
                outcome=call["outcome"] if call["ended_at"] else call["state"],
                document=recording_url(call["id"]) if call["told"]["recording"] else "",
            ),
        )

    def _tell(self, connection: Connection, call: Mapping[str, Any], change: CallChange) -> None:
        kind = change.kind.value
        if change.kind is CallChangeKind.ENDED and call["told"]["missed"]:
            kind = "missed"
        data = {"party": change.party, **call["told"], "id": call["id"], "pbx": call["pbx"]}
        event = events.Event(
            kind=f"call.{kind}", subject=call["id"], at=self._clock.now(),
            audience=events.audience_of(call["responsible_id"]), data=data,
        )  # fmt: skip
        events.append(connection, event)

    def _merge(self, connection: Connection, pbx: str, change: CallChange) -> None:
        row = tables.find(connection, pbx, change.id)
        if row is None:
            return
        history.drop(connection, InteractionKind.CALL, row.id)
        tables.drop(connection, row.id)
        survivor = tables.find(connection, pbx, change.party)
        if survivor is not None and row.notes:
            tables.write_notes(connection, survivor.id, [*survivor.notes, *row.notes])
        if change.id.startswith(dial_tables.REF):
            dial_tables.link(connection, change.id, survivor and survivor.id)
        event = events.Event(
            kind="call.merged", subject=row.id, at=self._clock.now(),
            audience=events.EVERYONE, data={"id": row.id, "into": change.party, "pbx": pbx},
        )  # fmt: skip
        events.append(connection, event)

    def _lose(self, connection: Connection, row: Any, now: datetime) -> None:
        told = {
            **row.told,
            "state": CallState.ENDED.value,
            "ended_at": now.isoformat(),
            "reason": row.told["reason"] or _UNSEEN,
            "missed": row.direction == CallDirection.IN and row.outcome not in _TAKEN,
        }
        changed = {"state": told["state"], "ended_at": now, "told": told, "updated_at": now}
        values = {**tables.values_of(row), **changed}
        tables.write(connection, values, known=True)
        self._record(connection, values)
        ended = CallChange(CallChangeKind.ENDED, row.ref)
        owner = self._customer(connection, row.number)
        responsible = owner.responsible_id if owner else None
        self._tell(connection, {**values, "responsible_id": responsible}, ended)

    def _user(self, connection: Connection, told: Mapping[str, Any]) -> str | None:
        """Return our person in a call: who had it last, who took it, or who made it."""
        outward = told["direction"] == CallDirection.OUT
        extensions = [told["caller"]] if outward else [told["final_party"], told["answered_by"]]
        for extension in extensions:
            if extension:
                found = connection.execute(_EXTENSION_OF, {"of_extension": extension}).scalars()
                user: str | None = found.first()
                if user is not None:
                    return user
        return None

    def _customer(self, connection: Connection, number: str) -> Owner | None:
        """Return whose number it is; our own lines and colleagues' mobiles are no customer's."""
        if self._plan.is_own(number):
            return None
        ours = connection.execute(_MOBILE_OF, {"of_mobile": number}).first() if number else None
        return None if ours is not None else by_number(connection, number)

    def _key(self, raw: str) -> str:
        """Return the key of a number as lines write it: also without plus or trunk prefix."""
        if len(raw) <= _MAX_EXTENSION:
            return raw
        number = self._plan.from_network(raw)
        if number.kind is NumberKind.NAME and raw.isascii() and raw.isdigit():
            international = self._plan.from_network(f"+{raw}")
            number = international if international.kind is NumberKind.E164 else number
        return number.key


def _other_side(told: Mapping[str, Any]) -> str:
    number: str = told["callee" if told["direction"] == CallDirection.OUT else "caller"]
    return number


def _completed(before: Mapping[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return a call as it is now, with what only its beginning told: after a restart of ours the
    telephone system shows who speaks, and not how they came together."""
    kept = dict(now)
    for name in ("caller", "caller_name", "did", "callee", "queue", "digits", "answered_by"):
        kept[name] = now[name] or before.get(name, now[name])
    kept["started_at"] = min(before["started_at"], now["started_at"])
    for name in ("ring_s", "wait_s"):
        kept[name] = max(before[name], now[name])
    return kept
