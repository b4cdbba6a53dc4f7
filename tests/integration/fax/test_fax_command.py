"""`santral fax` on a service with a simulated fax server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.fax.child import FaxProcess
from tests.service import ServiceProcess


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service whose fax server is simulated."""
    with FaxProcess(["--dial-s=0.1", "--page-s=0.1"]) as server:
        configuration = f'[[fax_server]]\nid = "office"\nport = {server.port}\npoll_s = 1.0\n'
        async with ServiceProcess(tmp_path, configuration=configuration) as made:
            yield made


async def test_the_command_sends_waits_and_saves(service: ServiceProcess, tmp_path: Path) -> None:
    note = tmp_path / "not.txt"
    note.write_text("Bir satır")
    said = await asyncio.to_thread(
        service.command, "fax", "send", str(note), "--to", "+90 212 555 99 01", "--wait",
        "--timeout", "3", "--priority", "high",
    )  # fmt: skip
    assert said.returncode == 1, said.stderr
    assert "busy" in said.stdout
    fax_id = said.stdout.split()[0]
    for arguments, words in (
        (("show", fax_id), ["the recipient's line is busy", "office"]),
        (("list",), [fax_id, "+902125559901"]),
        (("servers",), ["office", "ready", "Running"]),
        (("covers",), ["standard", "Kapak sayfası"]),
        (("save", fax_id, str(tmp_path / "a.pdf")), ["bytes"]),
        (("cancel", fax_id), ["cancelled"]),
    ):
        told = await asyncio.to_thread(service.command, "fax", *arguments)
        assert told.returncode == 0, told.stderr
        assert [word for word in words if word not in told.stdout] == [], told.stdout
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    told = await asyncio.to_thread(service.command, "fax", "send", "none.pdf", "--to", "5559901")
    assert (told.returncode, "cannot be read" in told.stderr) == (1, True)


async def test_the_command_waits_until_it_is_delivered_and_forwards(
    service: ServiceProcess, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Bir satır")
    said = await asyncio.to_thread(
        service.command, "fax", "send", str(note), "--to", "+90 212 555 01 50", "--cover", "letter",
        "--subject", "Teklif", "--note", "Sayın müşterimiz", "--wait",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "delivered, 2 of 2 pages" in said.stdout
    fax_id = said.stdout.split()[0]
    said = await asyncio.to_thread(service.command, "fax", "forward", fax_id, "0212 555 01 51")
    assert said.returncode == 0, said.stderr
    said = await asyncio.to_thread(service.command, "fax", "cancel", fax_id)
    assert (said.returncode, "only one that is not over" in said.stderr) == (1, True)


async def test_the_policy_holds(service: ServiceProcess, tmp_path: Path) -> None:
    said = await asyncio.to_thread(
        service.command, "fax", "policy", "--bar", "+90900", "--cheap", "20:00-07:00",
        "--pages-per-day", "5",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "20:00-07:00" in said.stdout
    note = tmp_path / "note.txt"
    note.write_text("Bir satır")
    said = await asyncio.to_thread(
        service.command, "fax", "send", str(note), "--to", "0900 123 45 67"
    )
    assert (said.returncode, "may not be faxed by the rules" in said.stderr) == (1, True)
    said = await asyncio.to_thread(
        service.command, "fax", "send", str(note), "--to", "0212 555 01 50", "--cheap"
    )
    assert "scheduled" in said.stdout or "queued" in said.stdout, said.stderr
    said = await asyncio.to_thread(service.command, "fax", "policy", "--cheap", "20:00")
    assert (said.returncode, "lacks its end" in said.stderr) == (1, True)
