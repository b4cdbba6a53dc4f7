"""What people chose, read from what some version stored."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gateway.web.preferences import Language, Pop, Preferences, Theme


def test_what_is_stored_is_read_back() -> None:
    chosen = Preferences(language=Language.RUSSIAN, theme=Theme.DARK, pop=Pop.ANSWER, sound=False)
    assert Preferences.of(chosen.model_dump(mode="json")) == chosen


@pytest.mark.parametrize("stored", [None, [], "x", {}, {"theme": "pink", "other": 1}])
def test_what_cannot_be_read_is_as_most_want_it(stored: object) -> None:
    assert Preferences.of(stored) == Preferences()


def test_one_unreadable_choice_does_not_spoil_the_others() -> None:
    found = Preferences.of({"theme": "pink", "language": "tr", "later": True})
    assert found == Preferences(language=Language.TURKISH)


def test_unknown_values_are_refused() -> None:
    with pytest.raises(ValidationError):
        Preferences.model_validate({"language": "xx"})
