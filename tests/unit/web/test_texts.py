"""Every text of every page is translated, and the catalogues hold nothing else."""

from __future__ import annotations

import pytest

from gateway.web.languages import catalogue, preferred
from gateway.web.preferences import Language
from tests import texts


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_catalogues_are_whole(language: str) -> None:
    faults = list(texts.faults(language))
    assert not faults, "run `make texts`, then translate: " + "\n".join(faults)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_fields_of_a_text_are_kept_in_translation(language: str) -> None:
    for message in texts.catalogue(language):
        said = message.string if isinstance(message.string, tuple | list) else [message.string]
        wanted = message.id if isinstance(message.id, tuple | list) else [message.id]
        for one in said:
            assert texts.fields(str(one)) == texts.fields(str(wanted[-1])), message.id


def test_scripts_are_given_their_texts_and_their_plural_forms() -> None:
    words = catalogue(Language.RUSSIAN).for_scripts
    assert words["Call from {who}"] == "Звонит {who}"
    forms = words["{count} part"]
    assert isinstance(forms, list)
    assert len(forms) == 3
    assert "Sign in to Santral" not in words
    assert catalogue(Language.ENGLISH).for_scripts == {}


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("tr-TR,tr;q=0.9,en;q=0.8", "tr"), ("de,ru;q=0.5,en;q=0.7", "en"), ("", "en"),
        ("xx", "en"), ("RU", "ru"), ("en;q=0,tr;q=0.1", "tr"), ("tr;q=x,,;;", "en"),
        ("a" * 10_000, "en"), (",".join(["de"] * 1000) + ",tr", "en"),
    ],
)  # fmt: skip
def test_a_browser_is_answered_in_the_language_it_asks_for(asked: str, given: str) -> None:
    assert preferred(asked) == given
