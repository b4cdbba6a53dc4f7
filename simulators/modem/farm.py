"""A row of simulated modems with their network and control interface, in one event loop."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from simulators.modem import control
from simulators.modem.device import DeviceError
from simulators.modem.modem import Build, Identity, Modem
from simulators.modem.network import Network
from simulators.modem.profiles import PROFILES
from simulators.modem.radio import system_time

_FIRST_NUMBER = 905320000000
_FIRST_IMEI = 356938035643800
_FIRST_IMSI = 286010000000000


class FarmError(Exception):
    """The modems cannot be started; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmConfig:
    """What is to be simulated."""

    count: int = 1
    link: Path | None = None
    profile: str = "generic"
    pin: str | None = None
    submit_delay_s: float | None = None
    control_port: int = 0
    journal: Path | None = None
    utc: Callable[[], datetime] = system_time


class Farm:
    """An asynchronous context: the modems are plugged in while it is entered."""

    def __init__(self, config: FarmConfig) -> None:
        self._config = config
        self._runner: web.AppRunner | None = None
        self.network = Network()
        self.modems: list[Modem] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        try:
            self._plug()
            await self._listen()
        except FarmError:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    def control_url(self, modem: Modem) -> str:
        """The base of a modem's control interface."""
        path = "" if len(self.modems) == 1 else f"{modem.identity.index}"
        return f"http://127.0.0.1:{self.port}/{path}"

    def _plug(self) -> None:
        folder = self._folder()
        for index in range(self._config.count):
            modem = Modem(self._build(folder, index), self.network)
            self.modems.append(modem)
            try:
                modem.start()
            except DeviceError as error:
                raise FarmError(f"{error}; give another --link") from error

    def _folder(self) -> Path:
        if self._config.journal is None:
            return Path(tempfile.mkdtemp(prefix="santral-sim-"))
        try:
            self._config.journal.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot write to {self._config.journal}: {error.strerror}"
            raise FarmError(f"{message}; give another --journal") from error
        return self._config.journal

    def _build(self, folder: Path, index: int) -> Build:
        config = self._config
        profile = PROFILES.get(config.profile)
        if profile is None:
            known = ", ".join(PROFILES)
            raise FarmError(f"unknown profile {config.profile!r}; choose one of {known}")
        identity = Identity(
            index=index,
            number=f"+{_FIRST_NUMBER + index}",
            imei=str(_FIRST_IMEI + index),
            imsi=str(_FIRST_IMSI + index),
        )
        link = config.link
        if link is not None and config.count > 1:
            link = link.with_name(f"{link.name}{index}")
        return Build(
            identity=identity,
            profile=profile,
            journal=folder / f"modem{index}.jsonl",
            link=link,
            pin=config.pin,
            submit_delay_s=config.submit_delay_s,
            utc=config.utc,
        )

    async def _listen(self) -> None:
        self._runner = web.AppRunner(control.application(self.modems), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._config.control_port)
        try:
            await site.start()
        except OSError as error:
            port = self._config.control_port
            message = f"cannot listen on 127.0.0.1:{port}: {error.strerror}"
            raise FarmError(f"{message}; choose another --control-port") from error
        self.port = int(self._runner.addresses[0][1])

    async def _close(self) -> None:
        for modem in self.modems:
            modem.stop()
        if self._runner:
            await self._runner.cleanup()
