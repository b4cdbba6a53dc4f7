"""Commands to one modem, one in flight: each ends in a result, an error, a timeout or a lost link.

After a timeout the modem is brought back into step before it gets the next command, so that a late
answer cannot be taken for the answer of another command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from drivers.modem.at_codec import (
    AtDecoder,
    Expectation,
    Information,
    Prompt,
    Result,
    Stray,
    Unsolicited,
    expectation,
)
from drivers.modem.at_errors import AtError, AtLost, AtRefused, AtTimeout, code_of, submit_error
from drivers.modem.at_values import numbers
from drivers.modem.timing import Timing
from drivers.serial_link import LinkLost, SerialLink
from gateway.kernel.errors import GatewayError, Temporary, Uncertain

MAX_ANSWER_LINES = 2048
"""What an answer may have: two lines for each message of a memory, and room to spare."""
_ESCAPE = b"\x1b"
_END_OF_PDU = b"\x1a"
_CLOCK_STEP_S = 0.001
"""An alarm may ring so much early."""


class _Phase(Enum):
    COMMAND = auto()
    PROMPT = auto()
    """AT+CMGS is written, the PDU is not: surely not submitted."""
    PDU = auto()
    """The PDU was written, at least in part: it may have been submitted."""


class _Exchange:
    """A command on its way."""

    __slots__ = (
        "deadline_s", "done", "expected", "lines", "on_silence", "pdu", "phase", "prompt_by_s",
        "silent_s",
    )  # fmt: skip

    def __init__(self, expected: Expectation, done: asyncio.Future[list[str]]) -> None:
        self.expected = expected
        self.done = done
        self.lines: list[str] = []
        self.phase = _Phase.COMMAND
        self.pdu = b""
        self.deadline_s = 0.0
        self.prompt_by_s = 0.0
        self.silent_s = 0.0
        self.on_silence: Callable[[], None] | None = None


class AtClient:
    """Speaks to one opened modem; used by one task."""

    def __init__(
        self,
        *,
        timing: Timing,
        on_unsolicited: Callable[[Unsolicited], None],
        on_late_answer: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._timing = timing
        self._on_unsolicited = on_unsolicited
        self._on_late_answer = on_late_answer
        self._on_lost = on_lost
        self._decoder = AtDecoder()
        self._link: SerialLink | None = None
        self._exchange: _Exchange | None = None
        self._loop = asyncio.get_running_loop()
        self._heard = asyncio.Event()
        self._out_of_step = False
        self._prompting = False
        self.lost: LinkLost | None = None
        """Why the link is gone, once it is."""

    @property
    def submit_unanswered(self) -> bool:
        """Tell whether an earlier submit was given up and may still be answered."""
        return self._decoder.submit_unanswered

    @submit_unanswered.setter
    def submit_unanswered(self, value: bool) -> None:
        self._decoder.submit_unanswered = value

    def attach(self, link: SerialLink) -> None:
        """Use an opened link."""
        self._link = link

    # What the link calls.

    def data_received(self, data: bytes) -> None:
        """Take bytes of the modem."""
        self._heard.set()
        for frame in self._decoder.feed(data):
            match frame:
                case Information(text):
                    self._informed(text)
                case Result():
                    self._ended(frame)
                case Prompt():
                    self._prompted()
                case Unsolicited():
                    self._on_unsolicited(frame)
                case Stray(text):
                    self._strayed(text)

    def connection_lost(self, error: LinkLost) -> None:
        """Fail what is in flight: no answer comes any more."""
        self.lost = error
        exchange = self._exchange
        if exchange is not None:
            self._fail(exchange, AtLost(str(error), code="link"))
        self._on_lost()

    # What the driver calls.

    @property
    def out_of_step(self) -> bool:
        """Tell whether the next answer may be an earlier command's; `probe` mends it."""
        return self._out_of_step

    def check_link(self) -> None:
        """Raise AtLost when the link is gone."""
        if self.lost is not None:
            raise AtLost(str(self.lost), code="link")

    def shout(self, line: str) -> None:
        """Send a command line whose answer nobody awaits, to a modem that does not answer."""
        self._out_of_step = True
        self._write(f"\r{line}\r".encode("ascii"))

    async def command(self, line: str, *, timeout_s: float | None = None) -> list[str]:
        """Run a command line and return its information; raises AtError.

        A modem that is out of step is brought back first.
        """
        if self._out_of_step:
            await self.resync()
        wait_s = self._timing.command_s if timeout_s is None else timeout_s
        result, lines = await self._run(expectation(line), wait_s)
        if not result.ok:
            raise AtRefused(line, result.text)
        return lines

    async def submit(
        self, pdu: str, length: int, *, timeout_s: float, on_silence: Callable[[], None]
    ) -> int:
        """Submit a PDU and return its reference; raises Temporary, Permanent or Uncertain.

        `on_silence` is called when the answer takes suspiciously long; it is still awaited.
        """
        if self._out_of_step:
            await self.resync()
        exchange = self._begin(expectation(f"AT+CMGS={length}"))
        exchange.phase = _Phase.PROMPT
        exchange.pdu = pdu.encode("ascii") + _END_OF_PDU
        exchange.on_silence = on_silence
        now_s = self._loop.time()
        exchange.deadline_s = now_s + timeout_s
        exchange.prompt_by_s = now_s + min(self._timing.prompt_s, timeout_s)
        exchange.silent_s = now_s + self._timing.silent_after_s
        self._decoder.submit_unanswered = False
        self._decoder.prompt_awaited = True
        self._decoder.payload = pdu
        first_s = min(exchange.prompt_by_s, exchange.silent_s)
        alarm = self._loop.call_at(first_s, self._late, exchange)
        self._write(f"AT+CMGS={length}\r".encode("ascii"))
        try:
            return await self._reference(exchange)
        finally:
            alarm.cancel()
            self._end(exchange)

    async def resync(self) -> None:
        """Bring the modem into step: its next answer is the next command's; raises AtTimeout."""
        for attempt in range(self._timing.resync_attempts):
            if await self.probe(self._timing.resync_probe_s, escape=attempt > 0 or self._prompting):
                return
        raise AtTimeout("the modem does not answer", code="silent")

    async def probe(self, wait_s: float, *, escape: bool = True, line: str = "AT") -> bool:
        """Tell whether the modem answers, and if so leave it in step; raises AtLost."""
        self.check_link()
        self._out_of_step = True
        self._decoder.abandon()
        if escape:
            self._write(_ESCAPE)
            await asyncio.sleep(self._timing.escape_pause_s)
            self._prompting = False
        try:
            result, _ = await self._run(expectation(line), wait_s)
            if not result.ok:
                return False
            await self._fence(wait_s)
        except AtTimeout:
            return False
        # In step: what the modem had to say to anything earlier, it has said.
        self._out_of_step = self._decoder.submit_unanswered = False
        return True

    async def until_lost(self, timeout_s: float) -> None:
        """Wait; raises AtLost as soon as the link is gone."""
        self.check_link()
        done: asyncio.Future[list[str]] = self._loop.create_future()
        exchange = self._exchange = _Exchange(expectation(""), done)
        try:
            await asyncio.wait((done,), timeout=timeout_s)
            if done.done():
                done.result()
        finally:
            done.cancel()
            if self._exchange is exchange:
                self._exchange = None

    async def _fence(self, wait_s: float) -> None:
        """Wait out the answers of earlier commands: only this one has information like this."""
        fence = Expectation(command="AT+CMEE?", prefixes=("+CMEE:",), needs_information=True)
        try:
            result, _ = await self._run(fence, min(wait_s, self._timing.command_s))
            if result.ok:
                return
        except AtTimeout:  # it says OK and nothing else
            self._decoder.abandon()
        await self._quiet()

    async def _quiet(self) -> None:
        """Wait until the modem has been silent for a while, at most a few times that."""
        deadline_s = self._loop.time() + 8 * self._timing.quiet_s
        while self._loop.time() < deadline_s:
            self._heard.clear()
            try:
                async with asyncio.timeout(self._timing.quiet_s):
                    await self._heard.wait()
            except TimeoutError:
                return

    async def _run(self, expected: Expectation, timeout_s: float) -> tuple[Result, list[str]]:
        exchange = self._begin(expected)
        exchange.deadline_s = self._loop.time() + timeout_s
        alarm = self._loop.call_later(timeout_s, self._late, exchange)
        self._write(f"{expected.command}\r".encode("ascii"))
        try:
            lines = await exchange.done
        finally:
            alarm.cancel()
            self._end(exchange)
        return Result(lines.pop()), lines

    async def _reference(self, exchange: _Exchange) -> int:
        try:
            lines = await exchange.done
        except AtError as error:
            if exchange.phase is _Phase.PDU:
                raise Uncertain(f"the message was handed over, but {error}") from error
            raise
        result = lines.pop()
        if exchange.phase is not _Phase.PDU:
            raise self._refused_before_prompt(result)
        if result != "OK":
            raise submit_error(result)
        for line in lines:
            found = numbers(line)
            if found and found[0] is not None and found[0] < 256:
                return found[0]
        raise Uncertain("the modem took the message but did not tell its reference")

    def _refused_before_prompt(self, result: str) -> GatewayError:
        if result == "OK":
            self._out_of_step = True
            return Temporary("the modem answered OK instead of its prompt", code="prompt")
        error = submit_error(result)
        return Temporary(str(error), code=code_of(result)) if type(error) is Uncertain else error

    def _begin(self, expected: Expectation) -> _Exchange:
        if self._exchange is not None:
            raise RuntimeError("a command is in flight already")
        self.check_link()
        exchange = self._exchange = _Exchange(expected, self._loop.create_future())
        self._decoder.begin(expected)
        return exchange

    def _end(self, exchange: _Exchange) -> None:
        if not exchange.done.done() or exchange.done.cancelled():
            self._given_up(exchange)  # the task that waited was cancelled
        if self._exchange is exchange:
            self._exchange = None
        self._decoder.payload = ""
        self._decoder.prompt_awaited = False

    def _informed(self, text: str) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        exchange.lines.append(text)
        if len(exchange.lines) > MAX_ANSWER_LINES:
            self._fail(exchange, AtTimeout("the modem's answer has no end", code="endless"))

    def _prompted(self) -> None:
        exchange = self._exchange
        if exchange is None or exchange.phase is not _Phase.PROMPT:
            return
        exchange.phase = _Phase.PDU
        exchange.lines.clear()
        self._write(exchange.pdu)

    def _ended(self, result: Result) -> None:
        exchange = self._exchange
        if exchange is not None and not exchange.done.done():
            exchange.lines.append(result.text)
            exchange.done.set_result(exchange.lines)

    def _late(self, exchange: _Exchange) -> None:
        """The alarm of a command: its time is over, or it is time to look at it again."""
        if exchange.done.done():
            return
        now_s = self._loop.time() + _CLOCK_STEP_S
        if exchange.on_silence is not None and now_s >= exchange.silent_s:
            exchange.on_silence()
            exchange.on_silence = None
        prompting = exchange.phase is _Phase.PROMPT
        limit_s = exchange.prompt_by_s if prompting else exchange.deadline_s
        if now_s < limit_s:
            next_s = limit_s if exchange.on_silence is None else min(limit_s, exchange.silent_s)
            self._loop.call_at(next_s, self._late, exchange)
            return
        name = exchange.expected.command.partition("=")[0]
        what = "no prompt came" if prompting else "no answer came"
        self._fail(exchange, AtTimeout(f"{what} to {name}", code="silent"))

    def _fail(self, exchange: _Exchange, error: AtError) -> None:
        if exchange.done.done():
            return
        self._given_up(exchange)
        exchange.done.set_exception(error)

    def _given_up(self, exchange: _Exchange) -> None:
        self._out_of_step = True
        self._prompting = exchange.phase is not _Phase.COMMAND
        self._decoder.abandon()
        if exchange.phase is _Phase.PDU:
            self._decoder.submit_unanswered = True

    def _strayed(self, text: str) -> None:
        refused = text.startswith("+CMS ERROR") and self._decoder.submit_unanswered
        if refused or text.startswith("+CMGS:"):
            self._decoder.submit_unanswered = False
            self._on_late_answer(text)

    def _write(self, data: bytes) -> None:
        if self._link is not None:
            self._link.write(data)
