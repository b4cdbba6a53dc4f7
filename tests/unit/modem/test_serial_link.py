"""A link carries bytes both ways, is held by one program, and says plainly what is wrong."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from drivers import serial_link
from drivers.serial_link import (
    DeviceAbsent,
    DeviceBusy,
    DeviceForbidden,
    LinkLost,
    NotASerialPort,
    open_link,
)


class Receiver:
    def __init__(self) -> None:
        self.data = b""
        self.error: LinkLost | None = None
        self._news = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._news.set()

    def connection_lost(self, error: LinkLost) -> None:
        assert self.error is None
        self.error = error
        self._news.set()

    async def until(self, wanted: bytes) -> None:
        async with asyncio.timeout(10):
            while self.data != wanted:
                self._news.clear()
                await self._news.wait()

    async def until_lost(self) -> LinkLost:
        async with asyncio.timeout(10):
            while self.error is None:
                self._news.clear()
                await self._news.wait()
        return self.error


class Pty:
    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.open = True

    def hang_up(self) -> None:
        if self.open:
            self.open = False
            os.close(self.slave)
            os.close(self.master)


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    made.hang_up()


async def test_bytes_go_both_ways(pty: Pty) -> None:
    receiver = Receiver()
    link = await open_link(pty.path, 115200, receiver)
    os.write(pty.master, b"\r\nOK\r\n\xfd\x00")
    await receiver.until(b"\r\nOK\r\n\xfd\x00")
    link.write(b"AT\r")
    assert await asyncio.to_thread(os.read, pty.master, 100) == b"AT\r"
    await link.close()


async def test_what_the_device_does_not_take_at_once_is_sent_when_it_does(pty: Pty) -> None:
    link = await open_link(pty.path, 115200, Receiver())
    data = bytes(range(256)) * 200
    for start in range(0, len(data), 1024):
        link.write(data[start : start + 1024])
    received = b""
    while len(received) < len(data):
        received += await asyncio.to_thread(os.read, pty.master, 65536)
    assert received == data
    await link.close()


async def test_a_device_that_takes_nothing_is_given_up_with_a_bounded_buffer(pty: Pty) -> None:
    receiver = Receiver()
    link = await open_link(pty.path, 115200, receiver)
    for _ in range(100):
        link.write(b"x" * 4096)
    assert "does not take" in str(await receiver.until_lost())
    await link.close()


async def test_the_receiver_learns_of_a_hang_up_once(pty: Pty) -> None:
    receiver = Receiver()
    link = await open_link(pty.path, 115200, receiver)
    pty.hang_up()
    error = await receiver.until_lost()
    assert pty.path in str(error)
    assert error.remedy
    link.write(b"AT\r")
    await link.close()


async def test_a_write_after_the_end_loses_the_link_without_raising(pty: Pty) -> None:
    receiver = Receiver()
    link = await open_link(pty.path, 115200, receiver)
    pty.hang_up()
    link.write(b"AT\r")
    link.write(b"AT\r")
    await receiver.until_lost()
    await link.close()


async def test_after_closing_nothing_is_told(pty: Pty) -> None:
    receiver = Receiver()
    link = await open_link(pty.path, 115200, receiver)
    await link.close()
    pty.hang_up()
    await asyncio.sleep(0)
    assert (receiver.data, receiver.error) == (b"", None)


async def test_a_device_can_be_opened_again_after_closing(pty: Pty) -> None:
    for _ in range(3):
        link = await open_link(pty.path, 115200, Receiver())
        await link.close()


async def test_one_program_holds_the_device(pty: Pty) -> None:
    link = await open_link(pty.path, 115200, Receiver())
    with pytest.raises(DeviceBusy) as caught:
        await open_link(pty.path, 115200, Receiver())
    assert "stop that program" in caught.value.remedy
    await link.close()


async def test_a_device_that_another_program_locked_names_that_program(pty: Pty) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl,os,sys,signal\n"
            "fd=os.open(sys.argv[1],os.O_RDWR|os.O_NOCTTY)\n"
            "fcntl.flock(fd,fcntl.LOCK_EX)\n"
            "print('held',flush=True)\n"
            "signal.pause()",
            pty.path,
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
        with pytest.raises(DeviceBusy, match=f"process {holder.pid}"):
            await open_link(pty.path, 115200, Receiver())
    finally:
        holder.send_signal(signal.SIGTERM)
        holder.communicate()


async def test_flow_control_is_not_forced(pty: Pty) -> None:
    link = await open_link(pty.path, 115200, Receiver())
    control_flags = termios.tcgetattr(pty.slave)[2]
    assert not control_flags & termios.CRTSCTS
    await link.close()


async def test_the_device_is_closed_to_others_while_it_is_open(pty: Pty) -> None:
    link = await open_link(pty.path, 115200, Receiver())
    descriptor = os.open(pty.path, os.O_RDWR | os.O_NOCTTY) if os.geteuid() == 0 else None
    try:
        if descriptor is None:
            with pytest.raises(OSError, match="busy"):
                os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
        else:
            with pytest.raises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    await link.close()


async def test_an_absent_device_is_named(tmp_path: Path) -> None:
    device = str(tmp_path / "ttyUSB7")
    assert not serial_link.is_present(device)
    with pytest.raises(DeviceAbsent, match="ttyUSB7"):
        await open_link(device, 115200, Receiver())


async def test_a_link_that_leads_nowhere_counts_as_absent(tmp_path: Path) -> None:
    device = tmp_path / "modem"
    device.symlink_to(tmp_path / "gone")
    assert not serial_link.is_present(str(device))
    with pytest.raises(DeviceAbsent):
        await open_link(str(device), 115200, Receiver())


async def test_a_forbidden_device_names_the_group(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)  # the tests may run as root
    with pytest.raises(DeviceForbidden) as caught:
        await open_link(pty.path, 115200, Receiver())
    assert "dialout" in caught.value.remedy


async def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    device = tmp_path / "notes.txt"
    device.write_text("no modem")
    with pytest.raises(NotASerialPort):
        await open_link(str(device), 115200, Receiver())
    with pytest.raises(NotASerialPort):
        await open_link(str(tmp_path), 115200, Receiver())


async def test_an_unknown_kind_of_address_is_explained() -> None:
    with pytest.raises(NotASerialPort, match="nonsense"):
        await open_link("nonsense://here", 115200, Receiver())


async def test_a_socket_carries_bytes_and_its_end_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        receiver = Receiver()
        device = f"socket://127.0.0.1:{port}"
        assert serial_link.is_present(device)
        link = await open_link(device, 115200, receiver)
        connection, _ = await asyncio.to_thread(server.accept)
        with connection:
            connection.sendall(b"\r\nOK\r\n")
            await receiver.until(b"\r\nOK\r\n")
            link.write(b"AT\r")
            assert await asyncio.to_thread(connection.recv, 100) == b"AT\r"
        await receiver.until_lost()
        await link.close()


async def test_a_socket_that_nobody_serves_is_absent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeviceAbsent):
        await open_link(f"socket://127.0.0.1:{port}", 115200, Receiver())


async def test_a_port_without_a_descriptor_is_served_by_threads() -> None:
    receiver = Receiver()
    link = await open_link("loop://", 115200, receiver)
    link.write(b"AT\r")
    link.write(b"ATE0\r")
    await receiver.until(b"AT\rATE0\r")
    await link.close()


async def test_giving_up_while_a_device_is_being_opened_leaves_it_free(pty: Pty) -> None:
    opening = asyncio.create_task(open_link(pty.path, 115200, Receiver()))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(10):
        while True:
            try:
                link = await open_link(pty.path, 115200, Receiver())
                break
            except DeviceBusy:
                await asyncio.sleep(0.01)
    await link.close()
