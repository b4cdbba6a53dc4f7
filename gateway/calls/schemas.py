"""Calls as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.calls.dialling_rules import DiallingRules
from gateway.calls.model import (
    CallDirection,
    CallOutcome,
    CallState,
    DialState,
    Doing,
    RecordingState,
    TransferKind,
)
from gateway.calls.port import PbxCondition, PbxStatus
from gateway.web.fields import Extension, Id, Moment, Number, PartyId, PersonId, UserId
from gateway.web.paging import NextCursor, PageQuery
from gateway.web.routes import Schema

Who = Annotated[str, Field(description="extension or number", examples=["101"])]
Seconds = Annotated[float, Field(examples=[12.5])]


class TransferOut(Schema):
    """A call passed on, or the attempt to."""

    kind: TransferKind
    from_: Annotated[str, Field(alias="from", examples=["101"])]
    to: Annotated[str, Field(examples=["102"])]
    answered: bool
    cancelled: Annotated[bool, Field(description="taken back before it was done")]


class CallPartyOut(Schema):
    """One party's part in a call."""

    party: Who
    internal: Annotated[bool, Field(description="one of our extensions")]
    called: Annotated[bool, Field(description="was rung, rather than made the call")]
    outcome: CallOutcome
    ring_s: Seconds
    talk_s: Seconds
    hold_s: Seconds
    hangup_cause: Annotated[int, Field(description="Q.850; 0: none told", examples=[16])]
    doing: Annotated[Doing, Field(description="what he does in it now", examples=["gone"])] = (
        Doing.GONE
    )


class NoteOut(Schema):
    """What somebody wrote on a call."""

    at: datetime
    user_id: UserId | None
    by: Annotated[str, Field(examples=["Ayşe Yılmaz"])]
    text: Annotated[str, Field(examples=["wants an offer until Friday"])]


class RecordingFileOut(Schema):
    """What became of a call's recording."""

    state: RecordingState
    reason: Annotated[str, Field(description="why it is not kept", examples=[""])]
    media_type: Annotated[str, Field(examples=["audio/wav"])]
    playable: Annotated[bool, Field(description="by browsers; otherwise it can be saved")]
    size_bytes: Annotated[int, Field(examples=[240_044])]
    duration_s: Annotated[
        float | None, Field(description="none: only decoding it would tell", examples=[15.0])
    ]


class CallOut(Schema):
    """A call from its first ring to its last hang-up."""

    id: Id
    pbx: Annotated[str, Field(description="the telephone system", examples=["office"])]
    state: CallState
    direction: CallDirection
    caller: Annotated[str, Field(description="as told; empty: withheld", examples=["05321234567"])]
    caller_name: Annotated[str, Field(examples=["Ahmet Çelik"])]
    number: Number
    did: Annotated[str, Field(description="our line that was called", examples=["02125550100"])]
    callee: Annotated[str, Field(description="what was dialled", examples=[""])]
    started_at: datetime
    ended_at: datetime | None
    answered_by: Annotated[str | None, Field(examples=["101"])]
    final_party: Annotated[
        str | None, Field(description="who had the customer at last", examples=["102"])
    ]
    outcome: Annotated[
        CallOutcome, Field(description="while the call lives: what it would be if it ended now")
    ]
    reason: Annotated[str, Field(description="why nobody answered", examples=[""])]
    missed: bool
    transfers: tuple[TransferOut, ...]
    ring_s: Seconds
    talk_s: Seconds
    wait_s: Annotated[float, Field(description="in a queue", examples=[0.0])]
    queue: Annotated[str, Field(examples=[""])]
    digits: Annotated[str, Field(description="pressed in a menu", examples=["2"])]
    hangup_cause: Annotated[int, Field(description="Q.850; 0: none told", examples=[16])]
    hung_up_by: Annotated[str, Field(examples=["101"])]
    click_to_call: bool
    conference: bool
    recording: Annotated[str, Field(description="file on the telephone system", examples=[""])]
    recording_url: Annotated[
        str, Field(description="where it is heard; empty until it is kept", examples=[""])
    ]
    recording_file: RecordingFileOut | None
    asks: Annotated[
        str, Field(description="who is asked now before the call is passed on", examples=[""])
    ] = ""
    parties: tuple[CallPartyOut, ...]
    notes: tuple[NoteOut, ...]
    party_id: PartyId | None
    person_id: PersonId | None
    user_id: UserId | None


class TransferIn(Schema):
    """Where a call is passed on to."""

    to: Annotated[str, Field(max_length=32, description="extension", examples=["102"])]
    attended: Annotated[
        bool, Field(description="who has the customer asks there first; complete or cancel ends it")
    ] = False


class NoteIn(Schema):
    """A note to be kept with a call."""

    text: Annotated[
        str, Field(min_length=1, max_length=4000, examples=["wants an offer until Friday"])
    ]


class DialIn(Schema):
    """Whom to dial."""

    to: Annotated[str, Field(max_length=64, examples=["0532 123 45 67"])]
    from_: Annotated[
        str,
        Field(
            alias="from", max_length=16, examples=["101"],
            description="extension that rings first; empty: that of the token's user",
        ),
    ] = ""  # fmt: skip
    pbx: Annotated[
        str, Field(max_length=32, description="empty: the first that is connected", examples=[""])
    ] = ""


class DialOut(Schema):
    """A number that is dialled for a user: his own telephone rings first."""

    id: Id
    pbx: Annotated[str, Field(examples=["office"])]
    user_id: UserId
    extension: Extension
    number: Number
    dialled: Annotated[
        str, Field(description="what the telephone system is given", examples=["005321234567"])
    ]
    state: DialState
    reason: Annotated[str, Field(description="why it failed or is uncertain", examples=[""])]
    asked_at: datetime
    settled_at: datetime | None
    call_id: Annotated[Id | None, Field(description="the call it became")]


class DiallingRulesOut(DiallingRules):
    """What may be dialled."""


class Asked(Schema):
    """The telephone system took it; the call changes when it is done."""

    id: Id


class PbxOut(Schema):
    """The connection with a telephone system."""

    id: Annotated[str, Field(examples=["office"])]
    condition: PbxCondition
    detail: Annotated[str, Field(examples=[""])]
    remedy: Annotated[str, Field(description="what an administrator can do", examples=[""])]
    version: Annotated[str, Field(description="of its manager interface", examples=["5.0.4"])]
    where: Annotated[str, Field(examples=["santral@127.0.0.1:5038"])]
    missing: Annotated[
        tuple[str, ...],
        Field(description="actions that our user may not ask for", examples=[["Originate"]]),
    ]


class PbxesOut(Schema):
    """A page of the telephone systems; without a next cursor it is the last."""

    items: tuple[PbxOut, ...]
    next_cursor: NextCursor


class HandOverQuery(Schema):
    """Which recording is handed over."""

    file: Annotated[
        str,
        Field(
            min_length=1, max_length=1024, description="its name there, as MixMonitor was told",
            examples=["/var/spool/asterisk/monitor/2026/12/01/in-101.wav"],
        ),
    ]  # fmt: skip
    call: Annotated[
        str,
        Field(max_length=1024, description="the call's Linkedid there", examples=["1795.12"]),
    ] = ""


class ReceiptOut(Schema):
    """A recording that was handed over and is on our disk."""

    id: Id
    state: RecordingState
    call_id: Annotated[Id | None, Field(description="none: its call is not known, or lives")]


class CallsOut(Schema):
    """A page of calls, newest first; without a next cursor it is the last."""

    items: tuple[CallOut, ...]
    next_cursor: NextCursor


class CallsQuery(PageQuery):
    """Which calls are wanted."""

    live: Annotated[bool, Field(description="only those that live now")] = False
    direction: CallDirection | None = None
    outcome: CallOutcome | None = None
    number: Annotated[str, Field(max_length=64, examples=["+905321234567"])] = ""
    party_id: Annotated[str, Field(max_length=32, examples=[""])] = ""
    since: Moment | None = None
    until: Moment | None = None


def pbx_out(status: PbxStatus) -> PbxOut:
    """Return the state of a connection as the API shows it."""
    return PbxOut(
        id=status.id,
        condition=status.condition,
        detail=status.detail,
        remedy=status.remedy,
        version=status.version,
        where=status.where,
        missing=status.missing,
    )
