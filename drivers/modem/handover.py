"""Handing what was received to the sink, which is allowed to fail."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.modem import pdu
from gateway.sms.port import (
    DeliveryReport,
    ModemSink,
    ReceivedSegment,
    Slot,
    Source,
    UnreadablePdu,
)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """Decoded PDUs of one look into a memory."""

    segments: list[ReceivedSegment] = field(default_factory=list)
    reports: list[DeliveryReport] = field(default_factory=list)
    unreadable: list[UnreadablePdu] = field(default_factory=list)

    def add(self, raw: str, length: int | None, source: Source) -> None:
        """Decode a PDU; what cannot be read is kept raw. What was written here is passed over."""
        try:
            decoded = pdu.decode(raw, tpdu_length=length)
        except pdu.PduError as error:
            self.unreadable.append(UnreadablePdu(source=source, raw=raw, reason=str(error)))
            return
        match decoded:
            case pdu.Deliver():
                self.segments.append(pdu.to_received(decoded, source))
            case pdu.StatusReport():
                self.reports.append(pdu.to_report(decoded, source))
            case pdu.SubmitEcho():
                pass

    @property
    def sources(self) -> list[Source]:
        """Where the PDUs lie that are to be handed over."""
        return [
            *(segment.source for segment in self.segments),
            *(report.source for report in self.reports),
            *(item.source for item in self.unreadable),
        ]


def source_of(raw: str, *, modem_id: str, store: str, slot: Slot, index: int = 0) -> Source:
    """Return where a PDU lies."""
    digest = hashlib.blake2b(raw.encode(), digest_size=16).hexdigest()
    return Source(modem_id=modem_id, store=store, slot=slot, index=index, digest=digest)


async def hand_over(batch: Batch, sink: ModemSink) -> list[Source]:
    """Hand a batch over; return the sources of what is durable now, and may be deleted."""
    durable: list[Source] = []
    if batch.segments and await succeeds(sink.received(batch.segments), "received messages"):
        durable += [segment.source for segment in batch.segments]
    if batch.reports and await succeeds(sink.reported(batch.reports), "delivery reports"):
        durable += [report.source for report in batch.reports]
    if batch.unreadable and await succeeds(sink.unreadable(batch.unreadable), "unreadable PDUs"):
        durable += [item.source for item in batch.unreadable]
    return durable


async def succeeds(call: Coroutine[Any, Any, None], what: str) -> bool:
    """Await a call of the sink; tell whether it returned. A sink that raises is not our end.

    What it did not take stays where it is and is handed over again.
    """
    outcomes: Sequence[BaseException | None] = await asyncio.gather(call, return_exceptions=True)
    outcome = outcomes[0]
    if outcome is None:
        return True
    if not isinstance(outcome, Exception):
        raise outcome
    logger.error("%s could not be stored; they are kept and tried again", what, exc_info=outcome)
    return False
