from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from simulators.modem.client import PtyClient
from simulators.modem.device import Device, DeviceError


async def test_a_client_that_reads_late_gets_everything() -> None:
    device = Device(None, lambda data: None)
    device.plug()
    try:
        async with PtyClient(device.name) as client:
            block = bytes(range(32, 127)) * 100
            for _ in range(20):
                device.write(block)
            assert await client.take(len(block) * 20) == block * 20
            assert device.lost_bytes == 0
    finally:
        device.unplug()


async def test_a_client_that_never_reads_loses_bytes() -> None:
    device = Device(None, lambda data: None)
    device.plug()
    slave = os.open(device.name, os.O_RDWR | os.O_NOCTTY)
    try:
        for _ in range(300):
            device.write(b"x" * 8192)
        assert device.lost_bytes > 0
    finally:
        os.close(slave)
        device.unplug()


async def test_clients_may_come_and_go() -> None:
    received = bytearray()
    device = Device(None, received.extend)
    device.plug()
    try:
        for _ in range(3):
            async with PtyClient(device.name) as client:
                client.write(b"AT\r")
            async with asyncio.timeout(2):
                while device.open or not received:
                    await asyncio.sleep(0.001)
            assert bytes(received) == b"AT\r"
            received.clear()
    finally:
        device.unplug()


async def test_a_link_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DeviceError, match="file"):
        Device(tmp_path / "file", lambda data: None).plug()


async def test_an_old_link_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "tty"
    link.symlink_to("/dev/null")
    device = Device(link, lambda data: None)
    device.plug()
    assert link.readlink().parent == Path("/dev/pts")
    device.unplug()
    device.unplug()
    assert not link.is_symlink()
    assert device.name == ""
    device.write(b"nobody")
