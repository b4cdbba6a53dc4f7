"""Class-1 fax modems on pseudo-terminals, made by libspandsp and joined in memory.

Run as a program: `softmodem.py --line NAME=NUMBER ... --speed 4`. Dialled numbers that end so:
9901 busy, 9902 no answer, 9903 answered and silent, 9904 no dial tone, 9905 answered and hung up,
9906 no carrier, 99SSNNNN cut after SS seconds of audio; any other one rings the other free line,
which learns the dialled digits as its DID.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import select
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SAMPLES = 160
"""20 ms of telephone sound."""
SECONDS = 0.02
CALL_EVENTS = ALERTING, CONNECTED, ANSWERED, BUSY, NO_DIALTONE, NO_ANSWER, HANGUP = range(1, 8)
CONTROL_CALL, CONTROL_ANSWER, CONTROL_HANGUP, CONTROL_OFFHOOK, CONTROL_ONHOOK = range(5)
CONTROL_CTS = 7
NO_CARRIER_CODE = 3

_pointer, _int, _text, _size = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t
_bytes = ctypes.POINTER(ctypes.c_uint8)
_AtTx = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _bytes, _size)
_Control = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int, _pointer)
_T38 = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _bytes, _int, _int)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libspandsp.so.2")
    library.t31_init.restype = _pointer
    for name, arguments in {
        "t31_init": [_pointer, _AtTx, _pointer, _Control, _pointer, _T38, _pointer],
        "t31_at_rx": [_pointer, _text, _int],
        "t31_rx": [_pointer, _pointer, _int],
        "t31_tx": [_pointer, _pointer, _int],
        "t31_call_event": [_pointer, _int],
        "t31_set_transmit_on_idle": [_pointer, _int],
        "at_put_response_code": [_pointer, _int],
        "at_set_at_rx_mode": [_pointer, _int],
        "at_reset_call_info": [_pointer],
        "at_set_call_info": [_pointer, _text, _text],
    }.items():
        getattr(library, name).argtypes = arguments
    return library


class Line:
    """One modem: a pseudo-terminal on one side, sound on the other."""

    def __init__(self, exchange: Exchange, name: str, number: str, folder: Path) -> None:
        self.name, self.number = name, number
        self.call: Call | None = None
        self.offhook, self.clear_to_send = False, True
        self.sound = (ctypes.c_int16 * SAMPLES)()
        self._exchange, self._library = exchange, exchange.library
        self.terminal, other = os.openpty()
        tty.setraw(other)
        os.set_blocking(self.terminal, False)
        self.link = folder / name
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(other))
        self._waiting = b""
        self._callbacks = (
            _AtTx(self._to_computer), _Control(self._controlled), _T38(lambda *_: 0)
        )  # fmt: skip
        to_computer, controlled, t38 = self._callbacks
        self.modem = self._library.t31_init(None, to_computer, None, controlled, None, t38, None)
        self._library.t31_set_transmit_on_idle(self.modem, 1)

    @property
    def wants_to_write(self) -> bool:
        return bool(self._waiting)

    def event(self, number: int) -> None:
        self._library.t31_call_event(self.modem, number)

    def read(self) -> None:
        """Take what the computer wrote."""
        try:
            came = os.read(self.terminal, 512)
        except OSError:
            return
        self._library.t31_at_rx(self.modem, came, len(came))

    def flush(self) -> None:
        while self._waiting:
            try:
                done = os.write(self.terminal, self._waiting)
            except BlockingIOError:
                return
            self._waiting = self._waiting[done:]

    def _to_computer(self, _state: int, _data: int, buffer: object, length: int) -> int:
        self._waiting += ctypes.string_at(buffer, length)  # type: ignore[arg-type]
        self.flush()
        return 0

    def _controlled(self, _state: int, _data: int, wish: int, value: int | None) -> int:
        later = self._exchange.later
        if wish == CONTROL_CALL:
            number = ctypes.string_at(value or 0).decode("latin-1")
            later.append(lambda: self._exchange.dial(self, number))
        elif wish == CONTROL_ANSWER:
            later.append(lambda: self._exchange.answer(self))
        elif wish in {CONTROL_HANGUP, CONTROL_ONHOOK}:
            self.offhook = False
            later.append(lambda: self._exchange.hang_up(self))
        elif wish == CONTROL_OFFHOOK:
            self.offhook = True
        elif wish == CONTROL_CTS:
            self.clear_to_send = bool(value)
        return 0


@dataclass(eq=False)
class Call:
    """Two lines, or one and nobody."""

    caller: Line
    called: Line | None = None
    cut_after_s: float | None = None
    up: bool = False
    next_ring: float = 0.0
    frames: int = 0


class Exchange:
    """Joins the lines."""

    def __init__(self, speed: float) -> None:
        self.library = _library()
        self.later: list[Callable[[], None]] = []
        self._speed = speed
        self._lines: list[Line] = []
        self._calls: list[Call] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []

    def add(self, name: str, number: str, folder: Path) -> None:
        self._lines.append(Line(self, name, number, folder))

    def dial(self, line: Line, number: str) -> None:
        digits = re.sub(r"[^0-9*#]", "", number)
        call = Call(line)
        line.call, line.offhook = call, True
        self._calls.append(call)
        ends = {
            "9901": (0.5, lambda: self._fail(call, BUSY)),
            "9902": (6.0, lambda: self._fail(call, NO_ANSWER)),
            "9903": (0.5, lambda: self._answered(call)),
            "9904": (0.2, lambda: self._fail(call, NO_DIALTONE)),
            "9905": (0.5, lambda: self._answered(call, 2.5)),
            "9906": (2.0, lambda: self._fail(call, HANGUP)),
        }
        if digits[-4:] in ends:
            self._after(*ends[digits[-4:]])
            return
        free = [one for one in self._lines if one is not line and not (one.call or one.offhook)]
        if not free:
            self._after(0.5, lambda: self._fail(call, BUSY))
            return
        call.called = next((one for one in free if digits.endswith(one.number)), free[0])
        cut = re.search(r"99(\d\d)\d{4}$", digits)
        call.cut_after_s = float(cut[1]) if cut else None
        call.called.call = call
        self._tell_caller(call.called, line, digits)

    def answer(self, line: Line) -> None:
        call = line.call
        if call is None:
            line.event(HANGUP)
            return
        call.up = line.offhook = True
        line.event(ANSWERED)
        call.caller.event(CONNECTED)

    def hang_up(self, line: Line) -> None:
        call = line.call
        line.call = None
        if call is None or call not in self._calls:
            return
        self._calls.remove(call)
        for other in (call.caller, call.called):
            if other is not None:
                other.call = None
                if other is not line and call.up:
                    other.event(HANGUP)

    def run(self) -> None:
        following = time.monotonic()
        while True:
            busy = any(call.up for call in self._calls)
            pause = max(0.0, following - time.monotonic()) if busy else 0.05
            readable, writable, _ = select.select(
                [line.terminal for line in self._lines if line.clear_to_send],
                [line.terminal for line in self._lines if line.wants_to_write], [], pause,
            )  # fmt: skip
            for line in self._lines:
                if line.terminal in readable:
                    line.read()
                if line.terminal in writable:
                    line.flush()
            self._do_later()
            now = time.monotonic()
            if now >= following:
                self._tick(now)
                following = max(following + SECONDS / self._speed, now - 0.1)
            self._do_later()

    def _do_later(self) -> None:
        while self.later:
            self.later.pop(0)()

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + seconds, do))

    def _tell_caller(self, called: Line, caller: Line, digits: str) -> None:
        self.library.at_reset_call_info(called.modem)
        for name, value in (
            ("DATE", time.strftime("%m%d")), ("TIME", time.strftime("%H%M")),
            ("NAME", f"LAB {caller.number}"), ("NMBR", caller.number), ("NDID", digits),
        ):  # fmt: skip
            self.library.at_set_call_info(called.modem, name.encode(), value.encode())

    def _fail(self, call: Call, event: int) -> None:
        if call not in self._calls:
            return
        self._calls.remove(call)
        call.caller.call = None
        if event == HANGUP:
            self.library.at_set_at_rx_mode(call.caller.modem, 0)
            self.library.at_put_response_code(call.caller.modem, NO_CARRIER_CODE)
        else:
            call.caller.event(event)

    def _answered(self, call: Call, hung_up_after_s: float | None = None) -> None:
        if call in self._calls:
            call.up = True
            call.caller.event(CONNECTED)
            if hung_up_after_s is not None:
                self._after(hung_up_after_s, lambda: self._drop(call))

    def _drop(self, call: Call) -> None:
        if call in self._calls:
            self._calls.remove(call)
            for line in (call.caller, call.called):
                if line is not None:
                    line.call = None
                    line.event(HANGUP)

    def _tick(self, now: float) -> None:
        for timer in [one for one in self._timers if one[0] <= now]:
            self._timers.remove(timer)
            timer[1]()
        for call in list(self._calls):
            if call.up:
                self._speak(call)
            elif call.called is not None and now >= call.next_ring:
                call.next_ring = now + 3
                call.called.event(ALERTING)

    def _speak(self, call: Call) -> None:
        call.frames += 1
        one, other = call.caller, call.called
        self.library.t31_tx(one.modem, one.sound, SAMPLES)
        if other is None:
            self.library.t31_rx(one.modem, (ctypes.c_int16 * SAMPLES)(), SAMPLES)
        else:
            self.library.t31_tx(other.modem, other.sound, SAMPLES)
            self.library.t31_rx(one.modem, other.sound, SAMPLES)
            self.library.t31_rx(other.modem, one.sound, SAMPLES)
        if call.cut_after_s is not None and call.frames * SECONDS > call.cut_after_s:
            self._drop(call)


def main() -> None:
    """Hold the modems until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--line", action="append", default=[])
    parser.add_argument("--folder", type=Path, default=Path("/dev"))
    parser.add_argument("--speed", type=float, default=1.0)
    given = parser.parse_args()
    exchange = Exchange(given.speed)
    for line in given.line:
        name, _, number = line.partition("=")
        exchange.add(name, number, given.folder)
    exchange.run()


if __name__ == "__main__":
    main()
