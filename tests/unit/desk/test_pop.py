"""Before whom a call pops up, and what he has to do with it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.desk.pop import Part, Viewer, part_of, pops
from gateway.web.preferences import Pop


def party(extension: str, doing: str, *, talk_s: float = 0.0, called: bool = True) -> Any:
    """Return one of ours in a call."""
    return {"party": extension, "internal": True, "called": called, "doing": doing,
            "talk_s": talk_s}  # fmt: skip


def call(*parties: Any, direction: str = "in") -> dict[str, Any]:
    """Return a call as it is told."""
    customer = {"party": "101", "internal": False, "called": False, "doing": "talking",
                "talk_s": 9.0}  # fmt: skip
    return {"direction": direction, "parties": [customer, *parties]}


@pytest.mark.parametrize(
    ("parties", "part"),
    [
        ([], Part.NONE),  # a customer whose number looks like the extension
        ([party("102", "ringing")], Part.NONE),
        ([party("101", "ringing")], Part.RINGS),
        ([party("101", "gone")], Part.RANG),
        ([party("101", "talking")], Part.TALKS),
        ([party("101", "holding", talk_s=3.0)], Part.TALKS),
        ([party("101", "gone", talk_s=3.0)], Part.HAD),
        ([party("101", "gone", talk_s=3.0), party("101", "ringing")], Part.RINGS),
        ([party("101", "waiting", called=False)], Part.TALKS),  # he dialled, it rings outside
        ([party("101", "gone", called=False)], Part.HAD),
    ],
)
def test_what_somebody_has_to_do_with_a_call(parties: list[Any], part: Part) -> None:
    assert part_of(call(*parties), "101") is part


def test_who_has_no_extension_is_in_no_call() -> None:
    assert part_of(call(party("", "talking")), "") is Part.NONE


@pytest.mark.parametrize(
    ("choice", "secretary", "part", "direction", "shown"),
    [
        (Pop.RING, True, Part.NONE, "in", True),
        (Pop.RING, False, Part.NONE, "in", False),
        (Pop.RING, False, Part.RINGS, "in", True),
        (Pop.RING, False, Part.RANG, "in", True),  # it stays as missed
        (Pop.ANSWER, True, Part.RINGS, "in", False),
        (Pop.ANSWER, False, Part.TALKS, "in", True),
        (Pop.NONE, True, Part.TALKS, "in", False),
        (Pop.RING, True, Part.NONE, "out", False),
        (Pop.RING, False, Part.TALKS, "out", True),
        (Pop.RING, True, Part.TALKS, "internal", False),
    ],
)
def test_when_a_call_pops_up(
    *, choice: Pop, secretary: bool, part: Part, direction: str, shown: bool
) -> None:
    viewer = Viewer(extension="101", secretary=secretary, choice=choice)
    assert pops(call(direction=direction), part, viewer) is shown
