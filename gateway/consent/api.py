"""The API of the do-not-contact list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.consent.book import ConsentBook
from gateway.consent.model import Block, Channel, Source
from gateway.web.fields import Number, UserId
from gateway.web.paging import NextCursor, PageQuery
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema


class BlockIn(Schema):
    """A number that must not be contacted."""

    number: Annotated[str, Field(max_length=64, examples=["+905321234567"])]
    channel: Channel = Channel.ALL
    reason: Annotated[str, Field(max_length=500, examples=["asked for it on the phone"])] = ""


class BlockOut(Schema):
    """An entry of the do-not-contact list."""

    number: Number
    channel: Channel
    source: Annotated[Source, Field(examples=["person"])]
    reason: Annotated[str, Field(examples=["asked for it on the phone"])]
    at: datetime
    user_id: UserId | None


class BlocksOut(Schema):
    """A page of the list, by number; without a next cursor it is the last."""

    items: tuple[BlockOut, ...]
    next_cursor: NextCursor


class ChannelQuery(Schema):
    """Which channel is meant."""

    channel: Channel = Channel.ALL


class Removed(Schema):
    """It is not on the list any more."""

    number: Number


class ConsentApi:
    """Routes of the do-not-contact list."""

    def __init__(self, book: ConsentBook) -> None:
        self._book = book

    def routes(self) -> list[Route]:
        """Return the routes."""
        read, write = Permission.PARTIES_READ, Permission.PARTIES_WRITE
        return [
            Route(method="GET", path="/do-not-contact", permission=read, handler=self._list,
                  summary="List who must not be contacted", query=PageQuery, returns=BlocksOut),
            Route(method="POST", path="/do-not-contact", permission=write, handler=self._add,
                  summary="Put a number on the list; what waits for it is taken back",
                  body=BlockIn, returns=BlockOut, status=201),
            Route(method="DELETE", path="/do-not-contact/{number}", permission=write,
                  handler=self._remove, summary="Take a number off the list",
                  query=ChannelQuery, returns=Removed),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, PageQuery]) -> BlocksOut:
        page = await self._book.page(
            call.principal, cursor=call.query.cursor, limit=call.query.limit
        )
        return BlocksOut(
            items=tuple(_shown(block) for block in page.items), next_cursor=page.next_cursor
        )

    async def _add(self, call: Call[BlockIn, NoBody]) -> BlockOut:
        fields = call.body
        return _shown(
            await self._book.add(call.principal, fields.number, fields.channel, fields.reason)
        )

    async def _remove(self, call: Call[NoBody, ChannelQuery]) -> Removed:
        number = call.path["number"]
        await self._book.remove(call.principal, number, call.query.channel)
        return Removed(number=number)


def _shown(block: Block) -> BlockOut:
    return BlockOut(
        number=block.number,
        channel=block.channel,
        source=block.source,
        reason=block.reason,
        at=block.at,
        user_id=block.user_id,
    )
