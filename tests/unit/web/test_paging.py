"""A list that is held whole is walked page by page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import Invalid
from gateway.web import cursor
from gateway.web.paging import PageQuery, page_of


def _walk(items: list[str], limit: int) -> list[list[str]]:
    pages, mark = [], ""
    while True:
        page, mark = page_of(items, str, PageQuery(cursor=mark, limit=limit))
        pages.append(page)
        if not mark:
            return pages


@given(st.lists(st.from_regex("[a-z]{1,4}", fullmatch=True), unique=True), st.integers(1, 10))
def test_a_walk_meets_each_once_in_order(items: list[str], limit: int) -> None:
    pages = _walk(items, limit)
    assert [item for page in pages for item in page] == items
    assert all(len(page) == limit for page in pages[:-1])
    assert len(pages) == max(1, -(-len(items) // limit))


def test_a_place_that_is_gone_is_told() -> None:
    query = PageQuery(cursor=cursor.encode("b"), limit=1)
    with pytest.raises(Invalid, match="changed"):
        page_of(["a", "c"], str, query)
