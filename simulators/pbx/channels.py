"""Channels and bridges as Asterisk has them, and how its events show them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.pbx.phones import Phone

UNKNOWN = "<unknown>"
Fields = dict[str, str]


class ChannelState(IntEnum):
    """The states that occur here, with Asterisk's numbers."""

    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6
    BUSY = 7


@dataclass(slots=True)
class Party:
    """A number and a name as the wire shows them."""

    number: str = ""
    name: str = ""


@dataclass(slots=True, eq=False)
class Channel:
    """One leg."""

    name: str
    uid: str
    linkedid: str
    born: int
    """Which channel it is since the start: of two that meet, the older one's Linkedid wins."""
    context: str
    exten: str
    state: ChannelState = ChannelState.DOWN
    caller: Party = field(default_factory=Party)
    connected: Party = field(default_factory=Party)
    priority: int = 1
    application: str = ""
    data: str = ""
    dial_status: str = ""
    up_since: float = 0.0
    phone: Phone | None = None
    """Who is beyond the wire."""
    other_half: Channel | None = None
    """Of a Local channel."""
    bridge: Bridge | None = None
    alone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it left its bridge and is to go on by itself."""
    thread: asyncio.Task[None] | None = None
    """What runs the dialplan on it; a called channel has none."""
    redirected: bool = False
    """Its dialplan is to go on elsewhere, out of what it does."""
    cause: int = 16
    over: bool = False
    entertained: bool = False
    """Hears music on hold."""
    report: Callable[[str, int], None] = lambda _what, _cause: None
    """Who dialled it hears of: ringing, answer, refuse, picked up."""
    picked_by: Channel | None = None
    """Who picked it up at another telephone."""
    taken_over: bool = False
    """Its call was picked up elsewhere."""
    step: tuple[str, str, int, str] = ("", "", 0, "")
    """Where its last Newexten was."""
    asking: Any = None
    """The attended transfer that it carries out."""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Tell whether it is half of a Local channel."""
        return self.other_half is not None or self.name.startswith("Local/")

    @property
    def device(self) -> str:
        """Return the device it belongs to."""
        return self.name.rpartition("-")[0]

    def fields(self, prefix: str = "") -> Fields:
        """Return the snapshot that events carry."""
        return {
            f"{prefix}Channel": self.name,
            f"{prefix}ChannelState": str(int(self.state)),
            f"{prefix}ChannelStateDesc": self.state.name.capitalize(),
            f"{prefix}CallerIDNum": self.caller.number or UNKNOWN,
            f"{prefix}CallerIDName": self.caller.name or UNKNOWN,
            f"{prefix}ConnectedLineNum": self.connected.number or UNKNOWN,
            f"{prefix}ConnectedLineName": self.connected.name or UNKNOWN,
            f"{prefix}Language": "en",
            f"{prefix}AccountCode": "",
            f"{prefix}Context": self.context,
            f"{prefix}Exten": self.exten,
            f"{prefix}Priority": str(self.priority),
            f"{prefix}Uniqueid": self.uid,
            f"{prefix}Linkedid": self.linkedid,
        }


@dataclass(slots=True, eq=False)
class Bridge:
    """What mixes channels; a holding bridge plays music to each."""

    uid: str
    kind: str = "basic"
    channels: list[Channel] = field(default_factory=list)

    def fields(self, prefix: str = "") -> Fields:
        """Return the snapshot that events carry."""
        technology = "holding_bridge" if self.kind == "parking" else "simple_bridge"
        return {
            f"{prefix}BridgeUniqueid": self.uid,
            f"{prefix}BridgeType": self.kind,
            f"{prefix}BridgeTechnology": technology,
            f"{prefix}BridgeCreator": "Parking" if self.kind == "parking" else UNKNOWN,
            f"{prefix}BridgeName": "default" if self.kind == "parking" else UNKNOWN,
            f"{prefix}BridgeNumChannels": str(len(self.channels)),
            f"{prefix}BridgeVideoSourceMode": "none",
        }

    def others(self, channel: Channel) -> list[Channel]:
        """Return who else is in it."""
        return [one for one in self.channels if one is not channel]
