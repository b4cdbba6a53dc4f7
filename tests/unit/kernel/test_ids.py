"""Identifiers sort in the order in which they were made."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

from gateway.kernel.ids import new_id


def test_identifiers_rise_even_within_a_millisecond() -> None:
    made = [new_id() for _ in range(5_000)]
    assert made == sorted(set(made))


def test_an_identifier_is_a_uuid_of_version_7() -> None:
    for _ in range(1_000):
        parsed = uuid.UUID(new_id())
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)


def test_threads_never_get_the_same() -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: new_id(), range(5_000)))
    assert len(set(made)) == len(made)
