"""A text gets the cheapest encoding that keeps it exact, and segments that fit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.sms.alphabet import NationalLanguage, septets
from gateway.sms.port import TextCoding
from gateway.sms.text import Reason, ReasonCode, TextPlan, joined_text, plan

DEFAULT = NationalLanguage.DEFAULT
TURKISH = NationalLanguage.TURKISH
SPANISH = NationalLanguage.SPANISH
PORTUGUESE = NationalLanguage.PORTUGUESE
ALL = frozenset({TURKISH, SPANISH, PORTUGUESE})

TURKISH_150 = ("İyi günler, siparişiniz kargoya verildi; ağır ışık. " * 3)[:150]

texts = st.text(
    st.one_of(
        st.sampled_from("abc XYZ\n\r@€[]~|"),
        st.sampled_from("şğıİŞĞçáãõêú∞ΔΩ"),
        st.sampled_from("🙂👩‍👧é́жö"),
        st.characters(exclude_characters="\x00", exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=700,
)
language_sets = st.frozensets(st.sampled_from(NationalLanguage))


def capacity(planned: TextPlan, *, wide: bool) -> int:
    """Compute by the standard what a segment of the plan can hold."""
    octets = 0 if len(planned.segments) == 1 else 6 if wide else 5
    if planned.coding is TextCoding.UCS2:
        return (140 - (octets + 1 if octets else 0)) // 2
    octets += 3 * bool(planned.locking) + 3 * bool(planned.single)
    return (140 * 8 - (octets + 1 if octets else 0) * 8) // 7


def units(planned: TextPlan, segment: str) -> int:
    if planned.coding is TextCoding.UCS2:
        return len(segment.encode("utf-16-be")) // 2
    coded = septets(segment, planned.locking, planned.single)
    assert coded is not None
    return len(coded)


@pytest.mark.parametrize(
    ("length", "segments", "left"),
    [(1, 1, 159), (160, 1, 0), (161, 2, 145), (306, 2, 0), (307, 3, 152)],
)
def test_gsm_text_fills_160_or_153_septets(length: int, segments: int, left: int) -> None:
    planned = plan("a" * length)
    assert (planned.coding, len(planned.segments)) == (TextCoding.GSM7, segments)
    assert planned.units_left == left


@pytest.mark.parametrize(
    ("length", "segments", "left"), [(70, 1, 0), (71, 2, 63), (134, 2, 0), (135, 3, 66)]
)
def test_ucs2_text_fills_70_or_67_characters(length: int, segments: int, left: int) -> None:
    planned = plan("ж" * length)
    assert (planned.coding, len(planned.segments)) == (TextCoding.UCS2, segments)
    assert planned.units_left == left


def test_wide_reference_leaves_152_septets_and_66_characters() -> None:
    assert plan("a" * 161, wide_reference=True).units_per_segment == 152
    assert plan("ж" * 71, wide_reference=True).units_per_segment == 66


@pytest.mark.parametrize(
    ("text", "single", "several", "wide"),
    [
        ("ş", 155, 149, 148),  # one table
        ("ã∞Ω", 152, 146, 145),  # two tables
    ],
)
def test_shift_tables_take_their_room_in_the_header(
    text: str, single: int, several: int, wide: int
) -> None:
    assert plan(text, languages=ALL).units_per_segment == single
    assert plan(text * 200, languages=ALL).units_per_segment == several
    assert plan(text * 200, languages=ALL, wide_reference=True).units_per_segment == wide


def test_turkish_text_of_150_characters_is_one_segment_with_shift_tables() -> None:
    planned = plan(TURKISH_150, languages={TURKISH})
    assert planned.segments == (TURKISH_150,)
    assert (planned.coding, planned.locking) == (TextCoding.GSM7, TURKISH)
    assert planned.units_left == 5


def test_turkish_text_without_shift_tables_is_ucs2() -> None:
    planned = plan(TURKISH_150)
    assert planned.coding is TextCoding.UCS2
    assert len(planned.segments) == 3
    assert planned.reason.code is ReasonCode.NOT_ALLOWED


def test_single_shift_wins_where_it_costs_less_than_locking() -> None:
    planned = plan("¿Cuántos años? " + "ò" * 20 + "è", languages=ALL)
    assert (planned.locking, planned.single) == (DEFAULT, SPANISH)


def test_default_alphabet_is_kept_where_a_table_saves_no_segment() -> None:
    planned = plan("€" * 40, languages={TURKISH})
    assert (planned.locking, planned.units_used) == (DEFAULT, 80)
    assert planned.reason.code is ReasonCode.DEFAULT


def test_table_that_saves_a_segment_is_used_for_a_text_of_the_default_alphabet() -> None:
    planned = plan("€" * 100, languages={TURKISH})
    assert (planned.locking, len(planned.segments)) == (TURKISH, 1)
    assert planned.reason == Reason(code=ReasonCode.SHORTER, characters=("€",))
    assert planned.explanation == (
        "the Turkish shift table saves a segment, because € takes half the room there"
    )


def test_endless_row_of_combining_marks_is_cut_all_the_same() -> None:
    assert [len(one) for one in plan("ж" + "\u0301" * 80).segments] == [67, 14]


@pytest.mark.parametrize(
    ("text", "languages", "code", "explanation"),
    [
        ("abc €", ALL, ReasonCode.DEFAULT, "every character is in the GSM alphabet"),
        (
            "şu ağaç ışık",
            {TURKISH},
            ReasonCode.NATIONAL,
            "ş, ğ, ç, ı need the Turkish shift table",
        ),
        ("çay", {TURKISH}, ReasonCode.NATIONAL, "ç needs the Turkish shift table"),
        (
            "ã∞Ω",
            ALL,
            ReasonCode.NATIONAL,
            "ã, ∞ need the Portuguese shift table",
        ),
        ("ş 🙂", ALL, ReasonCode.UNKNOWN, "🙂 is in no 7-bit table, so UCS-2"),
        (
            "a\u00a0b",
            (),
            ReasonCode.UNKNOWN,
            "U+00A0 NO-BREAK SPACE is in no 7-bit table, so UCS-2",
        ),
        (
            "şğ",
            {SPANISH},
            ReasonCode.NOT_ALLOWED,
            "ş, ğ are in national tables that this route does not allow, so UCS-2",
        ),
        (
            "∞ğé" + "ì" + "É" + "Ø",
            {TURKISH, PORTUGUESE},
            ReasonCode.TOGETHER,
            "∞, ğ are not in one pair of 7-bit tables together, so UCS-2",
        ),
        (
            "жзийклмно",
            (),
            ReasonCode.UNKNOWN,
            "ж, з, и, й, к, л, м, н and 1 more are in no 7-bit table, so UCS-2",
        ),
    ],
)
def test_reason_names_the_characters_that_forced_the_encoding(
    text: str,
    languages: frozenset[NationalLanguage],
    code: ReasonCode,
    explanation: str,
) -> None:
    planned = plan(text, languages=languages)
    assert planned.reason.code is code
    assert planned.explanation == explanation


def test_escape_pair_moves_whole_into_the_next_segment() -> None:
    planned = plan("a" * 152 + "€" + "b" * 20)
    assert planned.segments == ("a" * 152, "€" + "b" * 20)


def test_surrogate_pair_moves_whole_into_the_next_segment() -> None:
    planned = plan("ж" * 66 + "🙂" + "ж" * 20)
    assert planned.segments == ("ж" * 66, "🙂" + "ж" * 20)


@pytest.mark.parametrize("compound", ["👩\u200d👧", "👍\U0001f3fd", "ж\u0301", "❤\ufe0f"])
def test_compound_character_stays_whole_where_it_costs_no_segment(compound: str) -> None:
    head = "ж" * (67 - len(compound.encode("utf-16-be")) // 2 + 1)
    planned = plan(head + compound + "ж" * 10)
    assert planned.segments == (head, compound + "ж" * 10)


def test_compound_character_is_cut_where_keeping_it_would_cost_a_segment() -> None:
    text = "ж" * 66 + "ж\u0301" + "ж" * 66
    assert [len(one) for one in plan(text).segments] == [67, 67]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "write something"),
        ("a\x00b", "remove it"),
        ("a\ud83d", "valid UTF-8"),
        ("\ude42", "valid UTF-8"),
        ("a" * (255 * 153 + 1), "shorten it"),
        ("ж" * (255 * 67 + 1), "shorten it"),
        ("a" * 100_000, "shorten it"),
        ("🙂" * 100_000, "shorten it"),
    ],
)
def test_text_that_cannot_be_sent_is_refused_with_its_remedy(text: str, remedy: str) -> None:
    with pytest.raises(Invalid, match=remedy) as caught:
        plan(text)
    assert caught.value.field == "text"


def test_longest_texts_are_accepted() -> None:
    assert len(plan("a" * (255 * 153)).segments) == 255
    assert len(plan("ж" * (255 * 67)).segments) == 255


def test_limit_of_segments_is_kept_and_named() -> None:
    assert len(plan("a" * 306, max_segments=2).segments) == 2
    with pytest.raises(Invalid, match="at most 2 segments"):
        plan("a" * 307, max_segments=2)
    with pytest.raises(Invalid, match="at most 1 segment is"):
        plan("a" * 161, max_segments=1)


def test_line_ends_are_kept_as_given() -> None:
    assert plan("a\r\nb\rc\n").segments == ("a\r\nb\rc\n",)


@given(text=texts, languages=language_sets, wide=st.booleans())
def test_segments_joined_are_the_text_and_each_fits(
    text: str, languages: frozenset[NationalLanguage], wide: bool
) -> None:
    planned = plan(text, languages=languages, wide_reference=wide)
    assert "".join(planned.segments) == text
    assert planned.units_per_segment == capacity(planned, wide=wide)
    used = [units(planned, segment) for segment in planned.segments]
    assert 0 < min(used) <= max(used) <= planned.units_per_segment
    assert planned.units_used == used[-1]
    assert planned.explanation


@given(text=texts, languages=language_sets)
def test_only_allowed_tables_are_used(text: str, languages: frozenset[NationalLanguage]) -> None:
    planned = plan(text, languages=languages)
    assert {planned.locking, planned.single} - {DEFAULT} <= languages


@given(text=texts, languages=language_sets)
def test_tables_never_cost_a_segment(text: str, languages: frozenset[NationalLanguage]) -> None:
    assert len(plan(text, languages=languages).segments) <= len(plan(text).segments)
    assert len(plan(text).segments) <= len(plan(text + "ж").segments)


@given(text=texts)
def test_segments_are_as_full_as_they_can_be(text: str) -> None:
    planned = plan(text)
    for one, following in pairwise(planned.segments):
        room = planned.units_per_segment - units(planned, one)
        if planned.coding is TextCoding.GSM7:
            assert room < units(planned, following[0])
        else:
            assert room < 2 * 17


def test_parts_cut_through_a_surrogate_pair_are_made_whole() -> None:
    octets = "a🙂b".encode("utf-16-be")
    parts = [("x", b""), ("a\ufffd", octets[:4]), ("\ufffdb", octets[4:]), ("y", b"")]
    assert joined_text(parts) == "xa🙂by"


def test_pair_whose_other_half_is_missing_shows_a_replacement() -> None:
    assert joined_text([("a\ufffd", b"\x00a\xd8\x3d"), ("b", b"")]) == "a\ufffdb"
