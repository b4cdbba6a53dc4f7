"""A whole service without devices, a scripted modem at its queue, and a clock to be set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.app import Service, running
from gateway.config import Config
from gateway.kernel.errors import GatewayError
from gateway.kernel.metrics import Metrics
from gateway.sending.states import SendState
from gateway.sms import tables
from gateway.sms.clockwork import Clockwork
from gateway.sms.policy import SimPolicy
from gateway.sms.port import (
    DeliveryReport,
    ModemCondition,
    ModemStatus,
    OutgoingSegment,
    ReceivedSegment,
    ReportOutcome,
    Slot,
    Source,
    SubmitReceipt,
    TextCoding,
)
from gateway.sms.sending import SendSms
from gateway.sms.worker import Worker
from gateway.web.principal import LOCAL_ADMINISTRATOR
from tests.waiting import until

CUSTOMER = "+905321234567"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # noon in Istanbul
Answer = Callable[[OutgoingSegment], Awaitable[int]] | GatewayError | int


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


@dataclass
class ScriptedModem:
    """Answers each submit with the next answer of its script; without one, it takes it."""

    id: str = "m0"
    imsi: str = ""
    script: list[Answer] = field(default_factory=list)
    taken: list[OutgoingSegment] = field(default_factory=list)
    ready_now: bool = True

    @property
    def status(self) -> ModemStatus:
        condition = ModemCondition.READY if self.ready_now else ModemCondition.SILENT
        return ModemStatus(modem_id=self.id, condition=condition, imsi=self.imsi)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def ready(self) -> None:
        while not self.ready_now:
            await asyncio.sleep(0.01)

    async def ussd(self, code: str, *, timeout_s: float = 30.0) -> str:
        return code

    async def submit(self, segment: OutgoingSegment, token: str) -> SubmitReceipt:
        answer: Answer = self.script.pop(0) if self.script else len(self.taken) % 256
        if isinstance(answer, GatewayError):
            raise answer
        self.taken.append(segment)
        if callable(answer):
            answer = await answer(segment)
        return SubmitReceipt(reference=answer)


class Desk:
    """What a test of the queue holds."""

    def __init__(self, service: Service, clock: SetClock) -> None:
        self.service = service
        self.clock = clock
        self.clockwork = Clockwork(service.store, clock, service.fleet.wake.all)
        self.metrics = Metrics()
        self._places = 0

    async def send(self, text: str = "Merhaba", **fields: Any) -> str:
        """Queue a text; returns its id."""
        request = SendSms(**{"to": CUSTOMER, "text": text, **fields})
        return (await self.service.sending.send(LOCAL_ADMINISTRATOR, request)).id

    async def state(self, message_id: str) -> SendState:
        """Return a message's state."""
        query = select(tables.messages.c.state).where(tables.messages.c.id == message_id)
        return SendState(await self.service.store.read(lambda c: c.execute(query).scalar_one()))

    async def until_state(self, message_id: str, state: SendState) -> None:
        """Wait until a message is in a state."""

        async def seen() -> bool:
            return await self.state(message_id) is state

        await until(seen, timeout_s=10)

    @asynccontextmanager
    async def working(
        self, *modems: ScriptedModem, policy: SimPolicy | None = None
    ) -> AsyncIterator[None]:
        """Let modems work on the queue."""
        fleet = self.service.fleet
        for modem in modems:
            fleet.dispatch.sit(modem.id, modem, policy or SimPolicy())
        workers = [
            Worker(
                modem.id, modem, self.service.store, self.clock, fleet.dispatch,
                wake=fleet.wake, metrics=self.metrics,
            )
            for modem in modems
        ]  # fmt: skip
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            for modem in modems:
                fleet.dispatch.leave(modem.id)

    async def report(
        self, reference: int, outcome: ReportOutcome = ReportOutcome.DELIVERED, modem: str = "m0"
    ) -> None:
        """Have a delivery report arrive."""
        await self.service.inbox.reported(
            [
                DeliveryReport(
                    source=self._source(modem), reference=reference, recipient=CUSTOMER,
                    outcome=outcome, status=0, submitted_at=self.clock.now(),
                    discharged_at=self.clock.now(),
                )
            ]
        )  # fmt: skip

    async def receive(self, text: str, *, sender: str = CUSTOMER, modem: str = "m0") -> None:
        """Have a text arrive."""
        await self.service.inbox.received(
            [
                ReceivedSegment(
                    source=self._source(modem), sender=sender, text=text,
                    alphanumeric=not sender.lstrip("+").isdigit(), coding=TextCoding.GSM7,
                    sent_at=self.clock.now(),
                )
            ]
        )  # fmt: skip

    async def outgoing(self) -> list[tuple[str, str]]:
        """Return recipient and text of every message that goes out, in order."""
        columns = tables.messages.c
        query = select(columns.recipient, columns.text).order_by(columns.created_at, columns.id)
        return await self.service.store.read(
            lambda c: [(row[0], row[1]) for row in c.execute(query)]
        )

    def later(self, **span: float) -> None:
        """Set the clock forward."""
        self.clock.moment += timedelta(**span)

    def _source(self, modem: str) -> Source:
        self._places += 1
        return Source(
            modem_id=modem, store=f"{modem}/SM", slot=Slot.STORED, index=self._places,
            digest=str(self._places),
        )  # fmt: skip


@asynccontextmanager
async def open_desk(database_url: str, folder: Path) -> AsyncIterator[Desk]:
    """Hold a desk."""
    clock = SetClock()
    config = Config.model_validate({"store": {"data": folder / "data", "url": database_url}})
    async with running(config, devices=False, tcp=False, clock=clock) as service:
        yield Desk(service, clock)
