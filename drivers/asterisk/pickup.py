"""Whether a person took a dial: what answers may be a mailbox or an announcement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from drivers.asterisk.calls import Call
from gateway.kernel.errors import GatewayError, Permanent, Uncertain

LOOKS, LOOK_S = 10, 0.05
"""How often, and how long apart, we look whether a telephone is up, or the call over."""
End = Callable[[str], Awaitable[None]]
"""Ends a channel."""


async def require_person(
    calls: Mapping[str, Call], ref: str, extension: str, number: str, end: End
) -> None:
    """Raise, and end the call, where something answered a dial that is no telephone.

    A telephone that is rung through a Local channel may have a dialplan that goes on so; the number
    was being dialled meanwhile. Raises Uncertain where it may have rung, else Permanent.
    """
    for _ in range(LOOKS):
        call = calls.get(ref)
        if call is None or any(leg.up_at is not None for leg in call.people):
            return
        await asyncio.sleep(LOOK_S)
    why = f"{extension} was not picked up: a mailbox or an announcement answered"
    if call is not None and not await _ended_unheard(call, extension, number, end):
        raise Uncertain(f"{why}, and the number may have rung")
    raise Permanent(f"{why}; ring telephones by a `channel` whose dialplan ends without one")


async def _ended_unheard(call: Call, extension: str, number: str, end: End) -> bool:
    """End a call that nobody picked up; tell whether the number surely never rang."""
    try:
        await end(call.first.name)
    except GatewayError:
        return False
    for _ in range(LOOKS):
        if call.ended_at is not None:
            break
        await asyncio.sleep(LOOK_S)
    others = [leg for leg in call.people if leg.party != extension]
    rang = any(not leg.internal or leg.party == number for leg in others)
    return call.ended_at is not None and not rang
