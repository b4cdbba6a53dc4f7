"""Numbers are made once, at the border."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.kernel.numbers import WITHHELD, NumberingPlan, NumberKind

PLAN = NumberingPlan(region="TR", area="212")


@pytest.mark.parametrize(
    "raw",
    [
        "+905321234567",
        "0532 123 45 67",
        "532 123 45 67",
        "0090 532 123 45 67",
        "(0532) 123-45-67",
        "٠٥٣٢١٢٣٤٥٦٧",
        "+90\u00a0532\u00a0123\u00a045\u00a067",
    ],
)
def test_every_notation_of_a_number_gets_the_same_key(raw: str) -> None:
    assert PLAN.parse(raw).key == "+905321234567"


def test_a_local_number_gets_the_sites_area_code() -> None:
    assert PLAN.parse("345 67 89").key == "+902123456789"


def test_a_service_number_stays_as_it_is() -> None:
    number = PLAN.parse("4444")
    assert (number.key, number.kind) == ("4444", NumberKind.SHORT)


@pytest.mark.parametrize(
    "raw",
    ["", "   ", "abc", "0532-CALL-ME", "+90532\r\nAT+CMGD=1", "0532\x00", "+", "+90", "1" * 30],
)
def test_what_is_no_number_is_refused_by_field(raw: str) -> None:
    with pytest.raises(Invalid) as refusal:
        PLAN.parse(raw, field="to")
    assert refusal.value.field == "to"


@pytest.mark.parametrize("raw", ["", "anonymous", "Restricted", "unknown"])
def test_a_withheld_caller_has_no_key(raw: str) -> None:
    assert PLAN.from_network(raw) == WITHHELD


def test_a_named_sender_keeps_his_name() -> None:
    number = PLAN.from_network("BANKA 24", alphanumeric=True)
    assert (number.key, number.kind) == ("BANKA 24", NumberKind.NAME)


@given(st.text())
def test_networks_may_say_anything(raw: str) -> None:
    assert PLAN.from_network(raw).kind in NumberKind


@given(st.text())
def test_people_may_type_anything(raw: str) -> None:
    try:
        number = PLAN.parse(raw)
    except Invalid:
        return
    assert number.key
    assert PLAN.parse(number.key) == number


def test_logs_show_a_masked_number() -> None:
    assert PLAN.parse("+905321234567").masked == "+90532***67"


def test_people_read_the_national_form() -> None:
    assert PLAN.national(PLAN.parse("+905321234567")) == "0532 123 45 67"
    assert PLAN.national(PLAN.parse("+74951234567")) == "+7 495 123-45-67"


@example("+390612345678", "")  # Italy keeps its leading zero
@example("+5491123456789", "")  # Argentina's mobiles
@example("+54111512345678", "")
@example("+77012345678", "")  # two countries share a code
@given(
    st.sampled_from([f"+{code}" for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE] + ["+999"]),
    st.text("0123456789", min_size=2, max_size=14),
)
def test_a_number_in_international_form_is_read_as_the_library_reads_it(
    code: str, rest: str
) -> None:
    raw = code + rest
    try:
        expected = _by_the_library(raw)
    except phonenumbers.NumberParseException:
        expected = None
    if expected is None:
        with pytest.raises(Invalid):
            PLAN.parse(raw)
    else:
        assert PLAN.parse(raw).key == expected


def _by_the_library(raw: str) -> str | None:
    number = phonenumbers.parse(raw, "TR")
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
