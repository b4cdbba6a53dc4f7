"""One Asterisk process in its folder: started, frozen, killed, started again by its process id."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
_SNIPPET = _HERE.parents[2] / "docs/asterisk/santral.conf"
"""The dialplan that administrators are given."""
_AGI_PORT = 4573
_START_S = 20.0
USER, SECRET = "santral", "office-secret"


def installed() -> Path | None:
    """Return the folder that `provision.sh` filled; None when it was not."""
    home = Path(os.environ.get("SANTRAL_CACHE") or Path.home() / ".cache/santral")
    folder = home / "asterisk-16"
    return folder / "root" if (folder / "done").exists() else None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Asterisk:
    """A telephone system with the configuration in `etc`."""

    def __init__(self, root: Path) -> None:
        self.port, self.agi_port = free_port(), free_port()
        self._root = root
        self._home = Path(tempfile.mkdtemp(prefix="office-", dir=root / "tmp"))
        self._inside = f"/tmp/{self._home.name}"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("db", "spool", "run", "log"):
            (self._home / name).mkdir()
        shutil.copytree(_HERE / "etc", self._home / "etc")
        shutil.copy(_SNIPPET, self._home / "etc")
        for file in (self._home / "etc").iterdir():
            text = file.read_text()
            for word, value in (
                ("@HOME@", self._inside), ("@AMI_PORT@", str(self.port)),
                (f":{_AGI_PORT}/", f":{self.agi_port}/"),
            ):  # fmt: skip
                text = text.replace(word, value)
            file.write_text(text)

    @property
    def spool_there(self) -> str:
        """Its spool, as it calls it."""
        return f"{self._inside}/spool"

    @property
    def spool_here(self) -> Path:
        """Its spool, as it is reached from outside its root."""
        return self._home / "spool"

    async def start(self) -> None:
        """Start it; return when it takes calls."""
        with (self._home / "console").open("ab") as console:
            self._process = subprocess.Popen(
                ["chroot", self._root, "/usr/sbin/asterisk", "-f", "-C", self._configuration],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
            )  # fmt: skip
        async with asyncio.timeout(_START_S):
            while not await self._booted():
                await asyncio.sleep(0.1)

    def freeze(self) -> None:
        """Stop it in its tracks."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a word."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    async def command(self, text: str) -> str:
        """Return what its console says to a command."""
        process = await asyncio.create_subprocess_exec(
            "chroot", str(self._root), "/usr/sbin/asterisk", "-C", self._configuration, "-rx", text,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        return (await process.communicate())[0].decode("utf-8", "replace")

    def close(self) -> None:
        """End it and drop its files."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def _configuration(self) -> str:
        return f"{self._inside}/etc/asterisk.conf"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    async def _booted(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._home / "console").read_text()[-2000:]
        return "fully booted" in (await self.command("core waitfullybooted")).lower()
