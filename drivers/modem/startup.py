"""Bringing an opened modem up: awake, identified, unlocked, set up for messages."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from drivers.modem import at_values, profiles
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtRefused, is_sim_busy
from drivers.modem.memories import Memories, MemoryMap
from drivers.modem.network import optional
from drivers.modem.pin import PinKeeper
from drivers.modem.profiles import Profile, UssdStyle
from drivers.modem.status import Trouble
from drivers.modem.timing import Timing
from gateway.sms.port import ModemCondition, ModemSettings

logger = logging.getLogger(__name__)

_LONG_NUMBER = re.compile(r"\d{14,17}")
_LABEL = re.compile(r"^(\+\w+|Manufacturer|Model|Revision|IMEI) ?: ?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a modem says it is."""

    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    imsi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A modem that is up."""

    identity: Identity
    profile: Profile
    memories: Memories
    indications: str
    """The command that has it tell of arrivals; empty when it takes none."""
    acknowledges: bool
    """What it pushes is to be acknowledged by AT+CNMA."""
    smsc: str
    marked: bool
    """It has AT+CMEE=1, and would have lost it by a restart."""

    def store_of(self, memory: str, modem_id: str) -> str:
        """Name the physical memory: the SIM's own by the SIM, others by the device."""
        owner = self.identity.imsi if memory == "SM" else self.identity.imei
        return f"{owner or modem_id}/{memory}"


async def wake(client: AtClient, timing: Timing) -> None:
    """Wait until the modem answers, with its echo off and its errors in numbers.

    Raises Trouble when it stays mute, AtError.
    """
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timing.probe_patience_s
    attempt = 0
    while not await client.probe(timing.probe_s, line="ATQ0V1E0" if attempt % 3 == 2 else "AT"):
        attempt += 1
        if loop.time() > deadline_s:
            raise Trouble(
                ModemCondition.SILENT,
                "the device is there but does not answer AT commands",
                "check that this is the modem's command port; unplug it and plug it in again",
            )
        # Other tests of the line would only add to what the modem has to digest.
        await asyncio.sleep(timing.quiet_s)
    await optional(client, "ATE0")
    await optional(client, "AT+CMEE=1")


async def identify(client: AtClient) -> Identity:
    """Ask the modem who it is, as far as it tells without its SIM; raises AtError."""
    return Identity(
        manufacturer=await _said(client, "AT+CGMI"),
        model=await _said(client, "AT+CGMM"),
        revision=await _said(client, "AT+CGMR"),
        imei=await _long_number(client, "AT+CGSN"),
    )


async def subscriber(client: AtClient, timing: Timing) -> str:
    """Ask for the IMSI, waiting while the SIM is being read; raises AtError, Trouble."""
    await when_sim_is_read(client, "AT+CIMI", timing, optional_command=True)
    return await _long_number(client, "AT+CIMI")


async def service_centre(client: AtClient) -> str:
    """Ask for the service centre's number; raises AtError."""
    lines = await optional(client, "AT+CSCA?")
    values = at_values.fields(lines[0]) if lines else []
    return values[0] if values else ""


async def is_marked(client: AtClient) -> bool:
    """Tell whether the modem still has the settings it was given; raises AtError."""
    lines = await optional(client, "AT+CMEE?")
    return at_values.numbers(lines[0]) == [1] if lines else False


async def when_sim_is_read(
    client: AtClient, line: str, timing: Timing, *, optional_command: bool = False
) -> list[str]:
    """Run a command, again and again while the SIM is busy; raises AtError, Trouble."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timing.sim_patience_s
    while True:
        try:
            return await client.command(line, timeout_s=timing.slow_command_s)
        except AtRefused as error:
            if not is_sim_busy(error):
                if optional_command:
                    return []
                raise
            if loop.time() > deadline_s:
                raise Trouble(
                    ModemCondition.NO_SIM, f"the SIM does not get ready: {error}", "try another SIM"
                ) from error
        await asyncio.sleep(timing.sim_poll_s)


class Startup:
    """Takes one opened modem through all steps."""

    def __init__(
        self,
        settings: ModemSettings,
        client: AtClient,
        timing: Timing,
        pins: PinKeeper,
        identified: Callable[[Identity, Profile], None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._timing = timing
        self._pins = pins
        self._identified = identified

    async def run(self) -> Session:
        """Return the modem set up; raises Trouble, AtError, Permanent for wrong settings."""
        await wake(self._client, self._timing)
        identity = await identify(self._client)
        profile = profiles.chosen(
            self._settings.profile, identity.manufacturer, identity.model + identity.revision
        )
        self._identified(identity, profile)
        for line in profile.start:
            await optional(self._client, line)
        await self._pins.unlock(self._client, profile, self._timing)
        await self._switch_radio_on()
        identity = await self._with_subscriber(identity)
        self._identified(identity, profile)
        return await self._messages(identity, profile)

    async def _with_subscriber(self, identity: Identity) -> Identity:
        imsi = await subscriber(self._client, self._timing)
        return Identity(
            manufacturer=identity.manufacturer,
            model=identity.model,
            revision=identity.revision,
            imei=identity.imei,
            imsi=imsi,
        )

    async def _switch_radio_on(self) -> None:
        lines = await optional(self._client, "AT+CFUN?")
        if lines and at_values.numbers(lines[0])[:1] in ([0], [4]):
            await optional(self._client, "AT+CFUN=1", timeout_s=self._timing.slow_command_s)

    async def _messages(self, identity: Identity, profile: Profile) -> Session:
        client, slow_s = self._client, self._timing.slow_command_s
        await self._pdu_mode()
        await self._character_set("GSM", "IRA")  # before the service centre, which it encodes
        acknowledges = await optional(client, "AT+CSMS=1") is not None
        smsc = await self._service_centre()
        test = await optional(client, "AT+CPMS=?", timeout_s=slow_s)
        memories = Memories(client, MemoryMap.of(test[0] if test else ""), slow_s=slow_s)
        await self._choose_memories(memories, profile)
        indications = await self._indications(profile)
        await self._conveniences(profile)
        return Session(
            identity=identity,
            profile=profile,
            memories=memories,
            indications=indications,
            acknowledges=acknowledges,
            smsc=smsc,
            marked=await is_marked(client),
        )

    async def _pdu_mode(self) -> None:
        try:
            await when_sim_is_read(self._client, "AT+CMGF=0", self._timing)
        except AtRefused as error:
            raise Trouble(
                ModemCondition.SILENT,
                f"the device does not take messages as PDUs: {error}",
                "use a GSM modem that supports SMS in PDU mode, and its command port",
            ) from error

    async def _service_centre(self) -> str:
        wanted = self._settings.smsc
        if wanted:
            line = f"AT+CSCA={at_values.service_centre(wanted)}"
            await when_sim_is_read(self._client, line, self._timing)
        else:
            await when_sim_is_read(self._client, "AT+CSCA?", self._timing, optional_command=True)
        return await service_centre(self._client)

    async def _choose_memories(self, memories: Memories, profile: Profile) -> None:
        try:
            await memories.choose(profile)
        except AtRefused as error:
            logger.warning("modem %s keeps its memories as they are: %s", self._settings.id, error)

    async def _indications(self, profile: Profile) -> str:
        test = await optional(self._client, "AT+CNMI=?")
        for wanted in profiles.indications(profile, test[0] if test else ""):
            line = f"AT+CNMI={','.join(map(str, wanted))}"
            if await optional(self._client, line) is not None:
                return line
        logger.warning(
            "modem %s does not tell of arrivals; its memories are looked through every %.0f s",
            self._settings.id,
            self._settings.sweep_interval_s,
        )
        return ""

    async def _conveniences(self, profile: Profile) -> None:
        if profile.ussd is UssdStyle.UCS2:
            await self._character_set("UCS2")
        for line in ("AT+CLIP=1", "AT+CRC=1", "AT+CUSD=1", "AT+CREG=1"):
            await optional(self._client, line, timeout_s=self._timing.slow_command_s)
        if profile.keep_link:
            await optional(self._client, "AT+CMMS=2")

    async def _character_set(self, *names: str) -> None:
        for name in names:
            if await optional(self._client, f'AT+CSCS="{name}"') is not None:
                return


async def _said(client: AtClient, line: str) -> str:
    for text in await optional(client, line) or []:
        cleaned = _LABEL.sub("", text).strip().strip('"').strip()
        if cleaned:
            return " ".join(cleaned.split())[:80]
    return ""


async def _long_number(client: AtClient, line: str) -> str:
    """Return an IMEI or IMSI, wherever in the answer it stands."""
    for text in await optional(client, line) or []:
        found = _LONG_NUMBER.search(text)
        if found is not None:
            return found.group()
    return ""
