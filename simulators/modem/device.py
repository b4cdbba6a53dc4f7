"""A pseudo-terminal that clients open, leave and open again."""

from __future__ import annotations

import asyncio
import errno
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path

# How soon a client that opens a closed port is noticed; real USB ports need as long.
_REOPEN_POLL_S = 0.01
_READ_SIZE = 65_536
# What a client that does not read may leave unread before bytes are lost, as on a real port.
_UNSENT_LIMIT = 1_048_576
_GONE = frozenset({errno.EIO, errno.EBADF, errno.ENXIO})


class DeviceError(Exception):
    """The pseudo-terminal or its link cannot be made."""


class Device:
    """One end of a pty in the event loop; its name, or a link to it, is what clients open."""

    def __init__(self, link: Path | None, received: Callable[[bytes], None]) -> None:
        self._link = link
        self._received = received
        self._master = -1
        self._slave_name = ""
        self._unsent = bytearray()
        self._present = False
        self._watch: asyncio.TimerHandle | None = None
        self.lost_bytes = 0

    @property
    def name(self) -> str:
        """What a client opens; empty while unplugged."""
        if self._master < 0:
            return ""
        return str(self._link) if self._link else self._slave_name

    @property
    def plugged(self) -> bool:
        """Whether there is a pty."""
        return self._master >= 0

    @property
    def open(self) -> bool:
        """Whether a client has the port open."""
        return self._present

    def plug(self) -> None:
        """Make the pty and the link."""
        master, slave = os.openpty()
        tty.setraw(slave, termios.TCSANOW)
        self._slave_name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        self._master = master
        try:
            self._make_link()
        except DeviceError:
            self.unplug()
            raise
        self._look()

    def unplug(self) -> None:
        """Close the pty: clients see a hang-up; the link vanishes."""
        if self._master < 0:
            return
        if self._link and self._link.is_symlink():
            self._link.unlink()
        self._leave()
        if self._watch:
            self._watch.cancel()
            self._watch = None
        os.close(self._master)
        self._master = -1

    def write(self, data: bytes) -> None:
        """Send to the client; with nobody there the bytes are lost, as on a real port."""
        if self._unsent:
            self._keep(data)
            return
        if not self._present and not self._arrived():
            self.lost_bytes += len(data)
            return
        try:
            sent = os.write(self._master, data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._failed(error)
            return
        if sent < len(data):
            self._keep(data[sent:])
            asyncio.get_running_loop().add_writer(self._master, self._flush)

    def _make_link(self) -> None:
        if self._link is None:
            return
        try:
            if self._link.is_symlink():
                self._link.unlink()
            self._link.symlink_to(self._slave_name)
        except OSError as error:
            message = f"cannot make the link {self._link}: {error.strerror}"
            raise DeviceError(message) from error

    def _look(self) -> None:
        """Wait for a client to open the port."""
        self._watch = None
        if self._master >= 0 and not self._arrived():
            self._watch = asyncio.get_running_loop().call_later(_REOPEN_POLL_S, self._look)

    def _arrived(self) -> bool:
        """Whether a client is there; what it has written is taken."""
        if self._master < 0:
            return False
        try:
            data = os.read(self._master, _READ_SIZE)
        except BlockingIOError:
            data = b""
        except OSError:
            return False
        if not self._present:
            self._present = True
            asyncio.get_running_loop().add_reader(self._master, self._readable)
        if data:
            self._received(data)
        return True

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._failed(error)
            return
        self._received(data)

    def _flush(self) -> None:
        try:
            sent = os.write(self._master, self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self._failed(error)
            return
        del self._unsent[:sent]
        if not self._unsent:
            asyncio.get_running_loop().remove_writer(self._master)

    def _keep(self, data: bytes) -> None:
        room = max(0, _UNSENT_LIMIT - len(self._unsent))
        self._unsent += data[:room]
        self.lost_bytes += max(0, len(data) - room)

    def _failed(self, error: OSError) -> None:
        if error.errno not in _GONE:
            raise error
        self._leave()
        self._forget_unread()
        self._look()

    def _forget_unread(self) -> None:
        """What the last client left unread must not reach the next one."""
        slave = os.open(self._slave_name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            termios.tcflush(slave, termios.TCIFLUSH)
        finally:
            os.close(slave)

    def _leave(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        self._unsent.clear()
        self._present = False
