"""What a modem tells of arrivals is remembered, joined into sweeps, and bounded."""

from __future__ import annotations

from drivers.modem import arrivals
from drivers.modem.arrivals import Arrivals, Listed
from drivers.modem.at_codec import Unsolicited

MEMORIES = ("SM", "ME")
PDU = "0791093502000000040C9109551511223300006211329083250007CDB21C1D168701"


def note(waiting: Arrivals, *lines: str) -> None:
    for line in lines:
        assert waiting.note(Unsolicited(line))


def test_a_few_indications_are_read_singly() -> None:
    waiting = Arrivals()
    note(waiting, '+CMTI: "SM",3', '+CDSI: "ME",1', '+CMTI: "SM",3')
    assert waiting.next_single(MEMORIES) == ("SM", 3)
    assert waiting.next_single(MEMORIES) == ("ME", 1)
    assert waiting.next_single(MEMORIES) is None
    assert not waiting.stored


def test_many_indications_become_one_look_through_the_memory() -> None:
    waiting = Arrivals()
    note(waiting, *(f'+CMTI: "SM",{index}' for index in range(100)))
    assert waiting.next_single(MEMORIES) is None
    assert waiting.next_sweep(MEMORIES) == "SM"
    assert waiting.next_sweep(MEMORIES) is None


def test_an_indication_during_a_look_is_not_lost() -> None:
    waiting = Arrivals()
    waiting.look_everywhere()
    assert waiting.next_sweep(MEMORIES) == "SM"
    note(waiting, '+CMTI: "SM",3')
    assert waiting.next_single(MEMORIES) == ("SM", 3)
    assert waiting.next_sweep(MEMORIES) == "ME"


def test_an_indication_for_a_joined_or_unknown_memory_has_all_looked_through() -> None:
    waiting = Arrivals()
    note(waiting, '+CMTI: "MT",3')
    assert waiting.next_single(MEMORIES) is None
    assert waiting.next_sweep(MEMORIES) == "SM"
    assert waiting.next_sweep(MEMORIES) == "ME"


def test_an_indication_that_cannot_be_read_has_all_looked_through() -> None:
    waiting = Arrivals()
    note(waiting, "+CMTI: ")
    assert waiting.next_sweep(MEMORIES) == "SM"


def test_pushed_messages_are_kept_in_order_and_bounded() -> None:
    waiting = Arrivals()
    for number in range(1000):
        waiting.note(Unsolicited(f"+CMT: ,{number}", f"{number:04d}"))
    assert len(waiting.pushed) == 500
    assert (waiting.pushed[-1].pdu, waiting.pushed[-1].length) == ("0999", 999)


def test_other_results_are_not_about_messages() -> None:
    assert not Arrivals().note(Unsolicited("RING"))


def test_a_listing_pairs_headers_with_their_pdus() -> None:
    found = arrivals.listed(
        ["+CMGL: 1,0,,26", PDU, "+CMGL: 2,1,,26", "+CMGL: 3,3,,26", PDU.lower(), "noise"]
    )
    assert found == [
        Listed(index=1, status=0, length=26, pdu=PDU),
        Listed(index=2, status=1, length=26, pdu=""),
        Listed(index=3, status=3, length=26, pdu=PDU),
    ]
    assert [entry.whole for entry in found] == [True, False, True]
    assert [entry.incoming for entry in found] == [True, True, False]


def reading(pdu: str, *, length: int | None = 26) -> Listed:
    return Listed(index=1, status=0, length=length, pdu=pdu)


def test_a_message_cut_short_is_not_whole() -> None:
    assert not reading(PDU[:-1]).whole
    assert not reading(PDU[:-2]).whole
    assert not reading("zz").whole
    assert reading(PDU, length=34).whole  # counts the SMSC, as some do


def test_a_message_counts_as_soon_as_two_whole_readings_agree() -> None:
    assert arrivals.repeated([reading(PDU)]) is None
    assert arrivals.repeated([reading(PDU), reading(PDU.replace("CD", "CE"))]) is None
    last = Listed(index=1, status=1, length=26, pdu=PDU)  # read meanwhile
    assert arrivals.repeated([reading(PDU), reading(PDU[:-2]), last]) is last


def test_a_message_of_another_length_than_announced_must_never_change() -> None:
    short = reading(PDU[:-2])
    assert arrivals.repeated([short, short]) is None
    assert arrivals.unchanging([short, short]) == short
    assert arrivals.unchanging([short, reading(PDU), short]) is None


def test_a_pdu_that_never_came_is_no_reading() -> None:
    assert arrivals.unchanging([reading(""), reading("")]) is None
    assert arrivals.unchanging([reading("", length=0)]) is not None


def test_an_empty_slot_is_none() -> None:
    assert arrivals.read([], 1) is None
    assert arrivals.read(["+CMGR: 0,,26", PDU], 4) == Listed(index=4, status=0, length=26, pdu=PDU)
