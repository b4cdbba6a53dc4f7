"""What telephone systems tell becomes calls on disk, history and events, in one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

import gateway.history.tables as history
from gateway.calls import dial_tables, recording_tables, tables
from gateway.calls.model import (
    CallChange,
    CallChangeKind,
    CallDirection,
    CallOutcome,
    CallRecord,
    CallState,
    Dial,
    DialState,
    Doing,
    TelephoneState,
)
from gateway.calls.port import PbxCondition, PbxStatus
from gateway.calls.recording_names import key_of
from gateway.calls.resuming import gap_s, resume
from gateway.calls.telling import describe_call, dial_event, recorded_event, recording_url
from gateway.calls.whose import belonging, was_dialled
from gateway.history.model import Direction, Interaction, InteractionKind
from gateway.kernel import events
from gateway.kernel.errors import Invalid
from gateway.kernel.ids import new_id
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.runtime import Runtime
from gateway.kernel.store import Store
from gateway.people.model import PresenceState
from gateway.people.presence import Presence

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
_RANG = "{} was not picked up: something else answered, and the number may have rung"
_UNSEEN = "its end was not seen"
_WHOSE = ("id", "pbx", "number", "party_id", "person_id", "user_id", "private")
"""What an event tells of a call beside what the telephone system told."""


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
        recorded_in: Mapping[str, PurePosixPath] = MappingProxyType({}),
    ) -> None:
        self._store = store
        self._recorded_in = recorded_in
        """Each telephone system's folder of recordings, as that system calls it."""
        self._presence = presence or Presence()
        self._before: dict[str, tuple[Mapping[str, Any], float]] = {}
        """Living calls that were taken up in the middle: what was written before, and for how
        long they spoke unseen."""
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
            merged: list[CallChange] = []
            for change, record in changes:
                if change.kind is CallChangeKind.MERGED:
                    newest.pop(change.id, None)
                    merged.append(change)
                elif record is not None:
                    newest[change.id] = record
            rows = {ref: self._write(connection, pbx, record) for ref, record in newest.items()}
            for change in merged:
                self._merge(connection, pbx, change)
            for change, _ in changes:
                if change.id in rows:
                    self._tell(connection, rows[change.id], change)

        await self._store.write(unit)
        self._wake_feed()

    async def forget_systems(self, known: Collection[str]) -> None:
        """End what is open of telephone systems and modems that are there no more."""
        living = await self._store.read(tables.systems_of_living)
        for gone in living - set(known):
            await self.calls_living(gone, ())

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
        dial = dial_tables.find(connection, record.id)
        told = describe_call(record)
        if record.partial and row is not None:
            told = self._resumed(row, told)
        told["click_to_call"] = told["click_to_call"] or dial is not None
        whose = belonging(connection, self._plan, told, dial)
        values = {
            "id": new_id() if row is None else row.id,
            "pbx": pbx,
            "ref": record.id,
            "state": told["state"],
            "direction": told["direction"],
            "number": whose.number,
            "did": told["did"],
            "answered_by": told["answered_by"] or "",
            "outcome": told["outcome"],
            "started_at": datetime.fromisoformat(told["started_at"]),
            "ended_at": record.ended_at,
            "party_id": whose.owner.party_id if whose.owner else None,
            "person_id": whose.owner.person_id if whose.owner else None,
            "user_id": whose.user_id,
            "private": whose.private,
            "told": told,
            "updated_at": self._clock.now(),
        }
        tables.write(connection, values, known=row is not None)
        tables.note_people(connection, values["id"], whose.people)
        if dial is not None:
            self._note_dial(connection, dial, values)
        self._expect_recording(connection, values)
        self._record(connection, values)
        return {**values, "audience": whose.audience}

    def _resumed(self, row: Any, told: Mapping[str, Any]) -> dict[str, Any]:
        """Complete a call that was taken up in the middle by what was written before."""
        if row.id not in self._before:
            seconds = (self._clock.now() - row.updated_at).total_seconds()
            self._before[row.id] = (row.told, gap_s(row.told, told, seconds))
        before, unseen_s = self._before[row.id]
        if told["ended_at"] is not None:
            del self._before[row.id]
        return resume(before, told, unseen_s)

    def _note_dial(self, connection: Connection, dial: Dial, call: Mapping[str, Any]) -> None:
        """Tie a dial to its call, which tells what became of it when nobody answered us."""
        if dial.call_id != call["id"]:
            dial_tables.link(connection, dial.ref, call["id"])
        parties = call["told"]["parties"]
        outcomes = [one["outcome"] for one in parties if one["party"] == dial.extension]
        picked_up = CallOutcome.ANSWERED in outcomes
        if not picked_up and call["ended_at"] is None:
            return
        now = self._clock.now()
        if picked_up:
            settled = dial_tables.settle(connection, dial.ref, DialState.ANSWERED, "", now)
        elif was_dialled(connection, self._plan, dial, parties):
            settled = dial_tables.doubt(connection, dial.ref, _RANG.format(dial.extension), now)
        else:
            why = _NOT_PICKED_UP.get(outcomes[0] if outcomes else "", "{} was not picked up")
            reason = why.format(dial.extension)
            if dial.state is DialState.FAILED:
                dial_tables.explain(connection, dial.ref, reason)
            settled = dial_tables.settle(connection, dial.ref, DialState.FAILED, reason, now)
        if settled is not None:
            events.append(connection, dial_event(settled, now))

    def _expect_recording(self, connection: Connection, call: Mapping[str, Any]) -> None:
        """Note at a call's end that its recording is to be had."""
        if call["ended_at"] is None:
            return
        folder = self._recorded_in.get(call["pbx"], PurePosixPath("/"))
        try:
            name = key_of(call["told"]["recording"], folder)
        except Invalid:
            name = ""  # nothing can be handed over under a name that is none
        recording_tables.expect(connection, call, name, self._clock.now())

    def _record(self, connection: Connection, call: Mapping[str, Any]) -> None:
        """Write the line of the history; calls inside the company have none."""
        if call["direction"] == CallDirection.INTERNAL:
            return
        audible = call["ended_at"] is not None and recording_tables.is_kept(connection, call["id"])
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
                document=recording_url(call["id"]) if audible else "",
            ),
        )

    def _tell(self, connection: Connection, call: Mapping[str, Any], change: CallChange) -> None:
        kind = change.kind.value
        if change.kind is CallChangeKind.ENDED and call["told"]["missed"]:
            kind = "missed"
        whose = {name: call[name] for name in _WHOSE}
        data = {"party": change.party, **call["told"], **whose}
        event = events.Event(
            kind=f"call.{kind}", subject=call["id"], at=self._clock.now(),
            audience=call["audience"], data=data,
        )  # fmt: skip
        events.append(connection, event)

    def _merge(self, connection: Connection, pbx: str, change: CallChange) -> None:
        row = tables.find(connection, pbx, change.id)
        if row is None:
            return
        survivor = tables.find(connection, pbx, change.party)
        if survivor is not None and row.notes:
            tables.write_notes(connection, survivor.id, [*survivor.notes, *row.notes])
        self._before.pop(row.id, None)
        now = self._clock.now()
        recording_tables.release(connection, pbx, change.id, change.party, now)
        if survivor is not None and survivor.ended_at is not None:
            self._take_along(connection, survivor, now)
        history.drop(connection, InteractionKind.CALL, row.id)
        tables.drop(connection, row.id)
        into = survivor.id if survivor is not None else None
        if change.id.startswith(dial_tables.REF):
            dial_tables.link(connection, change.id, into)
        event = events.Event(
            kind="call.merged", subject=row.id, at=now,
            audience=events.EVERYONE, data={"id": row.id, "into": into, "pbx": pbx},
        )  # fmt: skip
        events.append(connection, event)

    def _take_along(self, connection: Connection, row: Any, now: datetime) -> None:
        """Give a call that has ended the recording of one that became part of it."""
        if recording_tables.is_kept(connection, row.id):
            return
        self._expect_recording(connection, tables.values_of(row))
        if recording_tables.is_kept(connection, row.id):
            history.link(connection, InteractionKind.CALL, row.id, recording_url(row.id), now)
            dial = dial_tables.find(connection, row.ref)
            whose = belonging(connection, self._plan, row.told, dial)
            events.append(connection, recorded_event(row, whose.audience, now))

    def _lose(self, connection: Connection, row: Any, now: datetime) -> None:
        """End a call unseen: when it was last heard of, so that what came later came later."""
        self._before.pop(row.id, None)
        ended_at: datetime = row.updated_at
        told = {
            **row.told,
            "state": CallState.ENDED.value,
            "ended_at": ended_at.isoformat(),
            "reason": row.told["reason"] or _UNSEEN,
            "asks": "",
            "parties": [{**one, "doing": Doing.GONE.value} for one in row.told["parties"]],
            "missed": row.direction == CallDirection.IN and row.outcome not in _TAKEN,
        }
        changed = {"state": told["state"], "ended_at": ended_at, "told": told, "updated_at": now}
        values = {**tables.values_of(row), **changed}
        tables.write(connection, values, known=True)
        self._expect_recording(connection, values)
        self._record(connection, values)
        whose = belonging(connection, self._plan, told, dial_tables.find(connection, row.ref))
        ended = CallChange(CallChangeKind.ENDED, row.ref)
        self._tell(connection, {**values, "audience": whose.audience}, ended)
