"""Channels and bridges as Asterisk's events tell them; who can hear whom.

A channel is one leg; a bridge joins channels. A Local channel is two halves, `;1` and `;2`, joined
within the PBX: who is in a bridge with one half hears who is in a bridge with the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.asterisk.messages import Message

NOBODY = frozenset(
    {"", "<unknown>", "anonymous", "unknown", "unavailable", "restricted", "withheld"}
)
"""What stands where a caller's number is not told."""
_NAME = re.compile(
    r"^(?:AsyncGoto/)?(?P<tech>[A-Za-z0-9]+)/(?P<endpoint>.+?)"
    r"(?:-[0-9A-Za-z]+)?(?P<half>;[12])?(?:<ZOMBIE>|<MASQ>)?$"
)
_UNREAL = frozenset({
    "Local", "Message", "Snoop", "Surrogate", "Bridge", "CBAnn", "CBRec", "ConfBridgeRecorder",
    "Announcer", "Recorder", "Parked", "MulticastRTP", "UnicastRTP", "OutgoingSpoolFailed",
})  # fmt: skip
"""Technologies of channels behind which no telephone is."""


MAX_TALKS = 200
"""Spans of talk of one channel that are kept apart."""


@dataclass(slots=True)
class Channel:
    """One leg of a call."""

    uid: str
    name: str
    linkedid: str
    created_at: float
    seen_at: float
    """When we first heard of it."""
    told_at: float = 0.0
    """When an event last spoke of it."""
    tech: str = ""
    endpoint: str = ""
    half: str = ""
    """`;1` or `;2` of a Local channel."""
    number: str = ""
    """Its caller id, empty when withheld."""
    person: str = ""
    exten: str = ""
    context: str = ""
    state: str = ""
    dialled: str = ""
    """What was dialled to reach it."""
    dialler: str = ""
    """The channel that dialled it."""
    dialled_at: float | None = None
    rang_at: float | None = None
    up_at: float | None = None
    dial_status: str = ""
    bridge: str = ""
    connected: str = ""
    """The number it is shown."""
    place: str | None = None
    """Its extension in the dialplan when it last began to dial or entered a bridge."""
    twin: str = ""
    """The other half of a Local channel."""
    home: str = ""
    """The bridge it was in before."""
    held_at: float | None = None
    hold_s: float = 0.0
    forwarded: bool = False
    """It sent the call on."""
    targets: tuple[str, ...] = ()
    """Telephones that its dialplan dials now."""
    asked_to_end: bool = False
    """Its telephone or network hung up, rather than the PBX."""
    ended_at: float | None = None
    cause: int = 0
    call: str = ""
    """Which call it belongs to."""
    party: str = ""
    """Whose leg it is: an extension, or the number beyond a line."""
    internal: bool = True
    called: bool = False
    """It was rung, rather than made the call."""
    talks: list[list[float]] = field(default_factory=list)
    """From when to when somebody heard it; the last one is open while its end is absent."""
    talked_s: float = 0.0
    """Before the oldest of these: there may be many."""

    @property
    def real(self) -> bool:
        """Tell whether a telephone or a line stands behind it."""
        return self.tech not in _UNREAL


@dataclass(slots=True)
class Board:
    """Every channel and bridge that exists now."""

    channels: dict[str, Channel] = field(default_factory=dict)
    bridges: dict[str, dict[str, None]] = field(default_factory=dict)
    """Members of each bridge, in the order in which they came."""
    names: dict[str, str] = field(default_factory=dict)

    def enter(self, channel: Channel, bridge: str) -> None:
        """Put a channel into a bridge, out of the one where it was."""
        if channel.bridge != bridge:
            self.leave(channel)
        channel.bridge = bridge
        self.bridges.setdefault(bridge, {})[channel.uid] = None

    def leave(self, channel: Channel) -> None:
        """Take a channel out of its bridge; an empty bridge is forgotten."""
        members = self.bridges.get(channel.bridge)
        if channel.bridge:
            channel.home = channel.bridge
        if members is not None:
            members.pop(channel.uid, None)
            if not members:
                del self.bridges[channel.bridge]
        channel.bridge = ""

    def pair(self, one: str, two: str) -> None:
        """Join the halves of a Local channel."""
        for mine, other in ((one, two), (two, one)):
            channel = self.channels.get(mine)
            if channel is not None:
                channel.twin = other

    def add(self, channel: Channel) -> None:
        """Take in a channel; a Local one is paired with its other half by name."""
        self.channels[channel.uid] = channel
        self.names[channel.name] = channel.uid
        if channel.half:
            other = self.names.get(channel.name[:-1] + ("2" if channel.half == ";1" else "1"))
            if other is not None:
                self.pair(channel.uid, other)

    def named(self, name: str) -> Channel | None:
        """Return the channel of that name."""
        return self.channels.get(self.names.get(name, ""))

    def remove(self, channel: Channel) -> None:
        """Forget a channel that ended."""
        self.leave(channel)
        self.channels.pop(channel.uid, None)
        if self.names.get(channel.name) == channel.uid:
            del self.names[channel.name]

    def heard_by(self, channel: Channel) -> list[Channel]:
        """Return the real channels that are joined with this one now, through Local ones too."""
        found: dict[str, Channel] = {}
        seen = {channel.uid}
        open_ = [channel]
        while open_:
            for other in self._neighbours(open_.pop()):
                if other.uid in seen:
                    continue
                seen.add(other.uid)
                if other.real:
                    found[other.uid] = other
                else:
                    open_.append(other)
        return list(found.values())

    def _neighbours(self, channel: Channel) -> Iterator[Channel]:
        twin = self.channels.get(channel.twin)
        if twin is not None:
            for uid in self.bridges.get(twin.bridge, ()):
                yield self.channels[uid]
        for uid in self.bridges.get(channel.bridge, ()):
            yield self.channels[uid]


def new_channel(event: Message, now: float, prefix: str = "") -> Channel:
    """Return the channel that an event speaks of; `prefix` is `Dest` for the dialled one."""
    name = event.get(f"{prefix}Channel", "")
    channel = Channel(
        uid=event.get(f"{prefix}Uniqueid", ""),
        name=name,
        linkedid=event.get(f"{prefix}Linkedid", "") or event.get("Linkedid", ""),
        created_at=now - _duration(event.get("Duration", "")),
        seen_at=now,
    )
    rename(channel, name)
    refresh(channel, event, now, prefix)
    channel.number = told(event.get(f"{prefix}CallerIDNum", ""))
    channel.person = told(event.get(f"{prefix}CallerIDName", ""))
    return channel


def rename(channel: Channel, name: str) -> None:
    """Take what a channel's name tells: technology, endpoint, half."""
    match = _NAME.match(name)
    channel.name = name
    if match is not None:
        channel.tech, channel.endpoint = match["tech"], match["endpoint"]
        channel.half = match["half"] or ""


def refresh(channel: Channel, event: Message, now: float, prefix: str = "") -> None:
    """Take what an event tells of a channel's state and place."""
    exten = event.get(f"{prefix}Exten")
    if exten is not None:
        channel.exten = exten
        channel.context = event.get(f"{prefix}Context", channel.context)
    channel.connected = event.get(f"{prefix}ConnectedLineNum", channel.connected)
    state = event.get(f"{prefix}ChannelStateDesc")
    if state:
        channel.state = state
        if state == "Ringing" and channel.rang_at is None:
            channel.rang_at = now
        if state == "Up" and channel.up_at is None:
            channel.up_at = now


def _duration(text: str) -> float:
    """Return a snapshot's `HH:MM:SS` in seconds."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 7 for part in parts):
        return 0.0
    hours, minutes, seconds = map(int, parts)
    return float(hours * 3600 + minutes * 60 + seconds)


def told(value: str) -> str:
    """Return a number or name, empty where none was told."""
    return "" if value.casefold() in NOBODY else value


def hear(channel: Channel, now: float) -> None:
    """Note that somebody hears a channel from now on."""
    if channel.talks and len(channel.talks[-1]) == 1:
        return
    channel.talks.append([now])
    if len(channel.talks) > MAX_TALKS:
        start, end = channel.talks.pop(0)
        channel.talked_s += end - start


def silence(channel: Channel, now: float) -> None:
    """Note that nobody hears a channel from now on."""
    if channel.talks and len(channel.talks[-1]) == 1:
        channel.talks[-1].append(now)


def unhold(channel: Channel, now: float) -> None:
    """Note that who was put on hold is heard again."""
    if channel.held_at is not None:
        channel.hold_s += now - channel.held_at
        channel.held_at = None
