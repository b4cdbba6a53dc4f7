from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modem import address, pdu, segments, user_data
from simulators.modem.address import Address, address_of
from simulators.modem.errors import PduError
from simulators.modem.national_tables import DEFAULT
from simulators.modem.pdu import Deliver, Request, StatusReport, Submit
from simulators.modem.segments import Coding, Style
from simulators.modem.user_data import Concatenation, Encoding, Header

_NOW = datetime(2026, 11, 23, 9, 40, 32, tzinfo=UTC)
_NUMBERS = st.text("0123456789*#abc", min_size=1, max_size=20)
_NAMES = st.text(DEFAULT.replace("\u00a0", ""), min_size=1, max_size=11)
_SEVEN_BIT = st.text(DEFAULT.replace("\u00a0", "") + "€[]{}^~|\\", max_size=500)
_ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(_NUMBERS, st.sampled_from([0x91, 0x81, 0xA1, 0xB1, 0xC8]))
def test_numbers_of_every_type_survive(digits: str, kind: int) -> None:
    field = address.encode(Address(digits, kind))
    assert address.decode(field[1], field[2:], field[0]) == Address(digits, kind)


@given(_NAMES)
def test_names_survive(name: str) -> None:
    field = address.encode(Address(name, address.ALPHANUMERIC))
    assert address.decode(field[1], field[2:], field[0]).number == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+905551112233", Address("905551112233", 0x91)),
        ("8000", Address("8000", 0x81)),
        ("*123#", Address("*123#", 0x81)),
        ("TURKCELL", Address("TURKCELL", 0xD0)),
    ],
)
def test_people_write_numbers_and_names(text: str, expected: Address) -> None:
    assert address_of(text) == expected
    assert address_of(text).number == text


@pytest.mark.parametrize("bad", ["12345678901", "ş", "x" * 12])
def test_impossible_names_are_refused(bad: str) -> None:
    with pytest.raises(PduError):
        address.encode(Address(bad * 2 if bad.isdigit() else bad, 0x91 if bad.isdigit() else 0xD0))


@given(_SEVEN_BIT)
def test_seven_bit_text_survives_its_parts(text: str) -> None:
    bodies = segments.bodies(text, Style())
    assert "".join(body.text() for body in bodies) == text
    assert all(body.length <= 160 for body in bodies)


@given(_ANY)
def test_any_text_survives_its_parts(text: str) -> None:
    bodies = segments.bodies(text, Style(reference_bits=16, reference=4711))
    assert "".join(body.text() for body in bodies) == text
    assert all(len(body.octets) <= 140 for body in bodies)


@pytest.mark.parametrize(
    ("coding", "text"),
    [
        (Coding.TURKISH, "ĞÜŞİÖÇ ğüşıöç € [x] "),
        (Coding.TURKISH_SINGLE, "ğüşıöç İĞŞ € "),
        (Coding.TURKISH_LOCKING, "ğüşıöç İĞŞ € "),
        (Coding.SPANISH, "áéíóú ÁÍÓÚ ç ñ "),
        (Coding.PORTUGUESE, "ãõâêô ÃÕÂÊÔ ∞ "),
        (Coding.PORTUGUESE_SINGLE, "ãõâ ÃÕÂ Φ "),
        (Coding.PORTUGUESE_LOCKING, "ãõâêô ª º "),
    ],
)
def test_national_texts_stay_seven_bit(coding: Coding, text: str) -> None:
    bodies = segments.bodies(text * 20, Style(coding=coding))
    assert len(bodies) > 1
    assert "".join(body.text() for body in bodies) == text * 20
    assert {user_data.coding_scheme(body.dcs).encoding for body in bodies} == {Encoding.GSM7}


def test_an_escape_pair_is_never_cut() -> None:
    for lead in range(8):
        bodies = segments.bodies("a" * lead + "€" * 100, Style())
        assert all(body.content()[-1:] != b"\x1b" for body in bodies)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("ş" * 70, 1), ("ş" * 71, 2), ("€" * 80, 1), ("€" * 81, 2)],
)
def test_part_limits(text: str, parts: int) -> None:
    assert len(segments.bodies(text, Style())) == parts


def test_a_text_of_more_than_255_parts_is_refused() -> None:
    with pytest.raises(PduError, match="255"):
        segments.bodies("a" * 40_000, Style())


@given(
    st.integers(0, 255),
    st.integers(0, 255),
    _NUMBERS,
    st.sampled_from([(0x01, b""), (0x11, b"\xa7"), (0x39, bytes.fromhex("62113290042300"))]),
    _SEVEN_BIT.filter(lambda text: len(text) < 70),
)
def test_submissions_survive(
    reference: int, pid: int, digits: str, validity: tuple[int, bytes], text: str
) -> None:
    body = segments.bodies(text, Style())[0]
    submit = Submit(
        first_octet=validity[0],
        reference=reference,
        destination=Address(digits, 0x81),
        pid=pid,
        validity_octets=validity[1],
        body=body,
    )
    assert pdu.decode_originated(pdu.encode_submit(submit)) == submit


def test_reports_survive() -> None:
    report = StatusReport(
        first_octet=0x06,
        reference=172,
        recipient=address_of("+905321112233"),
        timestamp=_NOW,
        discharged=_NOW,
        status=0x46,
    )
    assert pdu.decode_terminated(pdu.encode_status_report(report)) == report


def test_a_recorded_delivery_is_understood() -> None:
    octets = bytes.fromhex(
        "0791093502000000440ED0D4AA74392C3299000062113290832500360500030102"
        "02C865F3199D5687C56372D97C46A7D561F1985C369FD16975583C2697CD67745A1D168FC965F3199D5603"
    )
    centre, tpdu = address.split_service_centre(octets)
    assert centre is not None
    assert centre.number == "+905320000000"
    deliver = pdu.decode_terminated(tpdu)
    assert isinstance(deliver, Deliver)
    assert deliver.originator.number == "TURKCELL"
    header = deliver.body.header()
    assert header is not None
    assert header.concatenation == Concatenation(reference=1, total=2, part=2)
    assert deliver.body.text().startswith("defghijabcdefghij")
    assert pdu.encode_deliver(deliver) == tpdu


def test_a_command_is_understood() -> None:
    request = pdu.decode_originated(bytes.fromhex("0205000107" + "0C91093512112233" + "00"[:0]))
    assert isinstance(request, Request)
    assert request.command == 1
    assert request.destination.number == "+905321112233"


@pytest.mark.parametrize(
    ("octet", "encoding", "message_class"),
    [
        (0x00, Encoding.GSM7, None),
        (0x08, Encoding.UCS2, None),
        (0x04, Encoding.OCTETS, None),
        (0x10, Encoding.GSM7, 0),
        (0x18, Encoding.UCS2, 0),
        (0x1A, Encoding.UCS2, 2),
        (0x48, Encoding.UCS2, None),
        (0x80, Encoding.GSM7, None),
        (0xC8, Encoding.GSM7, None),
        (0xE0, Encoding.UCS2, None),
        (0xF0, Encoding.GSM7, 0),
        (0xF5, Encoding.OCTETS, 1),
    ],
)
def test_coding_groups(octet: int, encoding: Encoding, message_class: int | None) -> None:
    scheme = user_data.coding_scheme(octet)
    assert (scheme.encoding, scheme.message_class) == (encoding, message_class)


def test_header_elements_are_found_in_any_order() -> None:
    built = user_data.build_header(
        Header(
            single=1,
            locking=1,
            ports=(16000, 9200),
            concatenation=Concatenation(reference=300, total=3, part=2, bits=16),
        )
    )
    header = user_data.parse_header(built)
    assert (header.single, header.locking, header.ports) == (1, 1, (16000, 9200))
    assert header.concatenation == Concatenation(reference=300, total=3, part=2, bits=16)


@pytest.mark.parametrize("octets", ["050003010200", "0500030102", "0124", "03FF0505", ""])
def test_broken_headers_are_pdu_errors_or_ignored(octets: str) -> None:
    try:
        header = user_data.parse_header(bytes.fromhex(octets))
    except PduError:
        return
    assert header.concatenation is None


@given(st.binary(max_size=200))
def test_garbage_is_a_pdu_or_a_pdu_error(octets: bytes) -> None:
    for decode in (pdu.decode_originated, pdu.decode_terminated):
        try:
            decoded = decode(octets)
        except PduError:
            continue
        if isinstance(decoded, Submit | Deliver):
            assert isinstance(decoded.body.text(), str)


@given(st.integers(0, 40), st.integers(0, 255))
def test_a_damaged_pdu_is_a_pdu_or_a_pdu_error(place: int, octet: int) -> None:
    tpdu = bytearray.fromhex("51000C910935121122330008FF0C0608040001020100410042")
    tpdu[place % len(tpdu)] = octet
    try:
        decoded = pdu.decode_originated(bytes(tpdu))
    except PduError:
        return
    assert decoded.destination.number
