"""What opens a missed call's task, what gathers in it, and what closes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.tasks.missed_calls import CallFact, Customer, followed_up, gathered, opened
from gateway.tasks.model import MAX_KEPT, Actor, Resolution, StepKind, assigned, done, reopened
from tests.unit.tasks.facts import AHMET, MEHMET, OTHER, YILDIZ, at, back, missed, taken, tried

AYSE = Actor("Ayşe", "ayse")


def test_a_missed_call_is_for_who_is_responsible_for_the_customer() -> None:
    task = opened("t", missed(customer=AHMET, outcome="voicemail"))
    assert (task.party_id, task.person_id, task.assigned_to) == ("yildiz", "ahmet", "ali")
    assert (task.count, task.opened_at, task.last_at) == (1, at(0.5), at(0.5))
    [call] = task.calls
    assert (call.line, call.ring_s, call.voicemail) == ("02125550100", 21.5, True)


def test_a_strangers_call_is_everybodys() -> None:
    task = opened("t", missed())
    assert (task.party_id, task.assigned_to, task.calls[0].voicemail) == (None, None, False)


def test_calls_of_a_number_gather_and_only_the_newest_are_kept() -> None:
    task = opened("t", missed())
    for minute in range(1, 200):
        task = gathered(task, missed(minute=minute))
    assert (task.count, len(task.calls), task.last_at) == (200, MAX_KEPT, at(199.5))
    assert task.calls[-1].started_at == at(199)


def test_a_call_back_closes_it_and_tells_who_and_when() -> None:
    task = followed_up(opened("t", missed()), back())
    assert task.closing is not None
    assert (task.closing.resolution, task.closing.by) == (Resolution.CALLED_BACK, "Ayşe")
    assert (task.closing.extension, task.closing.at) == ("101", at(10.5))
    assert task.closing.call_id == back().call_id


def test_another_call_of_the_customer_that_is_taken_closes_it() -> None:
    task = followed_up(opened("t", missed()), taken())
    assert task.closing is not None
    assert task.closing.resolution is Resolution.CALLED_AGAIN


def test_a_call_back_in_vain_is_noted_once_and_leaves_it_open() -> None:
    task = followed_up(opened("t", missed()), tried())
    assert followed_up(task, tried()) is task
    [attempt] = task.attempts
    assert (attempt.by, attempt.outcome, attempt.at) == ("Ayşe", "busy", at(5))
    assert task.open
    for minute in range(20, 120):
        task = followed_up(task, tried(minute=minute))
    assert len(task.attempts) == MAX_KEPT


@pytest.mark.parametrize("later", [back, taken, tried])
def test_a_call_that_began_before_it_was_missed_says_nothing(
    later: Callable[..., CallFact],
) -> None:
    task = opened("t", missed(minute=10))
    assert followed_up(task, later(minute=10.4)) is task
    assert followed_up(task, later(minute=10.5)) is not task


def test_a_call_that_was_missed_again_must_be_answered_after_that() -> None:
    task = gathered(opened("t", missed()), missed(minute=20))
    assert followed_up(task, back(minute=10)) is task


@pytest.mark.parametrize("withheld", [False, True])
def test_a_missed_call_that_was_answered_after_all_closes_it(withheld: bool) -> None:
    lost = missed("" if withheld else "+902125550150")
    found = taken(lost.number, 0, call_id=lost.call_id)
    assert not followed_up(opened("t", lost), found).open
    again = missed(lost.number, 20)
    if not withheld:
        assert followed_up(gathered(opened("t", lost), again), found).open


@pytest.mark.parametrize(
    ("was", "now", "outgoing", "incoming"),
    [
        (YILDIZ, AHMET, True, False),
        (AHMET, YILDIZ, True, False),
        (AHMET, AHMET, True, True),
        (AHMET, MEHMET, False, False),
        (YILDIZ, YILDIZ, True, False),
        (YILDIZ, Customer(party_id="other"), False, False),
        (YILDIZ, None, False, False),
        (None, YILDIZ, False, False),
        (None, None, False, False),
    ],
)
def test_another_number_of_the_same_customer(
    was: Customer | None, now: Customer | None, outgoing: bool, incoming: bool
) -> None:
    task = opened("t", missed(customer=was))
    assert (not followed_up(task, back(OTHER, customer=now)).open) is outgoing
    assert (not followed_up(task, taken(OTHER, customer=now)).open) is incoming


def test_who_withholds_his_number_is_nobody_who_calls_later() -> None:
    task = opened("t", missed(""))
    assert followed_up(task, taken("")) is task
    assert missed("", 1).key != missed("", 2).key


def test_by_hand_it_is_done_reopened_and_given_to_somebody() -> None:
    task = done(opened("t", missed(customer=YILDIZ)), AYSE, "wrote to him", at(30))
    assert task.closing is not None
    assert (task.closing.resolution, task.closing.note) == (Resolution.DONE, "wrote to him")
    task = assigned(reopened(task, AYSE, at(40)), AYSE, "ayse", at(50))
    assert task.open
    assert [step.kind for step in task.steps] == [
        StepKind.DONE, StepKind.REOPENED, StepKind.ASSIGNED,
    ]  # fmt: skip
    assert (task.assigned_to, task.steps[-1].to, task.steps[-1].by) == ("ayse", "ayse", "Ayşe")


def test_what_closed_a_reopened_task_does_not_close_it_again() -> None:
    task = followed_up(opened("t", missed()), back())
    again = reopened(task, AYSE, at(11))
    assert followed_up(again, back()) is again
    assert not followed_up(again, back(minute=12)).open
