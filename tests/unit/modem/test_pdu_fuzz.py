"""Whatever is sent comes back the same, and no octets a modem may utter do harm."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

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
from drivers.modem.septets import header_septets, pack, unpack
from gateway.sms.alphabet import NationalLanguage, characters
from gateway.sms.port import Concatenation, OutgoingSegment, Slot, Source, TextCoding

DATA = Path(__file__).parents[2] / "data" / "pdu"
RECORDED: list[str] = [
    entry["pdu"]
    for name in ("submitted.json", "received.json")
    for entry in json.loads((DATA / name).read_text("utf-8"))
]
SOURCE = Source(modem_id="m1", store="SM", slot=Slot.DIRECT)

numbers = st.from_regex(r"\+[0-9]{1,20}|[0-9*#]{1,20}", fullmatch=True)
languages = st.sampled_from(NationalLanguage)
ucs2_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@st.composite
def parts(draw: st.DrawFn) -> Concatenation | None:
    if draw(st.booleans()):
        return None
    wide = draw(st.booleans())
    total = draw(st.integers(1, 255))
    return Concatenation(
        reference=draw(st.integers(0, 0xFFFF if wide else 0xFF)),
        total=total,
        number=draw(st.integers(1, total)),
        wide=wide,
    )


def harmless(text: str) -> None:
    """Decode: a message that every store can hold, or PduError, and nothing else."""
    try:
        decoded = decode(text)
    except PduError:
        return
    match decoded:
        case Deliver():
            received = to_received(decoded, SOURCE)
            assert "\x00" not in received.text + received.sender + received.smsc
            received.text.encode()
            received.sender.encode()
        case StatusReport():
            to_report(decoded, SOURCE)
        case SubmitEcho():
            decoded.text.encode()


@given(data=st.data(), number=numbers, locking=languages, single=languages, part=parts())
def test_seven_bit_text_of_every_language_comes_back(
    data: st.DataObject,
    number: str,
    locking: NationalLanguage,
    single: NationalLanguage,
    part: Concatenation | None,
) -> None:
    alphabet = st.sampled_from(sorted(characters(locking, single)))
    text = data.draw(st.text(alphabet, max_size=72))
    encoded = encode_submit(
        OutgoingSegment(
            recipient=number,
            text=text,
            coding=TextCoding.GSM7,
            locking=locking,
            single=single,
            concatenation=part,
        )
    )
    echo = decode(encoded.hex)
    assert isinstance(echo, SubmitEcho)
    assert (echo.text, echo.recipient, echo.concatenation) == (text, number, part)
    assert encoded.tpdu_length == len(encoded.hex) // 2 - 1


@given(text=ucs2_texts, number=numbers, smsc=numbers, part=parts(), seconds=st.integers(1, 10**9))
def test_ucs2_text_comes_back(
    text: str, number: str, smsc: str, part: Concatenation | None, seconds: int
) -> None:
    text = text[:33]
    encoded = encode_submit(
        OutgoingSegment(
            recipient=number,
            text=text,
            coding=TextCoding.UCS2,
            concatenation=part,
            validity_s=seconds,
        ),
        smsc=smsc,
    )
    echo = decode(encoded.hex.lower())
    assert isinstance(echo, SubmitEcho)
    assert (echo.text, echo.recipient, echo.smsc) == (text, number, smsc)
    assert echo.concatenation == part


@given(
    septets=st.binary(max_size=160).map(lambda data: bytes(octet & 0x7F for octet in data)),
    header=st.integers(0, 20),
)
def test_septets_lie_where_the_standard_puts_them(septets: bytes, header: int) -> None:
    first_bit = header_septets(header) * 7
    bits = int.from_bytes(bytes(header) + pack(septets, header), "little")
    assert bits == sum(one << (first_bit + 7 * place) for place, one in enumerate(septets))
    assert unpack(pack(septets), len(septets)) == septets


@given(octets=st.binary(max_size=224), count=st.integers(0, 255))
def test_septets_are_read_where_the_standard_puts_them(octets: bytes, count: int) -> None:
    bits = int.from_bytes(octets, "little")
    there = min(count, len(octets) * 8 // 7)
    assert unpack(octets, count) == bytes(bits >> 7 * place & 0x7F for place in range(there))


@given(st.text())
def test_any_text_for_a_pdu_is_harmless(text: str) -> None:
    harmless(text)


@given(st.binary(max_size=300))
def test_any_octets_are_harmless(octets: bytes) -> None:
    harmless(octets.hex())


@given(
    first=st.sampled_from(["04", "44", "40", "C4", "06", "41", "11", "51", "59", "07"]),
    address=st.sampled_from(["0C91093512112233", "0ED0D4AA74392C3299", "0081", "05811A32FB"]),
    octets=st.binary(max_size=200),
)
def test_any_body_behind_a_valid_beginning_is_harmless(
    first: str, address: str, octets: bytes
) -> None:
    reference = "05" if int(first, 16) & 3 in (1, 2) else ""
    harmless("00" + first + reference + address + octets.hex())


@given(
    dcs=st.integers(0, 255),
    user_data=st.binary(max_size=160),
    has_header=st.booleans(),
)
def test_any_user_data_in_any_coding_is_harmless(
    dcs: int, user_data: bytes, has_header: bool
) -> None:
    first = "44" if has_header else "04"
    for length in {len(user_data), len(user_data) * 8 // 7, user_data[0] if user_data else 0}:
        harmless(f"00{first}008100{dcs:02X}62113290442380{length:02X}{user_data.hex()}")


@given(
    pdu=st.sampled_from(RECORDED),
    places=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 400),
)
def test_recorded_pdu_that_was_garbled_is_harmless(
    pdu: str, places: list[tuple[int, int]], cut: int
) -> None:
    octets = bytearray.fromhex(pdu)
    for place, value in places:
        octets[place % len(octets)] = value
    harmless(octets.hex())
    harmless(octets[: cut % len(octets)].hex())
    harmless((octets[: cut % len(octets)] + octets).hex())
