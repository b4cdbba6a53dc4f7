"""Pages of lists: every list is asked for with a cursor and a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from pydantic import Field

from gateway.kernel.errors import Invalid
from gateway.web import cursor as cursors
from gateway.web.routes import Schema

T = TypeVar("T")

MAX_PAGE = 200

NextCursor = Annotated[
    str, Field(description="the next page's `cursor`; empty on the last page", examples=[""])
]


class PageQuery(Schema):
    """Which page is wanted."""

    cursor: Annotated[
        str, Field(max_length=cursors.MAX_CURSOR, description="`next_cursor` of the page before")
    ] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class ShortListQuery(PageQuery):
    """Which page of a list that is short in most offices."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE


def page_of(items: Sequence[T], key: Callable[[T], str], query: PageQuery) -> tuple[list[T], str]:
    """Return a page of a list that is held whole, and the next cursor, empty on the last page.

    Raises Invalid when the cursor is none, or its place in the list is gone.
    """
    start = 0
    if query.cursor:
        (last,) = cursors.decode(query.cursor, 1)
        keys = [key(item) for item in items]
        if last not in keys:
            raise Invalid("the list has changed; start without a cursor", field="cursor")
        start = keys.index(last) + 1
    page = list(items[start : start + query.limit])
    more = start + len(page) < len(items)
    return page, cursors.encode(key(page[-1])) if more else ""
