"""What python-gsmmodem was seen to do wrong does not happen here: which tests guard against what.

Its engine is not used, only its PDU codec. `GUARDS` names each defect and the tests that fail
should it come back; those of the engine stand here, others where their subject is tested.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import re
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


GUARDS: dict[str, tuple[str, ...]] = {
    "a byte that is no UTF-8 ends the reading, unnoticed": (
        "test_a_byte_that_is_no_utf_8_does_not_stop_the_reading",
        "test_no_bytes_make_the_decoder_raise_stall_or_grow",
    ),
    "the prompt of one sender is fed by another": (
        "test_senders_at_the_same_time_do_not_mix_their_prompts",
        "test_many_callers_at_once_have_each_message_submitted_exactly_once",
    ),
    "a prompt that does not come leaves the modem in data mode": (
        "test_a_missing_prompt_is_left_by_escape",
        "test_a_lost_prompt_leaves_nothing_submitted_and_the_modem_usable",
    ),
    "the late answer of one command is given to the next": (
        "test_a_late_answer_is_not_given_to_the_next_command",
        "test_late_answers_of_several_commands_are_waited_out",
    ),
    "a submit without an answer counts as failed": (
        "test_a_submit_without_an_answer_is_uncertain_and_answered_late",
    ),
    "an unsolicited result in an answer is swallowed, or read as the answer": (
        "test_an_unsolicited_result_in_an_answer_is_neither_swallowed_nor_part_of_it",
        "test_two_hundred_messages_arrive_in_a_storm_of_other_results",
    ),
    "of several indications in one read only the first counts": (
        "test_every_indication_of_a_burst_counts",
        "test_two_hundred_messages_at_once_all_arrive_exactly_once",
    ),
    "an unsolicited result that begins with OK ends the answer": (
        "test_a_result_that_only_begins_with_ok_ends_nothing",
    ),
    "stored messages are deleted before they are handed over": (
        "test_nothing_is_deleted_before_it_is_handed_over",
        "test_nothing_is_deleted_while_the_sink_fails",
    ),
    "only one memory is read": ("test_what_lies_in_any_memory_is_read_at_the_start",),
    "status reports are handed over as messages": (
        "test_nothing_is_deleted_before_it_is_handed_over",
        "test_reports_of_many_messages_all_arrive",
    ),
    "the parts of a long message are not told apart": (
        "test_the_parts_of_a_long_message_say_what_they_are_part_of",
        "test_header_says_which_part_it_is",
    ),
    "what was stored before the start is not read": (
        "test_stored_messages_are_read_at_the_start",
        "test_what_lies_in_any_memory_is_read_at_the_start",
    ),
    "a message that is pushed instead of stored is lost": (
        "test_a_pushed_message_is_taken",
        "test_pushed_messages_are_acknowledged_once_they_are_stored",
    ),
    "characters beyond the basic plane cannot be sent": (
        "test_emoji_is_sent_as_a_surrogate_pair",
        "test_ucs2_text_comes_back",
    ),
    "half a surrogate pair is handed over as text": (
        "test_ucs2_that_is_no_text_shows_replacements",
    ),
    "the last @ of eight septets is dropped": (
        "test_last_at_sign_is_kept",
        "test_seven_bit_text_of_every_language_comes_back",
    ),
    "what is no number becomes a name, and a short number a national one": (
        "test_what_is_no_number_is_refused_before_the_wire",
        "test_number_says_whether_it_is_international",
    ),
    "coding schemes other than the plainest are read as seven bit": (
        "test_coding_scheme_means_what_the_standard_says",
    ),
    "a time stamp that is none raises": ("test_time_stamp_is_read_in_utc_or_not_at_all",),
    "a PDU that is cut off raises what nobody expects": (
        "test_pdu_that_is_cut_off_is_refused",
        "test_any_octets_are_harmless",
    ),
    "an escape at the end of a text raises": ("test_escape_at_the_end_is_no_error",),
    "a message that cannot be read disappears": (
        "test_a_stored_message_that_cannot_be_read_is_kept_raw",
        "test_what_cannot_be_read_is_kept_raw_and_then_deleted",
    ),
    "a report is always asked for": (
        "test_a_report_is_asked_for_exactly_when_it_is_wanted",
        "test_no_report_is_asked_for_when_none_is_wanted",
    ),
    "a message can have neither validity nor service centre": (
        "test_validity_is_rounded_up_to_what_can_be_said",
        "test_a_configured_service_centre_is_set",
    ),
    "a modem that cannot tell its character sets cannot send": (
        "test_a_modem_that_cannot_tell_its_character_sets_sends_all_the_same",
    ),
    "a USSD answer without text is waited for in vain": (
        "test_a_code_that_the_network_does_not_know_fails_at_once",
        "test_an_answer_without_text_is_an_error_at_once",
    ),
    "of a long message only the last reference is known": (
        "test_every_part_has_its_own_reference",
        "test_the_parts_of_a_long_message_each_get_their_reference",
    ),
    "any report counts for any message": ("test_every_report_tells_its_own_reference",),
    "a SIM that stays busy is asked without end": (
        "test_a_sim_that_stays_busy_is_asked_a_bounded_number_of_times",
        "test_a_sim_that_stays_busy_is_not_asked_for_ever",
    ),
    "flow control is forced": (
        "test_no_flow_control_is_forced_and_no_thread_started_for_an_indication",
        "test_flow_control_is_not_forced",
    ),
    "every indication starts a thread": (
        "test_no_flow_control_is_forced_and_no_thread_started_for_an_indication",
    ),
    "every byte is read by itself": ("test_many_bytes_are_read_at_once",),
    "a validity below five minutes raises": ("test_validity_is_rounded_up_to_what_can_be_said",),
    "a reference beyond 255 raises what nobody expects": (
        "test_what_cannot_be_put_on_the_wire_is_refused",
        "test_wide_reference_takes_the_16_bit_element",
    ),
    "national shift tables are not known": (
        "test_national_tables_of_the_header_are_applied",
        "test_seven_bit_text_of_every_language_comes_back",
    ),
}


@pytest.mark.parametrize("defect", GUARDS)
def test_each_known_defect_has_its_guards(defect: str) -> None:
    assert set(GUARDS[defect]) <= known_tests()


@functools.cache
def known_tests() -> frozenset[str]:
    tests = Path(__file__).parents[2]
    folders = (tests / "unit" / "modem", tests / "integration" / "modem")
    sources = [file.read_text("utf-8") for folder in folders for file in folder.glob("test_*.py")]
    found = (re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE) for source in sources)
    return frozenset(itertools.chain.from_iterable(found))


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


async def test_a_byte_that_is_no_utf_8_does_not_stop_the_reading(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.say(b'\r\n+CUSD: 0,"Bak\xfdye",15\r\n')
    peer.on("AT+CSQ", b"\xfd" + CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert len(heard.unsolicited) == 1
    assert client.lost is None


async def test_senders_at_the_same_time_do_not_mix_their_prompts(
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


async def test_a_missing_prompt_is_left_by_escape(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    with pytest.raises(Temporary):
        await client.submit("00", 1, timeout_s=5, on_silence=heard.silence)
    peer.on("AT+CSQ", CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert peer.heard[:3] == ["AT+CMGS=1", "ESC", "AT"]


async def test_a_late_answer_is_not_given_to_the_next_command(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    with pytest.raises(Uncertain):  # not failed: nobody knows
        await client.submit("00", 1, timeout_s=0.2, on_silence=heard.silence)
    peer.on("AT", b"\r\n+CMS ERROR: 304\r\n" + OK)
    peer.on("AT+CSQ", CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert heard.late == ["+CMS ERROR: 304"]


async def test_an_unsolicited_result_in_an_answer_is_neither_swallowed_nor_part_of_it(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on(
        "AT+CMGR=1",
        b'\r\n+CMTI: "SM",7\r\n\r\n+CMGR: 0,,26\r\n' + DELIVER.encode() + b"\r\n" + OK,
    )
    assert await client.command("AT+CMGR=1") == ["+CMGR: 0,,26", DELIVER]
    assert heard.unsolicited == [Unsolicited('+CMTI: "SM",7')]


async def test_every_indication_of_a_burst_counts(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    await driver.ready()
    await modem_peer.until_heard("AT+CMGL=4")
    modem_peer.stored = {number: deliver(number) for number in range(1, 21)}
    modem_peer.say(b"".join(b'\r\n+CMTI: "SM",%d\r\n' % n for n in range(1, 21)))
    await sink.until(lambda: len(sink.freed) == 20)
    assert len({item.source.digest for item in sink.segments}) == 20


async def test_a_result_that_only_begins_with_ok_ends_nothing(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CSQ", b"\r\nOKAY: vendor\r\n" + CSQ)
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert heard.unsolicited == [Unsolicited("OKAY: vendor")]


@pytest.mark.parametrize("sweep_interval_s", [0.2])
async def test_nothing_is_deleted_before_it_is_handed_over(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    sink.failures = 1
    modem_peer.stored = {1: DELIVER, 2: REPORT}
    await sink.until(lambda: len(sink.freed) == 2)
    deletes = [token for token in modem_peer.heard if token.startswith("AT+CMGD")]
    # The report at first; the message only when it was taken, the second time.
    assert deletes == ["AT+CMGD=2", "AT+CMGD=1"]
    assert modem_peer.heard.index("AT+CMGD=1") > modem_peer.heard.index(
        "AT+CMGL=4", modem_peer.heard.index("AT+CMGD=2")
    )
    assert (len(sink.segments), len(sink.reports)) == (1, 1)  # a report is no message
    assert driver.status.ready


async def test_the_parts_of_a_long_message_say_what_they_are_part_of(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    part = "0791093502000000440C910955151122330000621132908325000A0500030102" + "01C2E231B9"
    modem_peer.stored = {1: part}
    await sink.until(lambda: bool(sink.segments))
    concatenation = sink.segments[0].concatenation
    assert concatenation == Concatenation(reference=1, total=2, number=1)


async def test_stored_messages_are_read_at_the_start(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.stored = {7: DELIVER}
    await sink.until(lambda: bool(sink.freed))
    assert [item.source.index for item in sink.segments] == [7]
    assert modem_peer.stored == {}


async def test_a_pushed_message_is_taken(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    await driver.ready()
    modem_peer.say(f"\r\n+CMT: ,26\r\n{deliver(44)}\r\n".encode())
    await sink.until(lambda: len(sink.segments) == 1)


@pytest.mark.parametrize("octets", [14, 8, 3])
async def test_a_stored_message_that_cannot_be_read_is_kept_raw(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink, octets: int
) -> None:
    modem_peer.stored = {1: DELIVER[: 2 * octets], 2: deliver(2)}
    await sink.until(lambda: len(sink.freed) == 2)
    assert [item.raw for item in sink.raw] == [DELIVER[: 2 * octets]]
    assert sink.raw[0].reason
    assert len(sink.segments) == 1


@pytest.mark.parametrize("report", [True, False])
async def test_a_report_is_asked_for_exactly_when_it_is_wanted(
    driver: GsmModemDriver, modem_peer: ModemPeer, report: bool
) -> None:
    modem_peer.on("PDU", b"\r\n+CMGS: 1\r\n" + OK)
    await driver.ready()
    await driver.submit(segment(report=report), "t1")
    pdu = next(token for token in modem_peer.heard if token.startswith("PDU "))[4:]
    assert pdu == encode_submit(segment(report=report)).hex
    assert bool(int(pdu[2:4], 16) & 0x20) is report


@pytest.mark.parametrize("answer", [OK, b"\r\nERROR\r\n", b"\r\n+CSCS: nonsense\r\n" + OK])
async def test_a_modem_that_cannot_tell_its_character_sets_sends_all_the_same(
    driver: GsmModemDriver, modem_peer: ModemPeer, answer: bytes
) -> None:
    modem_peer.on("AT+CSCS", answer)
    modem_peer.on("AT+CSCS=?", answer)
    modem_peer.on("PDU", b"\r\n+CMGS: 1\r\n" + OK)
    await driver.ready()
    assert (await driver.submit(segment(), "t1")).reference == 1


async def test_a_code_that_the_network_does_not_know_fails_at_once(
    driver: GsmModemDriver, modem_peer: ModemPeer
) -> None:
    modem_peer.on("AT+CUSD", OK + b"\r\n+CUSD: 4\r\n")
    await driver.ready()
    async with asyncio.timeout(10):
        with pytest.raises(Permanent):
            await driver.ussd("*100#", timeout_s=3600)


async def test_every_part_has_its_own_reference(
    driver: GsmModemDriver, modem_peer: ModemPeer
) -> None:
    modem_peer.on("PDU", *(b"\r\n+CMGS: %d\r\n" % number + OK for number in (254, 255, 0)))
    await driver.ready()
    references = [
        (await driver.submit(segment("part", part=part), f"t{part}")).reference
        for part in (1, 2, 3)
    ]
    assert references == [254, 255, 0]


async def test_every_report_tells_its_own_reference(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.stored = {1: REPORT, 2: REPORT.replace("00069E", "00069F")}
    await sink.until(lambda: len(sink.reports) == 2)
    assert [report.reference for report in sink.reports] == [0x9E, 0x9F]


async def test_a_sim_that_stays_busy_is_asked_a_bounded_number_of_times(
    driver: GsmModemDriver, modem_peer: ModemPeer, sink: RememberingSink
) -> None:
    modem_peer.on("AT+CPIN?", b"\r\n+CME ERROR: 14\r\n")
    await sink.until(lambda: driver.status.condition is ModemCondition.NO_SIM)
    assert driver.status.remedy
    modem_peer.on("AT+CPIN?", b"\r\n+CPIN: READY\r\n" + OK)


async def test_no_flow_control_is_forced_and_no_thread_started_for_an_indication(
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


async def test_many_bytes_are_read_at_once(
    client: AtClient, peer: ScriptedPeer, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    received = client.data_received

    def count(data: bytes) -> None:
        sizes.append(len(data))
        received(data)

    monkeypatch.setattr(client, "data_received", count)
    peer.on("AT+CGMI", b"\r\n" + b"x" * 1000 + b"\r\n" + OK)
    assert await client.command("AT+CGMI") == ["x" * 1000]
    assert len(sizes) < 10


async def test_a_timeout_is_typed_and_never_without_end(client: AtClient) -> None:
    with pytest.raises(AtTimeout):
        await client.command("AT+CSQ", timeout_s=0.05)
