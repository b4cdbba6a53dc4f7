"""Local channels: two halves that carry a call into the dialplan, and step aside once it stands."""

from __future__ import annotations

import asyncio

from simulators.pbx.channels import Bridge, Channel, ChannelState, Party
from simulators.pbx.switch import CALL, Switch

_OPTIMISED_AFTER_S = 0.03
Halves = tuple[Channel, Channel]


def call(switch: Switch, channel: Channel, target: str) -> Channel:
    """Make a Local channel for a Dial; return the half that is dialled."""
    exten, _, context = target.partition("/")[2].partition("@")
    one, _ = switch.local(exten, context.partition("/")[0], channel.linkedid)
    one.exten = channel.exten
    one.caller, one.connected = Party(channel.exten), Party(channel.caller.number)
    switch.newexten(one, "AppDial", "(Outgoing Line)")
    switch.identify(one, one.caller)
    switch.connect(one, channel.caller)
    return one


def begin(switch: Switch, one: Channel) -> None:
    """Let the other half go through the dialplan."""
    two = one.other_half
    assert two is not None
    two.connected = Party(one.caller.number)
    switch.identify(two, one.connected)
    switch.connect(two, one.caller)
    joined(switch, one, two)
    switch.start(two)


def tell(switch: Switch, event: str, one: Channel, two: Channel, **more: str) -> None:
    """Tell of both halves."""
    switch.tell(event, CALL, one.fields("LocalOne"), two.fields("LocalTwo"), more)


def joined(switch: Switch, one: Channel, two: Channel) -> None:
    """Tell that the halves carry a call from now on."""
    tell(
        switch, "LocalBridge", one, two, Context=two.context, Exten=two.exten,
        LocalOptimization="Yes",
    )  # fmt: skip


def rings(switch: Switch, two: Channel, who: Party) -> None:
    """Carry the ringing over to the dialled half."""
    one = two.other_half
    if one is not None and one.state is ChannelState.DOWN:
        one.caller = Party(who.number, who.name)
        switch.state(one, ChannelState.RINGING)
        switch.identify(one, who)
        one.report("ringing", 0)


def shows(switch: Switch, one: Channel, who: Party) -> None:
    """Show whoever speaks through a Local channel whom its near half has dialled."""
    two = one.other_half
    if two is not None and two.bridge is not None:
        switch.identify(two, who)
        for peer in two.bridge.others(two):
            switch.connect(peer, who)


def answers(switch: Switch, two: Channel) -> None:
    """Carry the answer over to the dialled half."""
    one = two.other_half
    if one is not None and one.state is not ChannelState.UP:
        switch.state(one, ChannelState.UP)
        one.report("answer", 0)


def optimise_soon(switch: Switch, bridge: Bridge) -> None:
    """Take Local channels out once both halves are bridged."""
    for channel in bridge.channels:
        half = channel.other_half
        if half is not None and half.bridge is not None:
            halves = (channel, half) if channel.name.endswith(";1") else (half, channel)
            asyncio.get_running_loop().call_later(_OPTIMISED_AFTER_S, _optimise, switch, halves)


def _optimise(switch: Switch, halves: Halves) -> None:
    """Move one party over; which, Asterisk leaves to whose audio is first: here they take turns."""
    one, two = halves
    near, far = one.bridge, two.bridge
    if near is None or far is None or one.asking is not None:
        return
    number = switch.optimisation()
    goes, stays, left, kept = (two, one, far, near) if int(number) % 2 else (one, two, near, far)
    if len(left.channels) != 2:
        return
    [moved] = left.others(goes)
    source = {**moved.fields("Source"), "DestUniqueId": two.uid, "Id": number}
    tell(switch, "LocalOptimizationBegin", one, two, **source)
    switch.leave(moved)
    switch.leave(stays)
    switch.enter(kept, moved, swap=stays)
    tell(switch, "LocalOptimizationEnd", one, two, Success="No", Id=number)
    switch.leave(goes)
    switch.destroy(left)
    switch.request(stays, 16)
    for half in halves:
        half.other_half = None
        switch.hang_up(half, 16)
