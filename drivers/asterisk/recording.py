"""Recordings of AMI: raw bytes (`.ami`, also gzipped) or a JSON list of events, with their times.

AMI tells no time unless manager.conf says `timestampevents=yes`. Where it does not, the recording's
own time is used: `NAME.chunks.json` beside it ([offset, seconds] of every read), or failing that
what the events tell in passing: the seconds in CEL's EventTime and in the channels' Uniqueid.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from drivers.asterisk.messages import Message, Reader, event_name, parse
from drivers.asterisk.tracker import Tracker
from gateway.calls.model import CallRecord
from gateway.kernel.errors import Invalid

MAX_BYTES = 2 * 1024**3
_STEP = 64 * 1024
_WAITING = 5000
"""Events that wait for one that tells the time."""
_END = "the recording ended"
_TIMES = ("Timestamp", "timestamp", "_t", "t", "time")
_EPOCH = re.compile(r"^(?:.*-)?(\d{9,11})\.\d+$")


def explain(path: Path) -> list[CallRecord]:
    """Return the calls in a recording, in the order in which they began."""
    tracker = Tracker()
    found: list[CallRecord] = []
    now = 0.0
    for event, now in read(path, tracker.names):
        found += [change.ended for change in tracker.feed(event, now) if change.ended]
    found += [change.ended for change in tracker.close(now, _END) if change.ended]
    return sorted(found, key=lambda call: call.started_at)


def read(path: Path, names: frozenset[bytes] = frozenset()) -> Iterator[tuple[Message, float]]:
    """Yield a recording's events with their times; with `names`, only these and CEL's.

    Raises Invalid for a file that cannot be read or holds no events.
    """
    try:
        with path.open("rb") as file:
            head = file.read(2)
        with gzip.open(path, "rb") if head == b"\x1f\x8b" else path.open("rb") as file:
            start = file.read(64).lstrip()
            file.seek(0)
            if start[:1] in {b"[", b"{"}:
                events = _from_json(path, file.read(MAX_BYTES))
            else:
                events = _from_bytes(_chunks(path, iter(lambda: file.read(_STEP), b"")), names)
            seen = False
            for event, at in _timed(events):
                seen = True
                yield event, at
    except (OSError, EOFError, zlib.error) as error:
        raise Invalid(f"{path}: cannot be read ({error})") from error
    if not seen:
        raise Invalid(f"{path}: holds no AMI events; record them with `santral pbx record`")


def _from_bytes(
    chunks: Iterable[tuple[bytes, float | None]], names: frozenset[bytes]
) -> Iterator[tuple[Message, float | None]]:
    reader = Reader()
    wanted = names | {b"CEL"} if names else names
    for data, at in chunks:
        for raw in reader.feed(data):
            name = event_name(raw)
            if name and (not wanted or name in wanted):
                yield parse(raw), at
    for raw in reader.feed(b"\r\n\r\n"):
        if event_name(raw):
            yield parse(raw), None


def _chunks(path: Path, blocks: Iterator[bytes]) -> Iterator[tuple[bytes, float | None]]:
    """Cut the bytes as they were read, with the times, where a file beside tells them."""
    name = path.name.removesuffix(".gz").removesuffix(".ami")
    beside = path.with_name(f"{name}.chunks.json")
    try:
        marks = [(int(offset), float(at)) for offset, at in json.loads(beside.read_bytes())]
    except (OSError, ValueError, TypeError):
        yield from ((block, None) for block in blocks)
        return
    absolute = bool(marks) and marks[-1][1] > 1e8
    base = 0.0 if absolute else _written(path)
    data = b"".join(blocks)
    ends = [offset for offset, _ in marks[1:]] + [len(data)]
    for (offset, at), end in zip(marks, ends, strict=True):
        yield data[offset:end], base + at


def _written(path: Path) -> float:
    """Return when a recording began, from the side file that its maker may have left."""
    name = path.name.removesuffix(".gz").removesuffix(".ami")
    try:
        return float(json.loads(path.with_name(f"{name}.json").read_bytes())["t0_unix"])
    except (OSError, ValueError, TypeError, KeyError):
        return path.stat().st_mtime


def _from_json(path: Path, data: bytes) -> Iterator[tuple[Message, float | None]]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{path}: is no JSON ({error})") from error
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), None)
    if not isinstance(found, list):
        raise Invalid(f"{path}: a JSON recording is a list of events, each an object of headers")
    for number, event in enumerate(found):
        if not isinstance(event, dict):
            raise Invalid(f"{path}: entry {number} is no object of headers")
        headers = {str(key): _text(value) for key, value in event.items()}
        at = next((headers[key] for key in _TIMES[1:] if key in headers), "")
        yield headers, _number(at)


def _text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    return "" if value is None else str(value)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e11 else None


def _timed(
    events: Iterable[tuple[Message, float | None]],
) -> Iterator[tuple[Message, float]]:
    """Give every event the time that it tells, else that of the next one that tells a time.

    The next, since CEL tells of what happened just after the event that it belongs to.
    """
    clock, waiting, at = _Clock(), list[Message](), 0.0
    for event, told in events:
        waiting.append(event)
        known = clock.at(event, told)
        if known is not None or len(waiting) >= _WAITING:
            at = at if known is None else known
            yield from ((one, at) for one in waiting)
            waiting.clear()
    yield from ((one, at) for one in waiting)


class _Clock:
    """The time that events tell; it never goes back."""

    def __init__(self) -> None:
        self._now = 0.0
        self._offset: float | None = None
        """From CEL's local time to that of Unix."""

    def at(self, event: Message, told: float | None) -> float | None:
        """Return when an event was, None where nothing tells."""
        stamp = _number(event.get("Timestamp", ""))
        best = stamp if stamp is not None else told
        if best is None:
            best = self._in_passing(event)
        if best is None:
            return None
        self._now = max(self._now, best)
        return self._now

    def _in_passing(self, event: Message) -> float | None:
        match = _EPOCH.match(event.get("Uniqueid") or event.get("UniqueID") or "")
        epoch = float(match[1]) if match else None
        name = event.get("Event")
        if name == "Newchannel":
            return epoch
        if name != "CEL":
            return None
        try:
            local = datetime.fromisoformat(event.get("EventTime", ""))
        except ValueError:
            return None
        seconds = local.replace(tzinfo=UTC).timestamp()
        if self._offset is None:
            if epoch is None or event.get("EventName") != "CHAN_START":
                return None
            self._offset = round((epoch - seconds) / 900) * 900
        return seconds + self._offset
