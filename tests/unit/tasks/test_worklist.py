"""Facts in, tasks out: nothing is lost, nothing is counted twice, whatever the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gateway.tasks.missed_calls import CallFact
from gateway.tasks.model import MAX_KEPT, Task
from gateway.tasks.worklist import Happening, Worklist
from tests.unit.tasks.facts import NUMBER, OTHER, YILDIZ, back, missed, taken, tried, worklist

NUMBERS = (NUMBER, OTHER, "")
facts = st.builds(
    lambda make, number, minute: make(number, float(minute)),
    st.sampled_from((missed, taken, back, tried)),
    st.sampled_from(NUMBERS),
    st.integers(0, 8),
)


def after(*happened: CallFact) -> tuple[Worklist, dict[str, Task]]:
    """Return a worklist that was told facts, and its tasks."""
    fed = worklist()
    for fact in happened:
        fed.feed(fact)
    return fed, {change.task.id: change.task for change in fed.changes()}


def told(fed: Worklist) -> list[tuple[Happening, str]]:
    """Return what happened to which task."""
    return [(change.happening, change.task.id) for change in fed.changes()]


def test_a_missed_call_and_its_call_back_are_both_told() -> None:
    fed, _ = after(missed(), missed(minute=1), tried(), back(), missed(minute=20))
    assert told(fed) == [
        (Happening.OPENED, "t0"), (Happening.CLOSED, "t0"), (Happening.OPENED, "t1"),
    ]  # fmt: skip


def test_of_many_changes_the_last_is_told() -> None:
    fed, tasks = after(*(missed(minute=minute) for minute in range(500)))
    assert told(fed) == [(Happening.OPENED, "t0"), (Happening.CHANGED, "t0")]
    assert (tasks["t0"].count, len(tasks["t0"].calls)) == (500, MAX_KEPT)


def test_one_call_back_answers_every_task_of_the_customer() -> None:
    _, tasks = after(missed(customer=YILDIZ), missed(OTHER, customer=YILDIZ), back(customer=YILDIZ))
    assert [task.open for task in tasks.values()] == [False, False]


def test_a_party_that_gets_another_responsible_hands_its_tasks_over() -> None:
    fed, _ = after(missed(customer=YILDIZ))
    fed.hand_over({"yildiz": "ayse", "other": "x"})
    fed.hand_over({"yildiz": "ayse"})
    assert [change.task.assigned_to for change in fed.changes()] == ["ali", "ayse"]


def _missed(happened: Sequence[CallFact]) -> set[str]:
    return {fact.call_id for fact in happened if fact.missed}


@given(st.lists(facts, max_size=40))
def test_every_missed_call_is_counted_once(happened: list[CallFact]) -> None:
    fed, tasks = after(*happened)
    assert {call_id for call_id, _ in fed.counted} == _missed(happened)
    assert len(fed.counted) == len(_missed(happened)) == sum(t.count for t in tasks.values())
    still = [task.key for task in tasks.values() if task.open]
    assert len(still) == len(set(still))


@given(st.lists(facts, max_size=40))
def test_facts_told_twice_change_nothing(happened: list[CallFact]) -> None:
    _, once = after(*happened)
    _, twice = after(*(fact for fact in happened for _ in range(2)))
    assert once == twice


@given(st.lists(facts, max_size=40))
def test_who_was_missed_last_waits(happened: list[CallFact]) -> None:
    """A task is closed only by a call that was told, and began, after its last missed call."""
    _, tasks = after(*happened)
    for task in tasks.values():
        if task.closing is not None:
            closer = [fact for fact in happened if fact.call_id == task.closing.call_id]
            the_missed_one = task.calls[-1].call_id == task.closing.call_id
            assert the_missed_one or any(fact.started_at >= task.last_at for fact in closer)
            assert any(fact.answered for fact in closer)
    last: dict[str, CallFact] = {}
    for fact in happened:
        if fact.missed or fact.answered:
            last[fact.number] = fact
    waiting = {task.number for task in tasks.values() if task.open}
    for number, fact in last.items():
        if fact.missed and happened.count(fact) == 1:
            assert number in waiting


@given(st.lists(facts, max_size=30), st.randoms(use_true_random=False))
def test_calls_of_other_numbers_in_between_change_nothing(
    happened: list[CallFact], dice: Random
) -> None:
    def of(tasks: dict[str, Task]) -> list[Task]:
        return [_nameless(task) for task in tasks.values() if task.number == NUMBER]

    mine = [fact for fact in happened if fact.number == NUMBER]
    others = [fact for fact in happened if fact.number != NUMBER]
    dice.shuffle(others)
    places = sorted(dice.randint(0, len(mine)) for _ in others)
    mixed = list(mine)
    for place, other in reversed(list(zip(places, others, strict=True))):
        mixed.insert(place, other)
    assert of(after(*mixed)[1]) == of(after(*mine)[1])


def _nameless(task: Task) -> Task:
    return replace(task, id="")
