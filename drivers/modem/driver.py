"""The GSM modem driver: holds one device, reopens it when need be, takes what callers ask."""

from __future__ import annotations

import asyncio

from drivers import serial_link
from drivers.modem import ussd as ussd_codes
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtError, AtLost
from drivers.modem.context import NOT_READY, ModemContext
from drivers.modem.jobs import CommandJob, SubmitJob
from drivers.modem.operation import Operation, Restarted
from drivers.modem.pdu import encode_submit
from drivers.modem.pin import PinKeeper
from drivers.modem.probing import probe, unusable
from drivers.modem.profiles import Profile
from drivers.modem.startup import Identity, Session, Startup
from drivers.modem.status import StatusBoard, Trouble
from drivers.modem.telling import Teller
from drivers.modem.timing import Timing
from drivers.serial_link import LinkError
from gateway.calls.port import CallSink
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.errors import Permanent, Temporary
from gateway.sms.port import (
    ModemCondition,
    ModemSettings,
    ModemSink,
    ModemStatus,
    OutgoingSegment,
    SubmitReceipt,
)

__all__ = ["NOT_READY", "GsmModemDriver", "probe"]


class GsmModemDriver:
    """One configured modem; implements the SMS feature's `Modem`."""

    def __init__(
        self,
        settings: ModemSettings,
        sink: ModemSink,
        *,
        calls: CallSink | None = None,
        timing: Timing | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Take `calls`, who is told of voice calls that ring at the modem."""
        self._settings = settings
        self._timing = timing or Timing()
        self._board = StatusBoard(settings, sink.status_changed)
        self._teller = Teller(settings.id, sink, calls, clock or SystemClock(), self._timing)
        self._context = ModemContext(settings, sink, self._board, self._teller, self._timing)
        self._pins = PinKeeper(settings.pin)
        self._ussd_free = asyncio.Lock()

    @property
    def status(self) -> ModemStatus:
        """Return what is known right now, without I/O."""
        return self._board.status

    async def ready(self) -> None:
        """Wait until the modem can send."""
        await self._board.ready()

    async def submit(self, segment: OutgoingSegment, token: str) -> SubmitReceipt:
        """Submit one segment; raises Temporary, Permanent or Uncertain."""
        self._require_ready()
        job = SubmitJob(pdu=encode_submit(segment), token=token)
        self._context.jobs.add(job)
        self._context.wake.set()
        return SubmitReceipt(reference=await job.done)

    async def ussd(self, code: str, *, timeout_s: float = 30.0) -> str:
        """Send a USSD code and return the network's text; raises Temporary or Permanent."""
        line = ussd_codes.request(code, self._context.profile.ussd)
        self._require_ready()
        try:
            async with asyncio.timeout(timeout_s), self._ussd_free:
                return await self._answer(line)
        except TimeoutError as error:
            self._cancel_ussd()
            message = f"the network did not answer {code} within {timeout_s:.0f} s"
            raise Temporary(message, code="ussd", retry_after_s=10) from error

    async def run(self) -> None:
        """Hold the modem until cancelled: open, initialise, receive, poll, reopen."""
        self._board.enter(ModemCondition.STARTING, "the modem is being opened")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hold(), name=f"modem {self._settings.id} device")
                group.create_task(self._teller.run(), name=f"modem {self._settings.id} events")
        finally:
            self._board.enter(ModemCondition.STOPPED, "the modem is not in use")
            self._context.refuse_waiting()
            self._context.fail_ussd()

    def _require_ready(self) -> None:
        if not self._board.status.ready:
            raise self._context.not_ready()

    async def _answer(self, line: str) -> str:
        expected = self._context.expect_ussd()
        job = CommandJob(line=line)
        self._context.jobs.add(job)
        self._context.wake.set()
        try:
            await job.done
            answer = await expected
        finally:
            expected.cancel()
        if answer.error is not None:
            raise answer.error
        return answer.text or ""

    def _cancel_ussd(self) -> None:
        if self._board.status.ready:
            self._context.jobs.add(CommandJob(line=ussd_codes.CANCEL))
            self._context.wake.set()

    # The device.

    async def _hold(self) -> None:
        while True:
            try:
                await self._present()
                await self._use()
            except LinkError as error:
                self._down(unusable(error))
                absent = self._board.condition is ModemCondition.ABSENT
                pause_s = self._timing.device_watch_s if absent else self._timing.reopen_pause_s
            except AtLost:
                self._down(self._lost())
                pause_s = self._timing.device_watch_s
            except AtError as error:
                self._down(self._silent(str(error)))
                pause_s = self._timing.reopen_pause_s
            except Trouble as trouble:
                self._down(trouble)
                pause_s = self._timing.reopen_pause_s
            await asyncio.sleep(pause_s)

    async def _present(self) -> None:
        """Wait until there is a device to open."""
        if serial_link.is_present(self._settings.device):
            return
        self._down(self._absent())
        # There is no event for a device file that works everywhere, network shares included.
        while not serial_link.is_present(self._settings.device):  # noqa: ASYNC110
            await asyncio.sleep(self._timing.device_watch_s)

    async def _use(self) -> None:
        """Open the device and work with it; ends by an exception."""
        context = self._context
        client = AtClient(
            timing=self._timing,
            on_unsolicited=context.heard,
            on_late_answer=context.answered_late,
            on_lost=context.lost,
        )
        client.submit_unanswered = bool(context.unanswered)
        device, baud_rate = self._settings.device, self._settings.baud_rate
        link = await serial_link.open_link(device, baud_rate, client)
        client.attach(link)
        if self._board.condition is not ModemCondition.SILENT:
            self._board.enter(ModemCondition.STARTING, "the modem is being set up")
        try:
            while True:
                await self._operate(client)
        finally:
            await link.close()

    async def _operate(self, client: AtClient) -> None:
        """Bring the modem up and work with it until it is to be brought up anew."""
        try:
            session = await self._up(client)
            await Operation(self._context, client, session).run()
        except Restarted:
            self._down(Trouble(ModemCondition.STARTING, "the modem has restarted", ""))
        except Permanent as error:
            remedy = "correct the modem's settings"
            await self._rest(client, Trouble(ModemCondition.STOPPED, str(error), remedy))
        except Trouble as trouble:
            if trouble.condition is ModemCondition.SILENT:
                raise
            await self._rest(client, trouble)

    async def _up(self, client: AtClient) -> Session:
        starting = Startup(self._settings, client, self._timing, self._pins, self._identified)
        session = await starting.run()
        self._board.update(smsc=session.smsc)
        return session

    def _identified(self, identity: Identity, profile: Profile) -> None:
        self._context.profile = profile
        self._board.update(
            manufacturer=identity.manufacturer,
            model=identity.model,
            revision=identity.revision,
            imei=identity.imei,
            imsi=identity.imsi,
            profile=profile.name,
        )

    async def _rest(self, client: AtClient, trouble: Trouble) -> None:
        """Stay with a modem that waits for a person, and look again from time to time."""
        self._down(trouble)
        await client.until_lost(self._settings.poll_interval_s)

    def _down(self, trouble: Trouble) -> None:
        self._board.update(
            condition=trouble.condition,
            detail=str(trouble),
            remedy=trouble.remedy,
            signal_dbm=None,
            operator="",
            registration="",
        )
        self._context.refuse_waiting()
        self._context.fail_ussd()

    def _lost(self) -> Trouble:
        if serial_link.is_present(self._settings.device):
            return Trouble(ModemCondition.STARTING, "the link broke and is opened again", "")
        return self._absent()

    def _absent(self) -> Trouble:
        return Trouble(
            ModemCondition.ABSENT,
            f"{self._settings.device} is not there",
            "plug the modem in, or correct its path (best below /dev/serial/by-id)",
        )

    def _silent(self, detail: str) -> Trouble:
        return Trouble(
            ModemCondition.SILENT, detail, "unplug the modem and plug it in again; check its port"
        )
