"""A modem that is up: one loop that sends, receives and looks after it, each in its turn."""

from __future__ import annotations

import asyncio
import logging

from drivers.modem import network
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtError, AtRefused, AtTimeout
from drivers.modem.context import ModemContext, as_refusal
from drivers.modem.jobs import CommandJob, SubmitJob
from drivers.modem.sms import Receiver
from drivers.modem.startup import Session, is_marked
from gateway.kernel.errors import GatewayError, Permanent, Temporary, Uncertain
from gateway.sms.port import ModemCondition

logger = logging.getLogger(__name__)

_STEPS_FOR_EACH_SUBMIT = 4
"""So many commands of receiving go before one waiting submit, and the other way round."""
# Refusals that say something about the modem, not about the message.
_LOOK_AFTER = ("cms-31", "cms-33", "cms-532", "cme-1", "cme-3")


class Restarted(Exception):
    """The modem has lost its settings, or its SIM: it is to be brought up anew."""


class Operation:
    """Works with one modem until the link is lost or the modem stops answering."""

    def __init__(self, context: ModemContext, client: AtClient, session: Session) -> None:
        self._context = context
        self._client = client
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._receiver = Receiver(
            context.settings.id,
            client,
            session,
            context.arrivals,
            context.sink,
            slow_s=context.timing.slow_command_s,
            breathe=self._breathe,
        )
        self._steps = 0
        self._poll_at_s = self._sweep_at_s = self._loop.time()
        self._operator_at_s = 0.0
        self._push_again_at_s = 0.0
        self._alarm: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Work; raises AtLost, AtTimeout when it stays silent, Restarted."""
        try:
            while True:
                self._client.check_link()
                try:
                    await self._step()
                except AtTimeout:
                    await self._recover()
        finally:
            if self._alarm is not None:
                self._alarm.cancel()

    async def _step(self) -> None:
        if self._client.out_of_step:
            await self._recover()
        if self._context.look_soon or self._loop.time() >= self._poll_at_s:
            await self._look_after()
        if self._loop.time() >= self._sweep_at_s:
            await self._begin_sweep()
        received = self._may_receive
        if received:
            await self._receive()
        job = self._context.jobs.take()
        if job is not None:
            await self._do(job)
        elif not received:
            await self._idle()

    # Receiving.

    @property
    def _may_receive(self) -> bool:
        arrivals = self._context.arrivals
        if arrivals.pushed and self._loop.time() >= self._push_again_at_s:
            return True
        return arrivals.stored

    async def _receive(self) -> None:
        try:
            await self._receiver.turn()
        except AtRefused as error:
            logger.warning("modem %s: %s", self._context.settings.id, error)
        if self._context.arrivals.pushed:
            self._push_again_at_s = self._loop.time() + self._context.timing.sink_retry_s
        self._context.board.update(storage=dict(self._session.memories.usage))

    async def _begin_sweep(self) -> None:
        self._sweep_at_s = self._loop.time() + self._context.settings.sweep_interval_s
        if self._session.indications:  # some modems forget it when a push was not acknowledged
            await network.optional(self._client, self._session.indications)
        self._context.arrivals.look_everywhere()

    async def _breathe(self) -> None:
        """Between the commands of receiving: let a submit pass now and then."""
        self._steps += 1
        if self._steps < _STEPS_FOR_EACH_SUBMIT or not self._context.jobs:
            return
        self._steps = 0
        job = self._context.jobs.take()
        if job is not None:
            await self._do(job)

    # Sending.

    async def _do(self, job: SubmitJob | CommandJob) -> None:
        if isinstance(job, SubmitJob):
            await self._submit(job)
        else:
            await self._command(job)

    async def _submit(self, job: SubmitJob) -> None:
        context, client = self._context, self._client
        context.unanswered = ""
        try:
            reference = await client.submit(
                job.pdu.hex,
                job.pdu.tpdu_length,
                timeout_s=context.settings.submit_timeout_s,
                on_silence=self._fell_silent,
            )
        except (Temporary, Permanent, Uncertain) as error:
            if client.submit_unanswered:
                context.unanswered = job.token
            self._fail(job, error)
        except asyncio.CancelledError:
            self._interrupted(job)
            raise
        else:
            self._accepted(job, reference)
        if context.board.condition is ModemCondition.SILENT:
            context.look_soon = True

    def _accepted(self, job: SubmitJob, reference: int) -> None:
        if job.done.cancelled():
            self._context.tell_late(job.token, reference)
        else:
            job.done.set_result(reference)

    def _fail(self, job: SubmitJob, error: GatewayError) -> None:
        if isinstance(error, AtError):
            error = as_refusal(self._context.settings.id, error)
        elif isinstance(error, Temporary) and error.code.startswith(_LOOK_AFTER):
            self._context.look_soon = True
        if not job.done.cancelled():
            job.done.set_exception(error)
        elif not isinstance(error, Uncertain):
            self._context.tell_late(job.token, None)

    def _interrupted(self, job: SubmitJob) -> None:
        """The driver is being stopped with a message in hand."""
        if job.done.done():
            return
        if self._client.submit_unanswered:
            job.done.set_exception(Uncertain("the modem was stopped before it had answered"))
        else:
            job.done.set_exception(self._context.not_ready())

    def _fell_silent(self) -> None:
        waited_s = self._context.timing.silent_after_s
        self._silent(f"a message has been waiting for its answer for {waited_s:.0f} s")

    async def _command(self, job: CommandJob) -> None:
        try:
            await self._client.command(job.line, timeout_s=self._context.timing.slow_command_s)
        except AtError as error:
            if not job.done.done():
                job.done.set_exception(error)
            if isinstance(error, AtTimeout):
                raise
        else:
            if not job.done.done():
                job.done.set_result(None)

    # Looking after it.

    async def _look_after(self) -> None:
        """Ask the modem how it is; this is also how one that hangs is noticed."""
        self._context.look_soon = False
        timing, client, board = self._context.timing, self._client, self._context.board
        await self._check_it_has_not_restarted()
        signal_dbm = await network.signal_dbm(client)
        registration = await network.registration(client)
        if not registration.registered and not await self._sim_is_ready():
            raise Restarted
        now_s = self._loop.time()
        operator = board.status.operator if registration.registered else ""
        if registration.registered and (not operator or now_s >= self._operator_at_s):
            operator = await network.operator(client)
            self._operator_at_s = now_s + timing.operator_poll_s
        condition, detail, remedy = registration.condition
        board.update(
            condition=condition,
            detail=detail,
            remedy=remedy,
            registration=registration.value,
            signal_dbm=signal_dbm,
            operator=operator,
        )
        poll_s = self._context.settings.poll_interval_s
        if not registration.registered:
            poll_s = min(poll_s, timing.registration_poll_s)
            self._context.refuse_waiting()
        self._poll_at_s = self._loop.time() + poll_s

    async def _check_it_has_not_restarted(self) -> None:
        if not self._session.marked or await is_marked(self._client):
            return
        if not await is_marked(self._client):  # twice, for the line may be noisy
            raise Restarted

    async def _sim_is_ready(self) -> bool:
        lines = await network.optional(self._client, "AT+CPIN?")
        return "READY" in lines[0].upper() if lines else False

    async def _recover(self) -> None:
        """Bring a modem that left a command unanswered back into step; raises AtTimeout."""
        timing = self._context.timing
        for _ in range(timing.resync_attempts):
            if await self._client.probe(timing.resync_probe_s):
                self._context.look_soon = True
                self._context.arrivals.look_everywhere()
                return
            self._silent("the modem has stopped answering")
        if self._session.profile.reset:
            self._client.shout(self._session.profile.reset)
        raise AtTimeout("the modem has stopped answering", code="silent")

    def _silent(self, detail: str) -> None:
        self._context.board.enter(
            ModemCondition.SILENT,
            detail,
            "it is being revived; if it stays like this, unplug it and plug it in again",
        )
        self._context.refuse_waiting()

    async def _idle(self) -> None:
        """Wait for something to do; one alarm serves until the next due time changes."""
        due_s = min(self._poll_at_s, self._sweep_at_s)
        if self._context.arrivals.pushed:
            due_s = min(due_s, self._push_again_at_s)
        if self._alarm is None or self._alarm.when() != due_s:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = self._loop.call_at(due_s, self._context.wake.set)
        await self._context.wake.wait()
        self._context.wake.clear()
