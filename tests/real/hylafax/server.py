"""A HylaFAX of the tests' own: its spool, its scheduler, its modems in software, ended by pid."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from pathlib import Path

from tests.real.asterisk.server import free_port

ADMIN = "admin-of-the-lab"
_HASH = (  # crypt(3) of it
    "$6$KwCxYSH389T26yA1$iL8vLCw5g7yjX5OkR1cYTYtf4q0I71Oq9sOMiVO/sTkVqwpMzMSdrM9idR0InVheE"
    "UGAExbcZP1ovoch5xd7t/"
)
SPEED = 4
"""Sound so many times faster than life: more, and HylaFAX's own time limits are missed."""
_SPOOL, _ETC = Path("/var/spool/hylafax"), Path("/etc/hylafax")
_START_S = 30.0
_STOP_S = 5.0
_CONFIG = """\
CountryCode: 90
AreaCode: 212
LongDistancePrefix: 0
InternationalPrefix: 00
DialStringRules: etc/dialrules
"""
_SCHEDULER = "LogFacility: daemon\nMaxSendPages: 500\n"
_MODEM = """\
FAXNumber: "+90 212 555 {number}"
LocalIdentifier: "LAB {number}"
DeviceMode: 0600
LogFileMode: 0600
RecvFileMode: 0644
RingsBeforeAnswer: 1
SpeakerVolume: off
TagLineFont: etc/lutRS18.pcf
MaxRecvPages: 200
ModemType: Class1
Class1AdaptRecvCmd: AT+FAR=1
Class1TMConnectDelay: 400
ModemResetDelay: 10
ModemSoftResetCmdDelay: 10
ModemResetCmds: AT+VCID=1
PollModemWait: 2
PollLockWait: 2
CallIDPattern: "NMBR="
CallIDPattern: "NAME="
CallIDPattern: "ANID="
CallIDPattern: "NDID="
"""
_REQUEUED = ("Busy", "NoAnswer", "NoCarrier", "NoFCon", "DataConn", "Proto", "Other")


def installed() -> str | None:
    """Return the name of what is missing; None when a server can be started."""
    for name in ("faxq", "hfaxd", "faxgetty"):
        if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return "hylafax-server"
    return "libspandsp2" if find_library("spandsp") is None else None


class Hylafax:
    """One server with two modems that ring one another."""

    def __init__(self) -> None:
        self.port = free_port()
        self._home = Path(tempfile.mkdtemp(prefix="hylafax-"))
        self._home.chmod(0o755)
        self.spool = self._home / "spool"
        self._modems = [f"ttyS{self.port}{letter}" for letter in "ab"]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._make_spool()

    async def start(self) -> None:
        """Start what does not run; return when it takes jobs, the first time with idle modems."""
        first = not self._processes
        lines = [f"--line={name}=0212555{1001 + place}" for place, name in enumerate(self._modems)]
        modem = str(Path(__file__).with_name("softmodem.py"))
        self._run("softmodem", [sys.executable, modem, f"--speed={SPEED}", *lines])
        await self._until(lambda: all((Path("/dev") / name).exists() for name in self._modems))
        if "faxq" not in self._processes:
            (self.spool / "FIFO").unlink(missing_ok=True)
            self._run("faxq", ["/usr/sbin/faxq", "-D", "-q", str(self.spool)])
            # What faxgetty says before it listens, it would never learn.
            await self._until((self.spool / "FIFO").exists)
        self.start_hfaxd()
        for name in self._modems:
            self._run(name, ["/usr/sbin/faxgetty", "-q", str(self.spool), name])
        if first:  # later, a call that outlived the scheduler may keep a modem for a while
            await self._until(self._idle)

    def start_hfaxd(self) -> None:
        """Start what clients speak to."""
        self._run("hfaxd", ["/usr/sbin/hfaxd", "-d", "-q", str(self.spool), "-l", "127.0.0.1",
                            "-i", str(self.port)])  # fmt: skip

    def kill(self, *names: str) -> None:
        """End some of it without a word: faxq, hfaxd; by default both, and their children."""
        for name in names or ("hfaxd", "faxq"):
            process = self._processes.pop(name, None)
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def freeze(self) -> None:
        """Stop what clients speak to in its tracks."""
        os.killpg(self._processes["hfaxd"].pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.killpg(self._processes["hfaxd"].pid, signal.SIGCONT)

    def log(self) -> list[str]:
        """Return the lines of what was sent and received (xferfaxlog)."""
        file = self.spool / "log/xferfaxlog"
        return file.read_text(errors="replace").splitlines() if file.exists() else []

    def close(self) -> None:
        """End everything and drop its files."""
        for process in reversed(self._processes.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for name in self._modems:
            (Path("/dev") / name).unlink(missing_ok=True)
            for lock in Path("/var/lock").glob(f"LCK..{name}"):
                lock.unlink()
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, name: str, command: list[str]) -> None:
        running = self._processes.get(name)
        if running is not None and running.poll() is None:
            return
        with (self._home / f"{name}.out").open("ab") as told:
            self._processes[name] = subprocess.Popen(
                command, cwd=self.spool, stdin=subprocess.DEVNULL, stdout=told, stderr=told,
                start_new_session=True,
            )  # fmt: skip

    def _idle(self) -> bool:
        for name in self._modems:
            status = self.spool / "status" / name
            if not status.exists() or "idle" not in status.read_text():
                return False
        return True

    async def _until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(_START_S):
            while not seen():
                await asyncio.sleep(0.05)

    def _make_spool(self) -> None:
        subprocess.run(["cp", "-a", f"{_SPOOL}/.", str(self.spool)], check=True)
        subprocess.run(["cp", "-a", f"{_ETC}/.", str(self.spool / "etc")], check=True)
        etc, owner = self.spool / "etc", pwd.getpwnam("uucp")
        cache = etc / "setup.cache"
        cache.write_text(
            "\n".join(
                f"SPOOL='{self.spool}'" if line.startswith("SPOOL=") else line
                for line in cache.read_text().splitlines()
            )
        )
        for name, text, mode in (
            ("etc/hosts.hfaxd", f"127.0.0.1:::{_HASH}\nlocalhost:::{_HASH}\n", 0o600),
            ("etc/config", _CONFIG + _SCHEDULER, 0o644),
            ("log/seqf", "", 0o600),  # made by faxsend (root), faxgetty could not count in it
            *self._modem_files(),
        ):
            file = self.spool / name
            file.write_text(text)
            file.chmod(mode)
            os.chown(file, owner.pw_uid, owner.pw_gid)

    def _modem_files(self) -> Iterator[tuple[str, str, int]]:
        again = "".join(f"JobReq{why}: 3\n" for why in _REQUEUED)
        for place, name in enumerate(self._modems):
            text = _CONFIG + _MODEM.format(number=1001 + place) + again
            yield f"etc/config.{name}", text, 0o644
