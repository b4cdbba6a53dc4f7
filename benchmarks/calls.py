"""Events of a busy telephone system a second: parsed and tracked, beside panoramisk and cacofonisk.

The stream is 30 s of a real Asterisk 16.28 that carries 50 calls a second, all event classes read
(recorded for Santral in November 2026).
"""

from __future__ import annotations

import lzma
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cacofonisk.handlers import EventHandler
from cacofonisk.reporters import BaseReporter
from panoramisk.ami_protocol import AMIProtocol

from drivers.asterisk.messages import Reader, event_name, parse
from drivers.asterisk.tracker import Tracker

STREAM = Path(__file__).parent / "data" / "ami-50cps.ami.xz"
READ = 65_536
RUNS = 3
CALLS = 100_000
"""Calls over which the memory is watched."""


async def main() -> None:
    """Measure and print."""
    data = lzma.decompress(STREAM.read_bytes())
    events = data.count(b"\r\n\r\nEvent: ")
    print(f"{events:,} events, {len(data) / 1e6:.1f} MB; the best of {RUNS} runs each")
    print(f"{'what':34} {'events/CPU-s':>13} {'ratio':>6}")
    ours = _rate(events, lambda: _track(data))
    for name, run in (
        ("Santral: parse and track", lambda: _track(data)),
        ("panoramisk: parse", lambda: _panoramisk(data, lambda _event: None)),
        ("panoramisk + cacofonisk: and track", lambda: _cacofonisk(data)),
    ):
        rate = ours if name.startswith("Santral") else _rate(events, run)
        print(f"{name:34} {rate:>13,.0f} {ours / rate:>6.1f}", flush=True)
    print("anchors measured before: panoramisk alone 66,000, with cacofonisk 56,000")
    _memory(data)


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), READ):
        yield data[start : start + READ]


def _track(data: bytes, tracker: Tracker | None = None, mark: bytes = b"") -> int:
    reader, tracker = Reader(), tracker or Tracker()
    names, ended, now = tracker.names, 0, 0.0
    for chunk in _chunks(data):
        now += 0.01
        for raw in reader.feed(chunk):
            if event_name(raw) in names:
                event = parse(raw.replace(b"17954", mark) if mark else raw)
                ended += sum(change.ended is not None for change in tracker.feed(event, now))
    return ended


class _Factory:
    """What panoramisk's protocol asks of its Manager."""

    save_stream = None

    def __init__(self, take: Callable[[object], object]) -> None:
        self.dispatch = take


def _panoramisk(data: bytes, take: Callable[[object], object]) -> None:
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.encoding = "utf-8"
    protocol.factory = _Factory(take)
    for chunk in _chunks(data):
        protocol.data_received(chunk)


def _cacofonisk(data: bytes) -> None:
    handler = EventHandler(BaseReporter())
    wanted = handler.event_handlers().keys()

    def take(event: object) -> None:
        if event["Event"] in wanted:  # type: ignore[index]
            handler.on_event(event)

    _panoramisk(data, take)


def _rate(events: int, run: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
    return events / best


def _memory(data: bytes) -> None:
    """Follow many calls with one tracker and see whether the process grows."""
    tracker, ended, number, settled = Tracker(), 0, 0, 0.0
    while ended < CALLS:
        number += 1
        ended += _track(data, tracker, b"%05d" % (10_000 + number))
        if not settled and ended >= CALLS / 5:  # what ended lately is remembered up to a bound
            settled = _resident_mb()
    print(
        f"memory over {ended:,} calls: {settled:.1f} MB resident after a fifth of them, "
        f"{_resident_mb():.1f} MB at the end; living calls {len(tracker.calls)}"
    )


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
