"""Secrets are encrypted, or not stored."""

from __future__ import annotations

import pytest

from gateway.kernel.errors import ConfigError, Invalid
from gateway.kernel.secrets import SecretBox, new_key


def test_a_sealed_secret_opens_with_the_same_key_only() -> None:
    key = new_key()
    sealed = SecretBox(key).seal("1234")
    assert "1234" not in sealed
    assert SecretBox(key).open(sealed) == "1234"
    with pytest.raises(ConfigError, match="SANTRAL_SECRET_KEY"):
        SecretBox(new_key()).open(sealed)


def test_without_a_key_a_secret_is_refused_with_the_remedy() -> None:
    with pytest.raises(Invalid, match="santral key"):
        SecretBox("").seal("1234")


def test_no_secret_needs_no_key() -> None:
    assert SecretBox("").open(SecretBox("").seal("")) == ""


def test_a_malformed_key_is_named() -> None:
    with pytest.raises(ConfigError, match="malformed"):
        SecretBox("abc")
