"""A real PostgreSQL for tests: a cluster of their own, on a Unix socket, ended by its pid."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 30.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    folder: Path

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"


def binaries() -> Path | None:
    """Return the folder with initdb and postgres, or None when there is no server here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    plain = shutil.which("postgres")
    return Path(plain).parent if plain else None


@contextmanager
def running_cluster(programs: Path, *, durable: bool = False) -> Iterator[Cluster]:
    """Hold a server, quick or `durable`. It refuses root, so for root it runs as user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="santral-pg-"))
    drop: list[str | Path] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    options = ["-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    settings = ["-c", "listen_addresses=", "-c", "max_connections=50"]
    settings += [] if durable else ["-c", "fsync=off"]
    server: subprocess.Popen[bytes] | None = None
    try:
        subprocess.run(
            [*drop, programs / "initdb", "-D", data, "-U", "postgres", *options],
            check=True,
            capture_output=True,
            cwd="/",
        )
        server = subprocess.Popen(
            [*drop, programs / "postgres", "-D", data, "-k", folder, *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        _await_socket(folder / ".s.PGSQL.5432", server)
        yield Cluster(folder)
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # at once: nobody needs what it still would write
            server.wait(START_S)
        shutil.rmtree(folder, ignore_errors=True)


def _await_socket(socket: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            msg = "PostgreSQL did not start"
            raise RuntimeError(msg)
        time.sleep(0.05)
