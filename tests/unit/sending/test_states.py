"""The states of what goes out, and the chart in the docs."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.sending.states import FIRST, STEPS, SendState, chart, may_follow

DOCS = Path(__file__).parents[3] / "docs" / "sms.md"


def test_every_state_is_reached_and_explained() -> None:
    reached = {*FIRST}
    while more := {step.after for step in STEPS if step.before in reached} - reached:
        reached |= more
    assert reached == set(SendState)
    assert all(state.meaning for state in SendState)


def test_only_the_declared_steps_are_allowed() -> None:
    declared = {(step.before, step.after) for step in STEPS}
    for before in SendState:
        for after in SendState:
            assert may_follow(before, after) == (before is after or (before, after) in declared)


def test_nothing_leaves_what_is_over_for_good() -> None:
    over = {SendState.DELIVERED, SendState.FAILED, SendState.EXPIRED, SendState.CANCELLED}
    assert not [step for step in STEPS if step.before in over]


def test_what_may_have_gone_out_is_sent_again_by_a_person_or_a_refusal_only() -> None:
    again = [step for step in STEPS if step.after is SendState.QUEUED]
    assert {step.before for step in again} == {
        SendState.SCHEDULED, SendState.SENDING, SendState.UNCERTAIN,
    }  # fmt: skip


def test_the_chart_in_the_docs_is_the_code() -> None:
    shown = re.search(r"<!-- states -->\n(.*?)<!-- /states -->", DOCS.read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1] == chart(), "run `make docs`"
