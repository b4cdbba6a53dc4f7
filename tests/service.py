"""`santral serve` in a process of its own, as tests and benchmarks start, ask, stop and kill it."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from simulators.modem.child import ChildModem
from tests.waiting import until

SANTRAL = (
    sys.executable,
    "-c",
    "import sys; from gateway.cli.command import main; sys.exit(main())",
)
START_S = 30.0
STOP_S = 20.0


class ServiceProcess:
    """One instance: its folder outlives every start, stop and kill of the process."""

    def __init__(
        self,
        folder: Path,
        modems: Sequence[ChildModem] = (),
        *,
        configuration: str = "",
        environment: Mapping[str, str] | None = None,
        pin: str = "",
    ) -> None:
        self.folder = folder
        self.log = folder / "santral.log"
        self.config = folder / "santral.toml"
        self.process: asyncio.subprocess.Process | None = None
        self.url = ""
        self._http: aiohttp.ClientSession | None = None
        seeds = [
            f'[[modem]]\nid = "m{number}"\ndevice = "{modem.device}"\npin = "{pin}"\n'
            for number, modem in enumerate(modems)
        ]
        self.config.write_text(f"{configuration}\n{''.join(seeds)}", encoding="utf-8")
        self.environment = {
            **os.environ,
            "SANTRAL_DATA": str(folder / "data"),
            "SANTRAL_PORT": "0",
            "SANTRAL_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            **(environment or {}),
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def socket(self) -> Path:
        """Where the command line reaches it."""
        return self.folder / "data" / "santral.sock"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "data" / "santral.db"

    async def start(self) -> None:
        """Start it; returns once it serves."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *SANTRAL, "--config", str(self.config), "serve",
                stdout=asyncio.subprocess.PIPE, stderr=log, env=self.environment,
            )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(START_S):
            line = (await self.process.stdout.readline()).decode()
        found = re.search(r"serves (https?://\S+)/api/v1", line)
        if found is None:
            await self.process.wait()
            raise RuntimeError(self.log.read_text(encoding="utf-8"))
        self.url = found[1]
        self._http = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket)))

    async def stop(self) -> int:
        """End it as systemd does; returns its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it without a word."""
        await self._end(signal.SIGKILL)

    async def get(self, path: str, **query: str) -> Any:
        """GET below /api/v1 as the local administrator; raises for an error answer."""
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, Any], **given: Any) -> Any:
        """POST below /api/v1 as the local administrator; raises for an error answer."""
        return await self.ask("POST", path, json=body, **given)

    async def ask(self, method: str, path: str, **given: Any) -> Any:
        """Ask below /api/v1 over the Unix socket; RuntimeError with the problem document."""
        assert self._http is not None
        url = f"http://santral/api/v1{path}"
        async with self._http.request(method, url, **given) as answer:
            found = await answer.json(content_type=None)
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {found}")
            return found

    async def until_ready(self, count: int, timeout_s: float = START_S) -> None:
        """Wait until this many modems can send."""

        async def ready() -> bool:
            modems = (await self.get("/modems"))["items"]
            return sum(bool(modem["condition"] == "ready") for modem in modems) >= count

        await until(ready, timeout_s=timeout_s)

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `santral` with arguments on the same data, whether or not the service runs."""
        return subprocess.run(
            [*SANTRAL, "--config", str(self.config), *arguments],
            input=stdin, capture_output=True, text=True, env=self.environment, timeout=60,
            check=False,
        )  # fmt: skip

    async def _end(self, sent: signal.Signals) -> int:
        if self._http is not None:
            await self._http.close()
            self._http = None
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(sent)
        try:
            async with asyncio.timeout(STOP_S):
                return await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
