"""The AT interpreter: runs command lines, sends answers, and unsolicited results between them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from simulators.modem import answers
from simulators.modem.errors import AtError
from simulators.modem.faults import FaultKind, Faults
from simulators.modem.parser import Command, parse_line
from simulators.modem.profiles import Profile
from simulators.modem.replies import Final, Later, Prompt, Reply
from simulators.modem.settings import Settings
from simulators.modem.terminal import Terminal

_WAITING_RESULTS = 1000  # unsolicited results kept during a prompt; the oldest is lost


class UnknownCommandError(AtError):
    """A command that this make of modem does not have."""


class Interpreted(Protocol):
    """What an interpreter needs of its modem."""

    settings: Settings
    profile: Profile
    faults: Faults

    def perform(self, command: Command) -> Reply:
        """Carry out one command; AtError when it fails."""
        ...


@dataclass(slots=True)
class _Run:
    """A command line on its way."""

    commands: tuple[Command, ...]
    place: int = 0
    answer: bytearray = field(default_factory=bytearray)
    take: Callable[[bytes], Reply] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(command.name for command in self.commands)


class Session:
    """One command interface of a modem."""

    def __init__(self, modem: Interpreted, write: Callable[[bytes], None]) -> None:
        self._modem = modem
        self._write = write
        self._run: _Run | None = None
        self._performing = False
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[bytes] = deque(maxlen=_WAITING_RESULTS)
        self._paced: deque[bytes] = deque()
        self._pace: asyncio.TimerHandle | None = None
        self.terminal = Terminal(self)
        self.commands = 0

    @property
    def echo(self) -> bool:
        """E1, as V.250 calls it."""
        return self._modem.settings.echo

    @property
    def line_end(self) -> int:
        """S3."""
        return self._modem.settings.registers[3]

    @property
    def backspace(self) -> int:
        """S5."""
        return self._modem.settings.registers[5]

    @property
    def busy(self) -> bool:
        """Whether a command waits for its result or its payload."""
        return self._run is not None

    def reset(self) -> None:
        """Drop what was being done, as a power cycle does."""
        for timer in (self._timer, self._pace):
            if timer:
                timer.cancel()
        self._run = self._timer = self._pace = None
        self._waiting.clear()
        self._paced.clear()
        self.terminal.reset()

    def received(self, data: bytes) -> None:
        """What the client wrote; a hung modem does not even echo."""
        if FaultKind.HANG not in self._modem.faults:
            self.terminal.feed(data)

    def unsolicited(self, lines: Sequence[str]) -> None:
        """Tell the client something that it did not ask for, as soon as no answer is cut by it."""
        self._tell(answers.information(lines, self._modem.settings))

    def unsolicited_results(self, codes: Sequence[str]) -> None:
        """Unsolicited result codes such as RING or NO CARRIER, in one burst."""
        self._tell(b"".join(answers.result(code, self._modem.settings) for code in codes))

    def _tell(self, data: bytes) -> None:
        if self._performing or self.terminal.collecting:
            self._waiting.append(data)
        else:
            self._send(data)

    # What the terminal calls.

    def send_echo(self, data: bytes) -> None:
        """Echo what was received, slowly if that is what is wrong."""
        fault = self._modem.faults.get(FaultKind.SLOW_ECHO)
        if fault is None:
            self._send(data)
        else:
            self._pace_out([bytes((octet,)) for octet in data], fault.gap_ms)

    def line_received(self, line: str) -> None:
        """Run a command line."""
        self.commands += 1
        try:
            run = _Run(parse_line(line))
        except AtError as error:
            self._finish(_Run(()), self._code(error))
            return
        self._proceed(run, None)

    def payload_received(self, payload: bytes) -> None:
        """Hand a payload to the command that asked for it."""
        run = self._run
        if run is not None and run.take is not None:
            take, run.take, self._run = run.take, None, None
            self._proceed(run, partial(take, payload))

    def payload_cancelled(self) -> None:
        """ESC at the prompt: nothing is sent, the answer is OK (27.005 §3.5.1)."""
        run, self._run = self._run, None
        if run is not None:
            self._finish(run, "OK")

    def payload_line(self) -> None:
        """A line end within a text: some modems prompt again."""
        if self._modem.profile.prompts_each_line and self._modem.settings.text_mode:
            self._send(self._modem.profile.prompt)

    # The interpreter proper.

    def _proceed(self, run: _Run, action: Callable[[], Reply] | None) -> None:
        code = "OK"
        self._performing = True
        try:
            while True:
                if action is None:
                    if run.place == len(run.commands):
                        break
                    action = partial(self._modem.perform, run.commands[run.place])
                    run.place += 1
                reply = action()
                action = None
                if isinstance(reply, list):
                    run.answer += answers.information(reply, self._modem.settings)
                elif reply is not None:
                    ended = self._special(run, reply)
                    if ended is None:
                        return
                    code = ended
                    break
        except AtError as error:
            code = self._code(error)
        finally:
            self._performing = False
        self._finish(run, code)

    def _special(self, run: _Run, reply: Final | Later | Prompt) -> str | None:
        """The result code that ends the line now, or None while it waits."""
        if isinstance(reply, Final):
            return reply.code
        self._run = run
        if isinstance(reply, Prompt):
            self._ask(run, reply)
        else:
            self.terminal.busy = True
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(reply.delay_s, self._resume, run, reply.then)
            loop.call_soon(self._flush_waiting)  # what waited for the end of the payload
        return None

    def _ask(self, run: _Run, prompt: Prompt) -> None:
        run.take = prompt.take
        self._performing = False
        text = bytes(run.answer)
        run.answer.clear()
        self.terminal.collect()
        faults = self._modem.faults
        late = faults.take(FaultKind.LATE_PROMPT) if faults else None
        if faults and faults.take(FaultKind.DROP_PROMPT):
            return
        if late:
            loop = asyncio.get_running_loop()
            loop.call_later(late.delay_s, self._send, text + self._modem.profile.prompt)
        else:
            self._send(text + self._modem.profile.prompt)

    def _resume(self, run: _Run, then: Callable[[], Reply]) -> None:
        self._timer = self._run = None
        self.terminal.busy = False
        self._proceed(run, then)
        self.terminal.pump()

    def _code(self, error: AtError) -> str:
        profile, settings = self._modem.profile, self._modem.settings
        if isinstance(error, UnknownCommandError):
            hidden = profile.unknown.startswith("+CME") and settings.error_level == 0
            return "ERROR" if hidden else profile.unknown
        follow = profile.messages_follow_error_level
        return answers.failure(error, settings, messages_follow_level=follow)

    def _finish(self, run: _Run, code: str) -> None:
        data = bytes(run.answer) + answers.result(code, self._modem.settings)
        was_busy, self._run = self.terminal.busy, None
        faults = self._modem.faults
        if faults:
            if faults.take(FaultKind.LOST_ANSWER, run.names):
                data = b""
            late = faults.take(FaultKind.LATE_ANSWER, run.names)
            if late:
                self._run, self.terminal.busy = run, True
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(late.delay_s, self._answer_late, data)
                return
            data = self._stormy(data)
        self.terminal.busy = False
        if data:
            self._send(data)
        self._flush_waiting()
        if was_busy:
            self.terminal.pump()

    def _answer_late(self, data: bytes) -> None:
        self._timer = self._run = None
        self.terminal.busy = False
        self._send(data)
        self._flush_waiting()
        self.terminal.pump()

    def _flush_waiting(self) -> None:
        while self._waiting and not self.terminal.collecting:
            self._send(self._waiting.popleft())

    def _stormy(self, data: bytes) -> bytes:
        """An answer with unsolicited results in it, while such a storm is on."""
        storm = self._modem.faults.get(FaultKind.URC_STORM)
        if storm is None or not storm.lines:
            return data
        noise = answers.information((storm.lines[0],), self._modem.settings)
        head, separator, tail = data.rpartition(b"\r\n\r\n")
        if not separator:
            return noise + data
        if storm.within:
            head = head.replace(b"\r\n", b"\r\n" + noise.removeprefix(b"\r\n"))
        return noise + head + b"\r\n" + noise + b"\r\n" + tail

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, whatever the interpreter is doing."""
        self._send(data)

    def _send(self, data: bytes) -> None:
        faults = self._modem.faults
        if not faults:
            self._emit(data)
            return
        if FaultKind.HANG in faults:
            return
        data = faults.garbled(data)
        dribble = faults.get(FaultKind.DRIBBLE)
        if dribble:
            self._pace_out([bytes((octet,)) for octet in data], dribble.gap_ms)
        else:
            self._emit(data)

    def _emit(self, data: bytes) -> None:
        if self._pace is None:
            self._write(data)
        else:
            self._paced.append(data)

    def _pace_out(self, pieces: list[bytes], gap_ms: float) -> None:
        self._paced.extend(pieces)
        if self._pace is None:
            self._next_piece(gap_ms / 1000)

    def _next_piece(self, gap_s: float) -> None:
        if not self._paced:
            self._pace = None
            return
        self._write(self._paced.popleft())
        loop = asyncio.get_running_loop()
        self._pace = loop.call_later(gap_s, self._next_piece, gap_s)
