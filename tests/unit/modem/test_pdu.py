"""Segments become the PDUs of the standard, and whatever a modem hands over is understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gsmmodem.pdu
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modem.dcs import data_coding
from drivers.modem.delivery_status import report_outcome, status_text
from drivers.modem.pdu import (
    Deliver,
    PduError,
    StatusReport,
    SubmitEcho,
    decode,
    encode_submit,
    to_received,
    to_report,
)
from drivers.modem.pdu_timestamps import relative_validity
from gateway.kernel.errors import Permanent
from gateway.sms.alphabet import NationalLanguage
from gateway.sms.port import (
    Concatenation,
    OutgoingSegment,
    ReportOutcome,
    Slot,
    Source,
    TextCoding,
)

DATA = Path(__file__).parents[2] / "data" / "pdu"
SUBMITTED: list[dict[str, Any]] = json.loads((DATA / "submitted.json").read_text("utf-8"))
RECEIVED: list[dict[str, Any]] = json.loads((DATA / "received.json").read_text("utf-8"))

GSM7, UCS2, BINARY = TextCoding.GSM7, TextCoding.UCS2, TextCoding.BINARY
TURKISH = NationalLanguage.TURKISH
SOURCE = Source(modem_id="m1", store="SM", slot=Slot.STORED, index=3)

SENDER = "0C91093512112233"  # +905321112233
TIME = "62113290442380"  # 2026-11-23 09:44:32, two hours ahead of UTC


def deliver(
    user_data: str, *, dcs: str = "00", header: bool = False, sender: str = SENDER, time: str = TIME
) -> Deliver:
    """Decode an SMS-DELIVER with this user data, its length octet included."""
    decoded = decode(f"00{'44' if header else '04'}{sender}00{dcs}{time}{user_data}")
    assert isinstance(decoded, Deliver)
    return decoded


def packed(septets: bytes, *, fill: int = 0) -> str:
    """Pack septets by the definition: each takes the next seven bits, the lowest first."""
    bits = sum(septet << (7 * place + fill) for place, septet in enumerate(septets))
    return bits.to_bytes((7 * len(septets) + fill + 7) // 8, "little").hex()


def segment(text: str = "a", **fields: Any) -> OutgoingSegment:
    defaults: dict[str, Any] = {"recipient": "+905321112233", "coding": GSM7, "report": False}
    return OutgoingSegment(text=text, **(defaults | fields))


def part_of(entry: dict[str, Any]) -> Concatenation | None:
    if entry["concatenation"] is None:
        return None
    reference, total, number = entry["concatenation"]
    return Concatenation(reference=reference, total=total, number=number)


# --- what other programs wrote -----------------------------------------------------------------


@pytest.mark.parametrize("entry", SUBMITTED)
def test_pdus_of_gammu_and_smstools_read_as_they_were_meant(entry: dict[str, Any]) -> None:
    echo = decode(entry["pdu"], tpdu_length=entry["tpdu_length"])
    assert isinstance(echo, SubmitEcho)
    assert (echo.text, echo.coding) == (entry["text"], entry["coding"])
    assert (echo.recipient, echo.smsc) == (entry["recipient"], entry["smsc"])
    assert echo.concatenation == part_of(entry)


@pytest.mark.parametrize("entry", [e for e in SUBMITTED if e["dcs"] != 0xF0 and not e["escaped"]])
def test_same_message_becomes_the_same_octets_as_with_gammu_and_smstools(
    entry: dict[str, Any],
) -> None:
    encoded = encode_submit(
        segment(
            entry["text"],
            recipient=entry["recipient"],
            coding=TextCoding(entry["coding"]),
            locking=NationalLanguage(entry["locking"]),
            single=NationalLanguage(entry["single"]),
            concatenation=part_of(entry),
            report=entry["report"],
            validity_s=63 * 7 * 86_400,
        ),
        smsc=entry["smsc"],
    )
    assert (encoded.hex, encoded.tpdu_length) == (entry["pdu"], entry["tpdu_length"])


@pytest.mark.parametrize("entry", [e for e in RECEIVED if e["type"] == "deliver"])
def test_recorded_messages_are_read(entry: dict[str, Any]) -> None:
    message = decode(entry["pdu"], tpdu_length=entry["tpdu_length"])
    assert isinstance(message, Deliver)
    assert (message.sender, message.text) == (entry["sender"], entry["text"])
    assert message.sent_at == datetime.fromisoformat(entry["sent_at"])
    assert (message.coding, message.concatenation) == (entry["coding"], part_of(entry))
    assert message.smsc == "+905320000000"


@pytest.mark.parametrize("entry", [e for e in RECEIVED if e["type"] == "status-report"])
def test_recorded_status_reports_are_read(entry: dict[str, Any]) -> None:
    assert decode(entry["pdu"], tpdu_length=entry["tpdu_length"]) == StatusReport(
        smsc="+905320000000",
        reference=entry["reference"],
        recipient=entry["recipient"],
        submitted_at=datetime.fromisoformat(entry["submitted_at"]),
        discharged_at=datetime.fromisoformat(entry["discharged_at"]),
        status=entry["status"],
    )


# --- vectors computed by hand ------------------------------------------------------------------


def test_submit_in_the_default_alphabet() -> None:
    encoded = encode_submit(segment("hellohello", recipient="+46708251358", validity_s=4 * 86_400))
    assert encoded.hex == "0011000B916407281553F80000AA0AE8329BFD4697D9EC37"
    assert encoded.tpdu_length == 23


def test_deliver_in_the_default_alphabet() -> None:
    message = decode("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07")
    assert isinstance(message, Deliver)
    assert (message.smsc, message.sender) == ("+31624000000", "+31641600986")
    assert message.text == "How are you?"
    # The zone octet 08 has its sign set before a zero.
    assert message.sent_at == datetime(2002, 8, 26, 19, 37, 41, tzinfo=UTC)


def test_turkish_lock_is_announced_in_the_header() -> None:
    # UDHL, IE 0x25 of one octet, Turkish; 3 fill bits, then 0x1D and 0x1C: 49 bits.
    encoded = encode_submit(segment("şŞ", locking=TURKISH))
    assert encoded.hex == "0041000C91093512112233000007" + "03250101" + "E87000"


def test_both_shift_tables_are_announced() -> None:
    both = segment("ã∞", locking=NationalLanguage.PORTUGUESE, single=TURKISH)
    encoded = encode_submit(both)
    assert encoded.hex.endswith("0A" + "06250103240101" + packed(b"\x7b\x15").upper())


def test_wide_reference_takes_the_16_bit_element() -> None:
    part = Concatenation(reference=0x01, total=3, number=2, wide=True)
    assert encode_submit(segment(concatenation=part)).hex.endswith("09" + "06080400010302" + "61")


# --- the recipient -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "field"),
    [
        ("+905321112233", "0C91093512112233"),
        ("+4670825135", "0A916407281553"),
        ("7071", "04810717"),
        ("112", "038111F2"),
        ("*123#", "05811A32FB"),
        ("05321112233", "0B815023112132F3"),
    ],
)
def test_number_says_whether_it_is_international(number: str, field: str) -> None:
    assert encode_submit(segment(recipient=number)).hex[6:].startswith(field)
    echo = decode(encode_submit(segment(recipient=number)).hex)
    assert isinstance(echo, SubmitEcho)
    assert echo.recipient == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "+90 532 111",
        "+90532a",
        "Firma",
        "90+532",
        "112\r",
        "112\nAT+CMGD=1",
        "\x1a112",
        "+*123#",
        "٠٥٣٢",
        "1" * 21,
    ],
)
def test_what_is_no_number_is_refused_before_the_wire(number: str) -> None:
    with pytest.raises(Permanent, match="telephone number"):
        encode_submit(segment(recipient=number))
    if number:
        with pytest.raises(Permanent, match="telephone number"):
            encode_submit(segment(), smsc=number)


# --- the rest of a submit ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "first", "scheme"),
    [
        ({}, 0x01, "00"),
        ({"report": True}, 0x21, "00"),
        ({"flash": True}, 0x01, "10"),
        ({"coding": UCS2}, 0x01, "08"),
        ({"coding": UCS2, "flash": True}, 0x01, "18"),
        ({"concatenation": Concatenation(reference=1, total=2, number=1)}, 0x41, "00"),
    ],
)
def test_first_octet_and_coding_scheme(fields: dict[str, Any], first: int, scheme: str) -> None:
    encoded = encode_submit(segment(**fields)).hex
    assert int(encoded[2:4], 16) == first
    assert encoded[22:26] == "00" + scheme


@pytest.mark.parametrize(
    ("seconds", "octet"),
    [
        (1, 0),
        (180, 0),
        (300, 0),
        (301, 1),
        (43_200, 143),
        (43_201, 144),
        (86_400, 167),
        (86_401, 168),
        (30 * 86_400, 196),
        (30 * 86_400 + 1, 197),
        (63 * 604_800, 255),
        (10 * 365 * 86_400, 255),
    ],
)
def test_validity_is_rounded_up_to_what_can_be_said(seconds: int, octet: int) -> None:
    encoded = encode_submit(segment(validity_s=seconds)).hex
    assert encoded[2:4] == "11"
    assert int(encoded[26:28], 16) == octet


@given(st.integers(1, 63 * 604_800))
def test_validity_is_the_shortest_that_is_long_enough(seconds: int) -> None:
    octet = relative_validity(seconds)
    said = gsmmodem.pdu._decodeRelativeValidityPeriod(octet)
    assert said >= timedelta(seconds=seconds)
    if octet:
        assert gsmmodem.pdu._decodeRelativeValidityPeriod(octet - 1) < timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["abcdefg@", "@", "@@@@@@@@", "abcdefghijklmno@"])
def test_last_at_sign_is_kept(text: str) -> None:
    echo = decode(encode_submit(segment(text)).hex)
    assert isinstance(echo, SubmitEcho)
    assert echo.text == text


def test_emoji_is_sent_as_a_surrogate_pair() -> None:
    assert encode_submit(segment("🙂", coding=UCS2)).hex.endswith("0008" + "04" + "D83DDE42")


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "ş"},
        {"text": "`"},
        {"text": "a" * 161},
        {"text": "ş" * 156, "locking": TURKISH},
        {"text": "ж" * 71, "coding": UCS2},
        {"text": "\ud83d", "coding": UCS2},
        {"coding": BINARY},
        {"validity_s": 0},
        {"validity_s": -5},
        {"concatenation": Concatenation(reference=256, total=2, number=1)},
        {"concatenation": Concatenation(reference=65_536, total=2, number=1, wide=True)},
        {"concatenation": Concatenation(reference=1, total=2, number=3)},
        {"concatenation": Concatenation(reference=1, total=256, number=1)},
        {"concatenation": Concatenation(reference=1, total=1, number=0)},
        {"text": "a" * 154, "concatenation": Concatenation(reference=1, total=2, number=1)},
    ],
)
def test_what_cannot_be_put_on_the_wire_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        encode_submit(segment(**fields))


# --- the text of a received message ------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "coding", "message_class"),
    [
        ("00", GSM7, None),
        ("03", GSM7, None),
        ("04", BINARY, None),
        ("08", UCS2, None),
        ("0C", GSM7, None),
        ("10", GSM7, 0),
        ("15", BINARY, 1),
        ("18", UCS2, 0),
        ("1B", UCS2, 3),
        ("20", BINARY, None),
        ("38", BINARY, 0),
        ("40", GSM7, None),
        ("48", UCS2, None),
        ("54", BINARY, 0),
        ("58", UCS2, 0),
        ("60", BINARY, None),
        ("80", GSM7, None),
        ("BF", GSM7, None),
        ("C0", GSM7, None),
        ("C8", GSM7, None),
        ("D1", GSM7, None),
        ("E0", UCS2, None),
        ("E9", UCS2, None),
        ("F0", GSM7, 0),
        ("F1", GSM7, 1),
        ("F5", BINARY, 1),
        ("F4", BINARY, 0),
        ("F8", GSM7, 0),
    ],
)
def test_coding_scheme_means_what_the_standard_says(
    octets: str, coding: TextCoding, message_class: int | None
) -> None:
    scheme = data_coding(int(octets, 16))
    assert (scheme.coding, scheme.message_class) == (coding, message_class)
    content = {
        GSM7: ("0461F1180D", "acca"),
        UCS2: ("04011F015F", "ğş"),
        BINARY: ("03C0FFEE", ""),
    }
    user_data, text = content[coding]
    if coding is GSM7:
        user_data = "04" + packed(b"acca")
    message = deliver(user_data, dcs=octets)
    assert (message.text, message.flash) == (text, message_class == 0)
    assert message.data.hex() == {UCS2: "011f015f", BINARY: "c0ffee", GSM7: ""}[coding]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("D83DDE42", "🙂"),
        ("D83D", "\ufffd"),
        ("DE42", "\ufffd"),
        ("0061D83D0062", "a\ufffdb"),
        ("DE42D83D", "\ufffd\ufffd"),
        ("006100", "a\ufffd"),
        ("006100000062", "a\ufffdb"),
        ("", ""),
    ],
)
def test_ucs2_that_is_no_text_shows_replacements(octets: str, text: str) -> None:
    message = deliver(f"{len(octets) // 2:02X}{octets}", dcs="08")
    assert message.text == text
    message.text.encode()


def test_escape_at_the_end_is_no_error() -> None:
    assert deliver("02" + packed(b"a\x1b")).text == "a"


def test_seven_bit_text_of_255_septets_is_read() -> None:
    assert deliver("FF" + packed(b"a" * 255)).text == "a" * 255


def test_octets_behind_the_user_data_are_ignored() -> None:
    assert deliver("02" + packed(b"ab") + "FFFF").text == "ab"


@pytest.mark.parametrize(
    ("elements", "septets", "text"),
    [
        ("250101", b"\x1d\x07\x40", "şıİ"),
        ("240101", b"\x1bs\x1bi\x1bI", "şıİ"),
        ("250101240101", b"\x1d\x1bi", "şı"),
        ("240102", b"\x1ba\x09", "áÇ"),
        ("250103", b"\x0b", "Ô"),
        ("250102", b"\x0b", "Ø"),  # Spanish has no locking table
        ("25010D", b"\x0b", "Ø"),  # Urdu is not known here
        ("2500", b"\x0b", "Ø"),
        ("250101250103", b"\x0b", "Ô"),  # the last counts
        ("0003010101250101", b"\x1d", "ş"),
    ],
)
def test_national_tables_of_the_header_are_applied(
    elements: str, septets: bytes, text: str
) -> None:
    header = len(elements) // 2 + 1
    length = (header * 8 + 6) // 7 + len(septets)
    body = packed(septets, fill=-header * 8 % 7)
    message = deliver(f"{length:02X}{header - 1:02X}{elements}{body}", header=True)
    assert message.text == text


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("0003CC0201", Concatenation(reference=0xCC, total=2, number=1)),
        ("080401020302", Concatenation(reference=0x102, total=3, number=2, wide=True)),
        ("050400500051" + "0003CC0201", Concatenation(reference=0xCC, total=2, number=1)),
        ("0003010202" + "0003020202", Concatenation(reference=2, total=2, number=2)),
        ("0003CC0200", None),
        ("0003CC0203", None),
        ("0003CC0000", None),
        ("0002CC02", None),
        ("0004CC020100", None),
        ("0003CC02", None),
        ("00", None),
        ("700100", None),
    ],
)
def test_header_says_which_part_it_is(elements: str, expected: Concatenation | None) -> None:
    size = len(elements) // 2
    message = deliver(f"{size + 5:02X}{size:02X}{elements}00610062", dcs="08", header=True)
    assert message.concatenation == expected
    assert message.text == "ab"


def test_header_longer_than_the_user_data_is_read_as_text() -> None:
    message = deliver("04" + packed(b"abcd"), header=True)
    assert message.text == "abcd"
    assert message.concatenation is None


def test_header_without_text_leaves_an_empty_text() -> None:
    assert deliver("07" + "050003010201" + "00", header=True).text == ""
    assert deliver("00", header=True).text == ""


# --- the sender --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "sender", "alphanumeric"),
    [
        ("0C91093512112233", "+905321112233", False),
        ("0B911346610089F6", "+31641600986", False),
        ("0AA15023112132", "0532111223", False),
        ("04810717", "7071", False),
        ("03F011F2", "112", False),
        ("05811A32FB", "*123#", False),
        ("0681DCEF00", "ab", False),
        ("0081", "", False),
        ("0091", "", False),
        ("00D0", "", True),
        ("0ED0D4AA74392C3299", "TURKCELL", True),
    ],
)
def test_sender_of_every_type_is_read(field: str, sender: str, alphanumeric: bool) -> None:
    message = deliver("0161", sender=field)
    assert (message.sender, message.alphanumeric) == (sender, alphanumeric)
    assert message.text == "a"


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("whole_octets", [False, True])
def test_name_of_any_length_is_read(size: int, whole_octets: bool) -> None:
    name = "SantralFirma"[:size]
    value = packed(name.encode())
    length = len(value) if whole_octets else (size * 7 + 3) // 4
    assert deliver("0161", sender=f"{length:02X}D0{value}").sender == name


def test_address_longer_than_20_half_octets_is_no_address() -> None:
    with pytest.raises(PduError, match="sender"):
        deliver("0161", sender="1591" + "00" * 11)


def test_pdu_without_a_service_centre_address_is_told_by_its_length() -> None:
    tpdu = f"04{SENDER}0000{TIME}0161"
    message = decode(tpdu, tpdu_length=len(tpdu) // 2)
    assert isinstance(message, Deliver)
    assert (message.sender, message.smsc) == ("+905321112233", "")


# --- times -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("62113290442321", datetime(2026, 11, 23, 6, 44, 32, tzinfo=UTC)),
        ("62113290442300", datetime(2026, 11, 23, 9, 44, 32, tzinfo=UTC)),
        ("62113290442322", datetime(2026, 11, 23, 4, 14, 32, tzinfo=UTC)),
        ("6211329044232A", datetime(2026, 11, 23, 15, 14, 32, tzinfo=UTC)),
        ("62113290442397", datetime(2026, 11, 22, 13, 59, 32, tzinfo=UTC)),
        ("99113290442300", datetime(1999, 11, 23, 9, 44, 32, tzinfo=UTC)),
        ("621132904423F1", datetime(2026, 11, 23, 7, 14, 32, tzinfo=UTC)),
        ("6211329044FF00", datetime(2026, 11, 23, 9, 44, 0, tzinfo=UTC)),
        ("00000000000000", None),
        ("FFFFFFFFFFFFFF", None),
        ("62209290442300", None),
        ("62923190442300", None),
        ("62113252442300", None),
    ],
)
def test_time_stamp_is_read_in_utc_or_not_at_all(octets: str, expected: datetime | None) -> None:
    message = deliver("0161", time=octets)
    assert message.sent_at == expected
    assert message.text == "a"


@pytest.mark.parametrize("quarters", [0, 1, 12, 22, 23, 48, 56, -1, -10, -14, -48])
def test_zone_of_any_quarter_of_an_hour_is_taken_off(quarters: int) -> None:
    bcd = int(str(abs(quarters)), 16) | (0x80 if quarters < 0 else 0)
    octet = (bcd & 0x0F) << 4 | bcd >> 4
    message = deliver("0161", time=f"621132904423{octet:02X}")
    local = datetime(2026, 11, 23, 9, 44, 32, tzinfo=UTC)
    assert message.sent_at == local - timedelta(minutes=15 * quarters)


# --- status reports and what else lies in a memory ---------------------------------------------

REPORT = "0006490C91093512112233" + "62113290441300" + "62113290442300"


@pytest.mark.parametrize("rest", ["", "00", "0700000161", "FF"])
def test_status_report_is_read_with_and_without_optional_fields(rest: str) -> None:
    report = decode(REPORT + "46" + rest)
    assert isinstance(report, StatusReport)
    assert (report.reference, report.status) == (0x49, 0x46)
    assert report.recipient == "+905321112233"
    assert report.submitted_at == datetime(2026, 11, 23, 9, 44, 31, tzinfo=UTC)
    assert report.discharged_at == datetime(2026, 11, 23, 9, 44, 32, tzinfo=UTC)


def test_status_report_without_a_status_is_refused() -> None:
    with pytest.raises(PduError, match="status"):
        decode(REPORT)


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (0x00, ReportOutcome.DELIVERED, "delivered: received by the handset (status 0x00)"),
        (0x01, ReportOutcome.DELIVERED, "cannot confirm"),
        (0x1F, ReportOutcome.DELIVERED, "service centre's own"),
        (0x20, ReportOutcome.PENDING, "still tries: congestion"),
        (0x25, ReportOutcome.PENDING, "still tries: error in the handset"),
        (0x30, ReportOutcome.PENDING, "service centre's own"),
        (0x3F, ReportOutcome.PENDING, "still tries"),
        (0x40, ReportOutcome.FAILED, "failed: remote procedure error"),
        (0x46, ReportOutcome.FAILED, "failed: the validity period expired"),
        (0x4A, ReportOutcome.FAILED, "reserved"),
        (0x62, ReportOutcome.FAILED, "gave up: no response from the handset"),
        (0x7F, ReportOutcome.FAILED, "gave up"),
        (0x80, ReportOutcome.FAILED, "reserved"),
        (0xFF, ReportOutcome.FAILED, "reserved"),
    ],
)
def test_status_has_an_outcome_and_a_reason_in_words(
    status: int, outcome: ReportOutcome, words: str
) -> None:
    assert report_outcome(status) is outcome
    assert words in status_text(status)


@pytest.mark.parametrize("status", range(256))
def test_every_status_can_be_told(status: int) -> None:
    assert status_text(status).endswith(f"(status 0x{status:02X})")


@pytest.mark.parametrize(
    ("first", "validity"), [("01", ""), ("11", "A7"), ("19", TIME), ("09", "01" + "00" * 6)]
)
def test_stored_submit_is_told_from_a_received_message(first: str, validity: str) -> None:
    echo = decode(f"00{first}05{SENDER}0000{validity}0161")
    assert echo == SubmitEcho(
        smsc="",
        reference=5,
        recipient="+905321112233",
        coding=GSM7,
        text="a",
        data=b"",
        concatenation=None,
    )


# --- what cannot be read -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage",
    ["", "0", "zz", "ÄÖ", "00", "0004", "FF91", "0C" + "91" * 12, "OK\r\n", "00" * 513, "0\x00"],
)
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(PduError):
        decode(garbage)


@pytest.mark.parametrize("entry", RECEIVED + SUBMITTED)
def test_pdu_that_is_cut_off_is_refused(entry: dict[str, Any]) -> None:
    for size in range(0, len(entry["pdu"]) - 1):
        with pytest.raises(PduError):
            decode(entry["pdu"][:size])


def test_reserved_message_type_is_read_as_deliver() -> None:
    assert isinstance(decode(f"0007{SENDER}0000{TIME}0161"), Deliver)


# --- what the SMS feature gets -----------------------------------------------------------------


def test_received_segment_carries_what_the_message_said() -> None:
    message = deliver("09" + "050003CC0201" + packed(b"ab", fill=1), header=True, dcs="10")
    received = to_received(message, SOURCE)
    assert received.source is SOURCE
    assert (received.sender, received.alphanumeric) == ("+905321112233", False)
    assert (received.text, received.coding, received.flash) == ("ab", GSM7, True)
    assert received.concatenation == Concatenation(reference=0xCC, total=2, number=1)
    assert received.sent_at == message.sent_at
    assert received.data == b""


def test_octets_of_a_binary_message_are_handed_over() -> None:
    received = to_received(deliver("0AC0FFEE" + "00" * 7, dcs="F5"), SOURCE)
    assert (received.coding, received.text) == (BINARY, "")
    assert received.data == bytes.fromhex("C0FFEE" + "00" * 7)


@pytest.mark.parametrize(
    ("octets", "kept"),
    [("0061D83D", True), ("DE420061", True), ("00610062", False), ("D83DDE42", False), ("", False)],
)
def test_part_that_is_cut_through_a_surrogate_pair_keeps_its_octets(
    octets: str, kept: bool
) -> None:
    size = 6 + len(octets) // 2
    message = deliver(f"{size:02X}050003CC0201{octets}", header=True, dcs="08")
    assert bool(to_received(message, SOURCE).data) is kept
    whole = deliver(f"{size - 6:02X}{octets}", dcs="08")
    assert to_received(whole, SOURCE).data == b""


def test_delivery_report_carries_what_the_status_report_said() -> None:
    report = decode(REPORT + "61")
    assert isinstance(report, StatusReport)
    handed = to_report(report, SOURCE)
    assert (handed.source, handed.reference) == (SOURCE, 0x49)
    assert handed.recipient == "+905321112233"
    assert (handed.outcome, handed.status) == (ReportOutcome.FAILED, 0x61)
    assert (handed.submitted_at, handed.discharged_at) == (
        report.submitted_at,
        report.discharged_at,
    )
