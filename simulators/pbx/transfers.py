"""Calls passed on: blind, attended by two lines of a telephone, and Asterisk's own attended one."""

from __future__ import annotations

from simulators.pbx import local_channels
from simulators.pbx.channels import Channel, Party
from simulators.pbx.switch import CALL, DTMF, Switch

_BEGIN, _ABORT = "*2", "*1"
"""Feature codes."""


class TransferError(Exception):
    """It cannot be passed on as things are."""


def peer_of(channel: Channel) -> Channel:
    """Return who speaks with a channel."""
    others = channel.bridge.others(channel) if channel.bridge else []
    if not others:
        raise TransferError(f"{channel.name} speaks with nobody")
    return others[0]


def hold(switch: Switch, channel: Channel, *, on: bool, music: str = "") -> None:
    """Hold who speaks with a channel, or take him back; its telephone may suggest the music."""
    peer = peer_of(channel)
    suggested = {"MusicClass": music} if music else {}
    switch.tell("Hold" if on else "Unhold", CALL, channel.fields(), suggested)
    switch.music(peer, on=on)


def blind(switch: Switch, channel: Channel, context: str, exten: str) -> None:
    """Send who speaks with a channel elsewhere."""
    peer = peer_of(channel)
    assert channel.bridge is not None
    switch.tell("Unhold", CALL, channel.fields())
    where = {"Result": "Success", "IsExternal": "Yes", "Context": context, "Extension": exten}
    switch.tell(
        "BlindTransfer", CALL, where, channel.fields("Transferer"), peer.fields("Transferee"),
        channel.bridge.fields(),
    )  # fmt: skip
    switch.send(peer, context, exten)


def attended(switch: Switch, held: Channel, asking: Channel) -> None:
    """Join who is held on one line of a telephone with who was asked on its other line."""
    customer, target = peer_of(held), peer_of(asking)
    near, far = held.bridge, asking.bridge
    assert near is not None
    assert far is not None
    before = (near.fields("Orig"), far.fields("Second"))
    for line in (held, asking):
        switch.tell("Unhold", CALL, line.fields())
    switch.music(customer, on=False)
    switch.leave(customer)
    switch.leave(asking)
    switch.enter(far, customer, swap=asking)
    switch.connect(target, customer.caller)
    switch.tell("SoftHangupRequest", CALL, asking.fields(), {"Cause": "1"})
    switch.tell(
        "AttendedTransfer", CALL, {"Result": "Success"}, held.fields("OrigTransferer"), before[0],
        asking.fields("SecondTransferer"), before[1], customer.fields("Transferee"),
        target.fields("TransferTarget"),
        {"IsExternal": "No", "DestType": "Bridge", "DestBridgeUniqueid": far.uid},
    )  # fmt: skip
    switch.connect(customer, target.caller)
    switch.hang_up(asking, 16)
    switch.leave(held)
    switch.destroy(near)
    switch.hang_up(held, 16)


class Asking:
    """An attended transfer by feature code: the agent asks while the customer hears music."""

    def __init__(self, switch: Switch, agent: Channel, context: str, exten: str) -> None:
        self.switch, self.agent, self.customer = switch, agent, peer_of(agent)
        assert agent.bridge is not None
        if agent.asking is not None:
            raise TransferError(f"{agent.name} asks somebody already")
        self.near = agent.bridge
        self._press(_BEGIN)
        hold(switch, agent, on=True)
        self._press(exten)
        self.one, two = switch.local(exten, context, agent.linkedid)
        self.far = switch.bridge()
        switch.identify(two, agent.caller)
        local_channels.joined(switch, self.one, two)
        self.one.report = self._reported
        switch.connect(self.one, agent.caller)
        switch.enter(self.far, self.one)
        switch.leave(agent)
        switch.enter(self.far, agent)
        switch.connect(agent, Party())
        for channel in (agent, self.one, self.customer):
            channel.asking = self
        switch.start(two)

    def cancel(self) -> None:
        """Take the customer back."""
        self._press(_ABORT)
        self._return()
        self.switch.hang_up(self.one, 16)

    def lost(self, channel: Channel) -> None:
        """Settle that one of the three hung up."""
        if channel is self.agent:
            self._complete()
        elif channel is self.one:
            self._return()
        else:
            self._forget()

    def _complete(self) -> None:
        switch, one, agent = self.switch, self.one, self.agent
        self._forget()
        two = one.other_half
        switch.tell("BridgeMerge", CALL, self.near.fields("To"), self.far.fields("From"))
        switch.music(self.customer, on=False)
        switch.leave(one)
        switch.enter(self.near, one)
        switch.leave(agent)
        switch.tell(
            "AttendedTransfer", CALL, {"Result": "Success"}, agent.fields("OrigTransferer"),
            self.near.fields("Orig"), agent.fields("SecondTransferer"), self.far.fields("Second"),
            self.customer.fields("Transferee"), one.fields("TransferTarget"),
            {"IsExternal": "No", "DestType": "Bridge", "DestBridgeUniqueid": self.near.uid},
        )  # fmt: skip
        switch.connect(self.customer, one.caller)
        switch.connect(one, self.customer.caller)
        switch.destroy(self.far)
        if two is not None and two.bridge is not None:
            switch.identify(two, self.customer.caller)
            switch.connect(peer_of(two), self.customer.caller)
            local_channels.optimise_soon(switch, self.near)

    def _return(self) -> None:
        switch = self.switch
        self._forget()
        switch.leave(self.agent)
        switch.enter(self.near, self.agent)
        switch.music(self.customer, on=False)
        switch.tell("Unhold", CALL, self.agent.fields())
        switch.leave(self.one)
        switch.destroy(self.far)

    def _reported(self, what: str, _cause: int) -> None:
        statuses = {"ringing": ("DialState", "RINGING"), "answer": ("DialEnd", "ANSWER")}
        if what in statuses:
            event, status = statuses[what]
            told = {"DialStatus": status}
            self.switch.tell(event, CALL, self.one.fields("Dest"), told)
            if what == "ringing":
                self.switch.connect(self.agent, self.one.caller)

    def _press(self, keys: str) -> None:
        for digit in keys:
            told = {"Digit": digit, "DurationMs": "0", "Direction": "Received"}
            self.switch.tell("DTMFEnd", DTMF, self.agent.fields(), told)

    def _forget(self) -> None:
        for channel in (self.agent, self.one, self.customer):
            channel.asking = None
