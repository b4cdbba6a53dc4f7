"""What a telephone system says, heard beside the gateway and made comparable."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from difflib import ndiff

from gateway.calls.port import PbxSettings

Event = dict[str, str]
Told = dict[str, list[tuple[str, Event]]]
_LEFT_OUT = frozenset({
    "VarSet", "DeviceStateChange", "QueueMemberStatus", "CEL", "FullyBooted", "TestEvent",
})  # fmt: skip
"""Variables that modules keep for themselves; states that Asterisk gathers in its own time."""
_BESIDE = frozenset({"OriginateResponse", "BlindTransfer", "LocalOptimizationEnd"})
"""Told by a thread of their own."""
_CHANNEL = re.compile(r"(?:PJSIP|Local)/[^;\s]+-[0-9a-f]{8}(?:;[12])?")
_COUNTED = re.compile(r"Id|(?:Hold|Ring|Talk)Time|ParkingDuration|DurationMs|ParkingTimeout")
_RACES = {
    "DialState": ("DestChannelState", "DestChannelStateDesc"),
    "AttendedTransfer": tuple(
        f"{whose}{what}"
        for whose in ("Transferee", "TransferTarget")
        for what in ("ConnectedLineNum", "ConnectedLineName", "Linkedid")
    ),
    "BridgeMerge": ("FromBridgeNumChannels", "ToBridgeNumChannels"),
    "LocalOptimizationBegin": ("LocalTwoCallerIDNum", "LocalTwoCallerIDName"),
    "NewCallerid": ("ChannelState", "ChannelStateDesc"),
    "BridgeLeave": ("BridgeNumChannels",),
    "SoftHangupRequest": ("Cause",),
    "DialEnd": ("DestExten", "DestChannelState", "DestChannelStateDesc"),
}
"""What another thread of Asterisk's may have changed already, or not yet."""


class Wiretap:
    """One more manager session, which only listens and asks."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.answers: list[Event] = []
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._listening: asyncio.Task[None]

    @classmethod
    async def open(cls, settings: PbxSettings) -> Wiretap:
        """Log in and listen."""
        tap = cls()
        tap._reader, tap._writer = await asyncio.open_connection(settings.host, settings.port)
        tap._listening = asyncio.create_task(tap._listen())
        tap.ask("Login", Username=settings.user, Secret=settings.secret)
        return tap

    def ask(self, action: str, **fields: str) -> None:
        """Ask for an action."""
        lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in fields.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def asked(self, action: str, **fields: str) -> Event:
        """Ask for an action; return its answer."""
        self.ask(action, ActionID=action, **fields)
        async with asyncio.timeout(10):
            while not (found := [one for one in self.answers if one.get("ActionID") == action]):
                await asyncio.sleep(0.02)
        return found[0]

    def channel(self, device: str) -> str:
        """Return the newest channel of a device."""
        made = [one["Channel"] for one in self.events if one["Event"] == "Newchannel"]
        return next(name for name in reversed(made) if name.startswith(f"PJSIP/{device}-"))

    async def heard(self, event: str, within_s: float = 10.0) -> None:
        """Wait until an event was heard."""
        async with asyncio.timeout(within_s):
            while not any(one["Event"] == event for one in self.events):
                await asyncio.sleep(0.02)

    async def quiet(self) -> None:
        """Wait until every channel has ended and nothing more is said."""
        async with asyncio.timeout(15):
            while self._count("Newchannel") != self._count("Hangup"):
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)

    async def close(self) -> None:
        """Hang up."""
        self._writer.transport.abort()
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    def told(self) -> Told:
        """Return what was said of each channel, in order, without what is different each time."""
        names = _Names()
        found: Told = defaultdict(list)
        for event in self.events:
            if event["Event"] not in _LEFT_OUT:
                plain = names.plain(event)
                name = plain.pop("Event")
                if name == "HangupRequest" and "Local/" in plain["Channel"]:
                    continue  # by whichever half noticed first
                if not plain.get("TransferTargetChannel", "").startswith("PJSIP/"):
                    plain = {key: v for key, v in plain.items() if "TransferTarget" not in key}
                for racing in _RACES.get(name, ()):
                    plain.pop(racing, None)
                if name == "HangupRequest" and plain["ChannelStateDesc"] in {"Ring", "Busy"}:
                    del plain["ChannelState"], plain["ChannelStateDesc"]  # Busy() sets it beside
                found[_about(name, plain)].append((name, plain))
        for about in found:
            if about.startswith("New"):  # Asterisk may leave out steps on the way
                found[about] = found[about][-1:]
        return found

    def _count(self, event: str) -> int:
        return sum(one["Event"] == event for one in self.events)

    async def _listen(self) -> None:
        while True:
            raw = await self._reader.readuntil(b"\r\n\r\n")
            lines = raw.decode("utf-8", "replace").split("\r\n")
            event = dict(line.partition(": ")[::2] for line in lines if ": " in line)
            (self.events if "Event" in event else self.answers).append(event)


def differences(expected: Told, found: Told) -> list[str]:
    """Return in what two tellings of a scene differ, a line each."""
    lines = list[str]()
    for about in sorted({*expected, *found}):
        one, two = expected.get(about, []), found.get(about, [])
        names = [[name for name, _ in told] for told in (one, two)]
        if names[0] != names[1]:
            lines += [f"{about}: {line}" for line in ndiff(names[0], names[1]) if line[0] != "?"]
            continue
        for (name, fields), (_, others) in zip(one, two, strict=True):
            keys = [key for key in {**fields, **others} if fields.get(key) != others.get(key)]
            lines += [
                f"{about}: {name}: {key} is {fields.get(key)}, not {others.get(key)}"
                for key in keys
            ]
    return lines


def _about(name: str, event: Event) -> str:
    """Return whom an event is about: threads of different calls overtake one another."""
    if name in _BESIDE or "ParkeeChannel" in event:
        return name
    if name.startswith(("MusicOnHold", "NewC")):  # these follow in their own time
        return f"{name} {event['Channel']}"
    told = (event.get(f"{one}Channel", "") for one in ("", "Dest", "LocalOne", "Transferee"))
    about = " > ".join(filter(None, told)) or "bridges"
    if name == "DialState" or (event.get("ChannelStateDesc") == "Busy" and name == "Newstate"):
        return f"{about} {name}"
    return about


class _Names:
    """Gives channels and bridges names by what they are and which of these they are."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._known: dict[str, str] = {}

    def plain(self, event: Event) -> Event:
        for prefix in ("", "Dest"):
            if f"{prefix}Channel" in event and f"{prefix}Uniqueid" in event:
                role = self._channel(event[f"{prefix}Channel"])
                self._known[event[f"{prefix}Uniqueid"]] = role
        return {key: self._value(key, value) for key, value in event.items()}

    def _value(self, key: str, value: str) -> str:
        if key.endswith("BridgeUniqueid") or key == "BridgeUniqueid":
            return "bridge" if value else ""
        if _COUNTED.fullmatch(key):
            return "some"
        if value in self._known:
            return self._known[value]
        return _CHANNEL.sub(lambda found: self._channel(found[0]), value)

    def _channel(self, name: str) -> str:
        if name not in self._known:
            half = name[-2:] if name[-2:] in {";1", ";2"} else ""
            device = name.removesuffix(half).rpartition("-")[0] + half
            self._counts[device] += 1
            self._known[name] = f"{device} #{self._counts[device]}"
        return self._known[name]
