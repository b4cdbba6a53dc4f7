"""A byte link to a serial port, inside the event loop; the one file that knows pyserial."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import io
import os
import termios
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import serial

from gateway.kernel.errors import Temporary

READ_SIZE_BYTES = 4096
WRITE_LIMIT_BYTES = 65_536
"""What a device may leave unread before the link is given up as stuck."""
_POLL_S = 0.1
"""How often a port without a file descriptor looks whether it is to close."""

_ABSENT = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR})
_BUSY = frozenset({errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK})


class LinkError(Temporary):
    """A serial device cannot be used; `remedy` says what a person can do about it."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message, code="link")
        self.remedy = remedy


class DeviceAbsent(LinkError):
    """The device is not there."""


class DeviceForbidden(LinkError):
    """The device may not be opened by this user."""


class DeviceBusy(LinkError):
    """Another program holds the device."""


class NotASerialPort(LinkError):
    """The path leads to something else than a serial port."""


class LinkLost(LinkError):
    """The device went away, or stopped taking data, while it was open."""


class LinkReceiver(Protocol):
    """What a link tells its user, from within the event loop."""

    def data_received(self, data: bytes) -> None:
        """Take bytes as they come."""
        ...

    def connection_lost(self, error: LinkLost) -> None:
        """Learn, once, that the link is gone; nothing follows."""
        ...


class SerialLink(Protocol):
    """An open link."""

    def write(self, data: bytes) -> None:
        """Send bytes, keeping what the device does not take yet; a lost link ignores them."""
        ...

    async def close(self) -> None:
        """Let the device go; the receiver hears nothing more."""
        ...


def is_url(device: str) -> bool:
    """Tell whether a device is a pyserial URL instead of a path."""
    return "://" in device


def is_present(device: str) -> bool:
    """Tell whether a device is worth an attempt to open it."""
    return is_url(device) or Path(device).exists()


async def open_link(device: str, baud_rate: int, receiver: LinkReceiver) -> SerialLink:
    """Open a device, held exclusively; raises LinkError.

    Opening runs in a thread: the drivers of some USB devices block when the device hangs.
    """
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, _open, device, baud_rate)
    try:
        port = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise
    try:
        descriptor = port.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return _ThreadedLink(device, port, receiver)
    return _DescriptorLink(device, port, descriptor, receiver)


class _DescriptorLink:
    """A port with a file descriptor: ttys, ptys, sockets."""

    def __init__(
        self, device: str, port: serial.Serial, descriptor: int, receiver: LinkReceiver
    ) -> None:
        self._device = device
        self._port = port
        self._descriptor = descriptor
        self._receiver = receiver
        self._unsent = bytearray()
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)

    def write(self, data: bytes) -> None:
        if not self._open:
            return
        if not self._unsent:
            data = data[self._send(data) :]
            if data and self._open:
                self._loop.add_writer(self._descriptor, self._flush)
        self._unsent += data
        if len(self._unsent) > WRITE_LIMIT_BYTES:
            self._lose("does not take what is written to it")

    async def close(self) -> None:
        self._detach()
        await asyncio.get_running_loop().run_in_executor(None, _close, self._port)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, READ_SIZE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error.strerror or "input/output error")
            return
        if data:
            self._receiver.data_received(data)
        else:
            self._lose("hung up")

    def _send(self, data: bytes) -> int:
        try:
            return os.write(self._descriptor, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._lose(error.strerror or "input/output error")
            return len(data)

    def _flush(self) -> None:
        del self._unsent[: self._send(bytes(self._unsent))]
        if not self._unsent and self._open:
            self._loop.remove_writer(self._descriptor)

    def _lose(self, reason: str) -> None:
        if self._open:
            self._detach()
            # Not from within the receiver's own call to write.
            self._loop.call_soon(self._receiver.connection_lost, _lost(self._device, reason))

    def _detach(self) -> None:
        if self._open:
            self._open = False
            self._unsent.clear()
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)


class _ThreadedLink:
    """A port without a file descriptor (loop://, rfc2217://): a thread reads, another writes."""

    def __init__(self, device: str, port: serial.Serial, receiver: LinkReceiver) -> None:
        self._device = device
        self._port = port
        self._receiver = receiver
        self._open = True
        self._unsent_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="serial-write")
        self._reader = threading.Thread(target=self._read, name="serial-read", daemon=True)
        self._reader.start()

    def write(self, data: bytes) -> None:
        if not self._open:
            return
        self._unsent_bytes += len(data)
        if self._unsent_bytes > WRITE_LIMIT_BYTES:
            self._lose("does not take what is written to it")
            return
        sending = self._writer.submit(self._port.write, data)
        sending.add_done_callback(lambda done: self._tell(self._sent, len(data), done))

    async def close(self) -> None:
        self._open = False
        await asyncio.get_running_loop().run_in_executor(None, self._end)

    def _end(self) -> None:
        self._writer.shutdown(cancel_futures=True)
        self._reader.join()
        _close(self._port)

    def _read(self) -> None:
        while self._open:
            try:
                data = self._port.read(max(1, min(self._port.in_waiting, READ_SIZE_BYTES)))
            except (OSError, TypeError) as error:  # TypeError: closed by the other side meanwhile
                self._tell(self._lose, str(error))
                return
            if data:
                self._tell(self._received, data)

    def _tell(self, function: object, *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]

    def _received(self, data: bytes) -> None:
        if self._open:
            self._receiver.data_received(data)

    def _sent(self, size_bytes: int, done: Future[int | None]) -> None:
        self._unsent_bytes -= size_bytes
        if not done.cancelled() and done.exception() is not None:
            self._lose(str(done.exception()))

    def _lose(self, reason: str) -> None:
        if self._open:
            self._open = False
            self._receiver.connection_lost(_lost(self._device, reason))


def _open(device: str, baud_rate: int) -> serial.Serial:
    try:
        if is_url(device):
            return serial.serial_for_url(device, baudrate=baud_rate, timeout=_POLL_S)
        # Neither rtscts nor dsrdtr: a modem whose lines are not wired would never be written to.
        port = serial.Serial(
            device, baud_rate, timeout=0, write_timeout=0, exclusive=True, rtscts=False
        )
    except (OSError, ValueError, termios.error) as error:
        raise _explained(device, error) from error
    with suppress(OSError):  # keeps out those who do not ask for the lock
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
    return port


def _close(port: serial.Serial) -> None:
    # What a hung device did not take is dropped: closing would wait for it.
    with suppress(OSError, termios.error, AttributeError, io.UnsupportedOperation):
        termios.tcflush(port.fileno(), termios.TCIOFLUSH)
    with suppress(OSError, termios.error, AttributeError, io.UnsupportedOperation):
        fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
    with suppress(OSError):
        port.close()


def _close_unwanted(opening: asyncio.Future[serial.Serial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        _close(opening.result())


def _lost(device: str, reason: str) -> LinkLost:
    return LinkLost(
        f"the link to {device} is lost: {reason}",
        remedy="check the plug and the power; it is opened again as soon as it is back",
    )


def _explained(device: str, error: Exception) -> LinkError:
    number = getattr(error, "errno", None)
    if isinstance(error, ValueError):
        return NotASerialPort(
            f"{device} is no address of a serial port: {error}",
            remedy="give a path such as /dev/serial/by-id/... or a URL such as socket://host:port",
        )
    if is_url(device) or number in _ABSENT:
        return DeviceAbsent(
            f"{device} cannot be reached: {_words(error)}",
            remedy="plug the device in, or correct its path",
        )
    if number in {errno.EACCES, errno.EPERM}:
        return DeviceForbidden(
            f"{device} may not be opened: permission denied",
            remedy="add the service's user to the group dialout and restart the service",
        )
    if number in _BUSY:
        return DeviceBusy(
            f"{device} is in use by {_holder(device)}",
            remedy="stop that program, or tell it to leave this device alone "
            "(ModemManager: a udev rule with ID_MM_DEVICE_IGNORE)",
        )
    return NotASerialPort(
        f"{device} is not a serial port: {_words(error)}",
        remedy="give the path of the modem's port, best below /dev/serial/by-id",
    )


def _words(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)


def _holder(device: str) -> str:
    """Name the process that has the device open, as far as this user may see it."""
    target = Path(device).resolve()
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if entry.parts[2] != str(os.getpid()) and entry.readlink() == target:
                name = Path("/proc", entry.parts[2], "comm").read_text(encoding="utf-8").strip()
                return f"{name} (process {entry.parts[2]})"
    return "another program"
