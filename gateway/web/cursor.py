"""Cursors: opaque marks in a list where its next page begins."""

from __future__ import annotations

import base64
import binascii
import json

from gateway.kernel.errors import Invalid

MAX_CURSOR = 2048
"""Characters; a folded name of full length fits."""


def encode(*keys: str) -> str:
    """Return the cursor behind the row with these sort keys."""
    text = json.dumps(keys, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, count: int) -> list[str]:
    """Return the sort keys in a cursor; raises Invalid for what `encode` never made."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Invalid("the cursor was not made here; start without one", field="cursor") from error
    if (
        not isinstance(keys, list)
        or len(keys) != count
        or not all(isinstance(key, str) and _storable(key) for key in keys)
    ):
        raise Invalid("the cursor belongs to another list; start without one", field="cursor")
    return keys


def _storable(key: str) -> bool:
    return "\x00" not in key and not any("\ud800" <= char <= "\udfff" for char in key)
