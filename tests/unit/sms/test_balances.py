"""Amounts in what networks say of a balance."""

from __future__ import annotations

import pytest

from gateway.sms.balances import amount_in


@pytest.mark.parametrize(
    ("text", "pattern", "amount"),
    [
        ("Bakiye: 12,50 TL", "", 12.5),
        ("Kalan TL: 1.234,50", "", 1234.5),
        ("Balance 1,234.50 USD", "", 1234.5),
        ("Balance: 7", "", 7.0),
        ("Баланс: -3.20 р.", "", -3.2),
        ("Paket 5 GB, bakiye 42,00 TL", "bakiye ([0-9.,]+)", 42.0),
        ("Tanımsız istek", "", None),
        ("bakiye yok", "bakiye ([0-9]+)", None),
        ("...", "[.]+", None),
    ],
)
def test_the_amount(text: str, pattern: str, amount: float | None) -> None:
    assert amount_in(text, pattern) == amount
