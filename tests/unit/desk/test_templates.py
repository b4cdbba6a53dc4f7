"""Texts with fields."""

from __future__ import annotations

import pytest

from gateway.kernel.errors import Invalid
from gateway.templates.model import BUILT_IN, require_fields
from gateway.web.preferences import Language

VALUES = {"name": "Ahmet Çelik", "company": "Yıldız", "number": "+90", "time": "14:05", "user": "D"}


@pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda one: one.id)
@pytest.mark.parametrize("language", Language)
def test_what_is_not_known_leaves_no_hole(template: object, language: Language) -> None:
    text = BUILT_IN[template.id].filled(language, {"name": "Ahmet"})  # type: ignore[attr-defined]
    assert "{" not in text
    assert "()" not in text
    assert "  " not in text
    assert " ." not in text


def test_values_are_put_in_as_they_are() -> None:
    text = BUILT_IN["call_customer_back"].filled(Language.ENGLISH, {**VALUES, "name": "{user}"})
    assert text == "{user} (Yıldız) called at 14:05, please call back: +90. D"


@pytest.mark.parametrize("text", ["{nome}", "{", "}", "{{name}}", "{name", "{}"])
def test_a_field_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        require_fields(text)


def test_a_good_text_is_taken() -> None:
    require_fields("Dear {name}, {line}")
