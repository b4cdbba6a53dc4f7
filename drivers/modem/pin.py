"""Unlocking the SIM without ever risking it (27.007 §8.3)."""

from __future__ import annotations

import asyncio
import logging
import re

from drivers.modem import at_values
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtRefused, explain, is_sim_busy
from drivers.modem.network import optional
from drivers.modem.profiles import GENERIC, Profile
from drivers.modem.status import Trouble
from drivers.modem.timing import Timing
from gateway.kernel.errors import Permanent
from gateway.sms.port import ModemCondition

logger = logging.getLogger(__name__)

_READY = "READY"
_SIM_PIN = "SIM PIN"
_BUSY = "BUSY"
_NO_SIM = "NO SIM"
_LAST_TRY = 1
# What refusals of AT+CPIN? say of the SIM: by CME and by CMS.
_REFUSALS = {10: _NO_SIM, 310: _NO_SIM, 11: _SIM_PIN, 311: _SIM_PIN, 12: "SIM PUK", 316: "SIM PUK"}
_REMEDY = "set the right PIN: santral modem set ID --pin PIN"


class PinKeeper:
    """Enters the configured PIN once, and remembers for its whole life what came of it.

    The PIN counts as tried before it is sent: should its answer get lost, it is sent again only
    if the SIM tells that no try was used up.
    """

    def __init__(self, pin: str) -> None:
        self._pin = pin
        self._tried = False
        self._refused = False
        self._tries_before: int | None = None

    async def unlock(self, client: AtClient, profile: Profile, timing: Timing) -> None:
        """Bring the SIM to READY; raises Trouble, AtError."""
        state = await _settled_state(client, timing)
        if state == _SIM_PIN:
            accepted = await self._enter(client, profile, timing)
            await asyncio.sleep(profile.pause_after_pin_s)
            state = await _settled_state(client, timing)
            if state == _SIM_PIN:
                self._refused = self._refused or accepted
                raise self._wrong(await tries_left(client, profile))
        if state != _READY:
            raise _blocked(state)
        self._tried = False  # what was refused stays refused, whoever unlocked the SIM

    async def _enter(self, client: AtClient, profile: Profile, timing: Timing) -> bool:
        if not self._pin:
            raise Trouble(
                ModemCondition.PIN_NEEDED,
                "the SIM asks for its PIN, and none is configured",
                "set it: santral modem set ID --pin PIN, or switch the SIM's PIN off in a phone",
            )
        tries = await tries_left(client, profile)
        self._check_may_try(tries)
        quoted = self._quoted()
        self._tried, self._tries_before = True, tries
        try:
            await client.command(f"AT+CPIN={quoted}", timeout_s=timing.slow_command_s)
        except AtRefused as error:
            # A busy SIM may not have looked at the PIN, but nobody can be sure of that.
            self._refused = not is_sim_busy(error)
            logger.warning("the SIM refused its PIN: %s", explain(error.result))
            if self._refused:
                raise self._wrong(await tries_left(client, profile)) from error
            return False
        return True

    def _check_may_try(self, tries: int | None) -> None:
        if self._refused:
            raise self._wrong(tries)
        if self._tried and (tries is None or tries != self._tries_before):
            raise self._wrong(tries)
        if tries is not None and tries <= _LAST_TRY:
            raise Trouble(
                ModemCondition.PIN_NEEDED,
                "the SIM has a single try for its PIN left, which is not risked",
                "enter the PIN once in a phone; a right PIN gives all tries back",
            )

    def _quoted(self) -> str:
        try:
            return at_values.pin(self._pin)
        except Permanent as error:
            raise Trouble(ModemCondition.PIN_WRONG, str(error), _REMEDY) from error

    def _wrong(self, tries: int | None) -> Trouble:
        left = "" if tries is None else f"; {tries} tries are left"
        return Trouble(
            ModemCondition.PIN_WRONG,
            f"the SIM refused the configured PIN; it is not tried again{left}",
            _REMEDY,
        )


async def tries_left(client: AtClient, profile: Profile) -> int | None:
    """Ask how many tries the PIN has left; None where the modem does not tell; raises AtError."""
    queries = [(profile.tries_query, profile.tries_pattern)]
    if profile is not GENERIC:
        queries.append((GENERIC.tries_query, GENERIC.tries_pattern))
    for query, pattern in queries:
        lines = await optional(client, query) if query else None
        for line in lines or []:
            found = re.match(pattern, line)
            if found is not None:
                return at_values.number(found.group("tries"))
    return None


async def _settled_state(client: AtClient, timing: Timing) -> str:
    """Ask for the SIM's state until it is no longer being read."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timing.sim_patience_s
    while True:
        state = await _state(client)
        if state != _BUSY:
            return state
        if loop.time() > deadline_s:
            return _NO_SIM
        await asyncio.sleep(timing.sim_poll_s)


async def _state(client: AtClient) -> str:
    try:
        lines = await client.command("AT+CPIN?")
    except AtRefused as error:
        if error.number in {13, 15, 313, 315}:
            return explain(error.result)
        return _REFUSALS.get(error.number or -1, _BUSY)
    return lines[0].partition(":")[2].strip().strip('"').upper() if lines else _BUSY


def _blocked(state: str) -> Trouble:
    if state in {"SIM PUK", "SIM PUK2"}:
        return Trouble(
            ModemCondition.PUK_NEEDED,
            "the SIM is blocked and asks for its PUK",
            "unblock it in a phone with the PUK from the operator",
        )
    if state == _NO_SIM:
        detail = "there is no SIM in the modem, or it cannot be read"
        return Trouble(ModemCondition.NO_SIM, detail, "insert the SIM, contacts down")
    if state.startswith("PH-") or state.endswith(("PIN", "PUK")):
        return Trouble(
            ModemCondition.PIN_NEEDED,
            f"the modem asks for {state}: it is locked to another SIM or network",
            "have the modem unlocked, or use the SIM it is locked to",
        )
    return Trouble(ModemCondition.NO_SIM, f"the SIM cannot be used: {state}", "try another SIM")
