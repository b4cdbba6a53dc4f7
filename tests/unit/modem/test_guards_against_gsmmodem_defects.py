"""What python-gsmmodem was seen to do wrong does not happen here; a test for each defect.

Its engine is not used, only its PDU codec; the defects of the codec are guarded in test_pdu.
"""

from __future__ import annotations

import asyncio
import termios
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.modem.at_client import AtClient
from drivers.modem.at_codec import Unsolicited
from drivers.modem.at_errors import AtTimeout
from drivers.modem.driver import GsmModemDriver
from drivers.modem.pdu import encode_submit
from gateway.kernel.errors import Permanent, Temporary, Uncertain
from gateway.sms.port import Concatenation, ModemCondition, OutgoingSegment, TextCoding

if TYPE_CHECKING:
    from tests.unit.modem.conftest import Heard, ModemPeer, RememberingSink, ScriptedPeer

OK = b"\r\nOK\r\n"
CSQ = b"\r\n+CSQ: 20,0\r\n" + OK
DELIVER = "0791093502000000040C9109551511223300006211329083250007CDB21C1D168701"
REPORT = "0791093502000000069E0C91093512112233621132013211006211320132110000"


def listing(*pdus: str) -> bytes:
    lines = [f"+CMGL: {index},0,,{len(pdu) // 2 - 8}\r\n{pdu}" for index, pdu in enumerate(pdus, 1)]
    return ("\r\n" + "\r\n".join(lines) + "\r\n").encode() + OK


def deliver(number: int) -> str:
    """Return a message that differs from the others by the minute of its time stamp."""
    return DELIVER.replace("6211329083", "62113290" + f"{number:02d}"[::-1])


def segment(text: str = "x", *, report: bool = False, part: int = 0) -> OutgoingSegment:
    return OutgoingSegment(
        recipient="+905321112233",
        text=text,
        coding=TextCoding.GSM7,
        report=report,
        concatenation=Concatenation(reference=1, total=3, number=part) if part else None,
    )


async def test_1_a_byte_that_is_no_utf_8_does_not_stop_the_reading(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.say(b'\r\n+CUSD: 0,"Bak\xfdye",15\r\n')
    peer.on("AT+CSQ", b"\xfd" + CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert len(heard.unsolicited) == 1
    assert client.lost is None


async def test_2_senders_at_the_same_time_do_not_mix_their_prompts(
    driver: GsmModemDriver, modem_peer: ModemPeer
) -> None:
    answers = [b"\r\n+CMGS: %d\r\n" % number + OK for number in range(1, 13)]
    modem_peer.on("PDU", *answers)
    await driver.ready()
    receipts = await asyncio.gather(
        *(driver.submit(segment(f"text {n}"), f"t{n}") for n in range(12))
    )
    assert [receipt.reference for receipt in receipts] == list(range(1, 13))
    dialogue = [
        token[:4] for token in modem_peer.heard if token[:7] in {"AT+CMGS"} or "PDU" in token
    ]
    assert dialogue == ["AT+C", "PDU "] * 12


async def test_3_a_missing_prompt_is_left_by_escape(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    with pytest.raises(Temporary):
        await client.submit("00", 1, timeout_s=5, on_silence=heard.silence)
    peer.on("AT+CSQ", CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert peer.heard[:3] == ["AT+CMGS=1", "ESC", "AT"]


async def test_4_a_late_answer_is_not_given_to_the_next_command(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    with pytest.raises(Uncertain):  # not failed: nobody knows
        await client.submit("00", 1, timeout_s=0.2, on_silence=heard.silence)
    peer.on("AT", b"\r\n+CMS ERROR: 304\r\n" + OK)
    peer.on("AT+CSQ", CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert heard.late == ["+CMS ERROR: 304"]


async def test_5_an_unsolicited_result_in_an_answer_is_neither_swallowed_nor_part_of_it(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on(
        "AT+CMGR=1",
        b'\r\n+CMTI: "SM",7\r\n\r\n+CMGR: 0,,26\r\n' + DELIVER.encode() + b"\r\n" + OK,
    )
    assert await client.command("AT+CMGR=1") == ["+CMGR: 0,,26", DELIVER]
    assert heard.unsolicited == [Unsolicited('+CMTI: "SM",7')]


async def test_6_every_indication_of_a_burst_counts(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    await driver.ready()
    await modem_peer.until_heard("AT+CMGL=4")
    modem_peer.on("AT+CMGL=4", listing(*(deliver(n) for n in range(10, 30))), OK)
    modem_peer.say(b"".join(b'\r\n+CMTI: "SM",%d\r\n' % n for n in range(1, 21)))
    await sink.until(lambda: len(sink.freed) == 20)
    assert len({item.source.digest for item in sink.segments}) == 20


async def test_7_a_result_that_only_begins_with_ok_ends_nothing(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CSQ", b"\r\nOKAY: vendor\r\n" + CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert heard.unsolicited == [Unsolicited("OKAY: vendor")]


@pytest.mark.parametrize("sweep_interval_s", [0.2])
async def test_8_nothing_is_deleted_before_it_is_handed_over(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    sink.failures = 1
    modem_peer.on("AT+CMGL=4", listing(DELIVER, REPORT), listing(DELIVER), OK)
    await sink.until(lambda: len(sink.freed) == 2)
    deletes = [token for token in modem_peer.heard if token.startswith("AT+CMGD")]
    # The report at first; the message only when it was taken, the second time.
    assert deletes == ["AT+CMGD=2", "AT+CMGD=1"]
    assert modem_peer.heard.index("AT+CMGD=1") > modem_peer.heard.index(
        "AT+CMGL=4", modem_peer.heard.index("AT+CMGD=2")
    )
    assert (len(sink.segments), len(sink.reports)) == (1, 1)  # a report is no message
    assert driver.status.ready


async def test_9_the_parts_of_a_long_message_say_what_they_are_part_of(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    part = "0791093502000000440C910955151122330000621132908325000A0500030102" + "01C2E231B9"
    modem_peer.on("AT+CMGL=4", listing(part), OK)
    await sink.until(lambda: bool(sink.segments))
    concatenation = sink.segments[0].concatenation
    assert concatenation == Concatenation(reference=1, total=2, number=1)


async def test_10_stored_messages_are_read_at_the_start_and_pushed_ones_taken(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.on("AT+CMGL=4", listing(DELIVER), OK)
    await sink.until(lambda: len(sink.segments) == 1)
    modem_peer.say(f"\r\n+CMT: ,26\r\n{deliver(44)}\r\n".encode())
    await sink.until(lambda: len(sink.segments) == 2)


@pytest.mark.parametrize("report", [True, False])
async def test_16_a_report_is_asked_for_exactly_when_it_is_wanted(
    driver: GsmModemDriver, modem_peer: ModemPeer, report: bool
) -> None:
    modem_peer.on("PDU", b"\r\n+CMGS: 1\r\n" + OK)
    await driver.ready()
    await driver.submit(segment(report=report), "t1")
    pdu = next(token for token in modem_peer.heard if token.startswith("PDU "))[4:]
    assert pdu == encode_submit(segment(report=report)).hex
    assert bool(int(pdu[2:4], 16) & 0x20) is report


@pytest.mark.parametrize("answer", [OK, b"\r\nERROR\r\n", b"\r\n+CSCS: nonsense\r\n" + OK])
async def test_17_a_modem_that_cannot_tell_its_character_sets_sends_all_the_same(
    driver: GsmModemDriver, modem_peer: ModemPeer, answer: bytes
) -> None:
    modem_peer.on("AT+CSCS", answer)
    modem_peer.on("AT+CSCS=?", answer)
    modem_peer.on("PDU", b"\r\n+CMGS: 1\r\n" + OK)
    await driver.ready()
    assert (await driver.submit(segment(), "t1")).reference == 1


async def test_18_a_code_that_the_network_does_not_know_fails_at_once(
    driver: GsmModemDriver, modem_peer: ModemPeer
) -> None:
    modem_peer.on("AT+CUSD", OK + b"\r\n+CUSD: 4\r\n")
    await driver.ready()
    async with asyncio.timeout(10):
        with pytest.raises(Permanent):
            await driver.ussd("*100#", timeout_s=3600)


async def test_19_every_part_has_its_own_reference(
    driver: GsmModemDriver, modem_peer: ModemPeer
) -> None:
    modem_peer.on("PDU", *(b"\r\n+CMGS: %d\r\n" % number + OK for number in (254, 255, 0)))
    await driver.ready()
    references = [
        (await driver.submit(segment("part", part=part), f"t{part}")).reference
        for part in (1, 2, 3)
    ]
    assert references == [254, 255, 0]


async def test_20_a_sim_that_stays_busy_is_asked_a_bounded_number_of_times(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.on("AT+CPIN?", b"\r\n+CME ERROR: 14\r\n")
    await sink.until(lambda: driver.status.condition is ModemCondition.NO_SIM)
    assert driver.status.remedy
    modem_peer.on("AT+CPIN?", b"\r\n+CPIN: READY\r\n" + OK)


async def test_21_no_flow_control_is_forced_and_no_thread_started_for_an_indication(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    await driver.ready()
    descriptor = modem_peer._slave
    assert not termios.tcgetattr(descriptor)[2] & termios.CRTSCTS
    threads = threading.active_count()
    for number in range(50):
        modem_peer.say(f"\r\n+CMT: ,26\r\n{deliver(number)}\r\n".encode())
    await sink.until(lambda: len(sink.segments) == 50)
    assert threading.active_count() <= threads
    assert Path(modem_peer.path).exists()


async def test_a_timeout_is_typed_and_never_without_end(client: AtClient) -> None:
    with pytest.raises(AtTimeout):
        await client.command("AT+CSQ", timeout_s=0.05)
