"""Messages are found and read even where a modem lists badly or the line harms its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.modem.driver import GsmModemDriver

if TYPE_CHECKING:
    from tests.unit.modem.conftest import ModemPeer, RememberingSink

OK = b"\r\nOK\r\n"
PDU = "0791093502000000040C9109551511223300006211329083250007CDB21C1D168701"
OTHER = PDU.replace("6211329083", "6211329084")

often = pytest.mark.parametrize("sweep_interval_s", [0.1])


def usage(used: int) -> bytes:
    return b"\r\n+CPMS: %d,30,%d,30,%d,30\r\n" % (used, used, used) + OK


def shown(pdu: str) -> bytes:
    return f"\r\n+CMGR: 0,,26\r\n{pdu}\r\n".encode() + OK


@often
async def test_a_memory_that_cannot_be_listed_is_asked_how_full_it_is_at_each_look(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.refused = {"AT+CMGL"}
    await modem_peer.until_heard('AT+CPMS="SM"', times=2)
    modem_peer.stored = {3: PDU}
    modem_peer.on("AT+CPMS", usage(1))
    await sink.until(lambda: bool(sink.freed))
    assert [item.source.index for item in sink.segments] == [3]


@often
async def test_a_memory_that_does_not_tell_how_full_it_is_is_read_through(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.refused = {"AT+CMGL"}
    modem_peer.on("AT+CPMS", OK)
    modem_peer.stored = {30: PDU}
    await sink.until(lambda: bool(sink.freed))


@often
async def test_a_listing_that_was_not_answered_once_is_tried_again(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.mute = {"AT+CMGL": 1}
    modem_peer.stored = {3: PDU}
    await sink.until(lambda: bool(sink.freed))
    assert modem_peer.heard.count("AT+CMGL=4") >= 3  # the mute one, and two that agree


@often
async def test_a_listing_that_is_never_answered_is_given_up(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.mute = {"AT+CMGL": 1000}
    modem_peer.on("AT+CPMS", usage(1))
    modem_peer.stored = {3: PDU}
    await sink.until(lambda: bool(sink.freed))
    assert modem_peer.heard.count("AT+CMGL=4") == 3


async def test_a_message_is_handed_over_as_two_readings_show_it(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    harmed = PDU.replace("CDB2", "CDB3")
    await driver.ready()
    await modem_peer.until_heard("AT+CMGL=4")
    modem_peer.scripted = {"AT+CMGR=5": [shown(harmed), shown(PDU[:-1]), shown(PDU), shown(PDU)]}
    modem_peer.say(b'\r\n+CMTI: "SM",5\r\n')
    await sink.until(lambda: bool(sink.freed))
    assert [item.text for item in sink.segments] == ["Merhaba"]
    assert sink.raw == []


async def test_a_message_that_reads_differently_each_time_is_not_deleted(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    await driver.ready()
    await modem_peer.until_heard("AT+CMGL=4")
    readings = [PDU.replace("CDB2", f"CD{octet:02X}") for octet in range(0x10, 0x15)]
    modem_peer.scripted = {"AT+CMGR=5": [shown(pdu) for pdu in readings]}
    modem_peer.stored = {6: OTHER}
    modem_peer.say(b'\r\n+CMTI: "SM",5\r\n+CMTI: "SM",6\r\n')
    await sink.until(lambda: bool(sink.freed))
    assert [item.source.index for item in sink.segments] == [6]
    assert "AT+CMGD=5" not in modem_peer.heard
