"""The API of webhooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.web.fields import Id, NoError
from gateway.web.paging import NextCursor, ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema
from gateway.webhooks.book import Listed, WebhookBook

Kind = Annotated[str, Field(max_length=64, pattern=r"^[a-z_]+(\.[a-z_]+)*(\.\*)?$|^\*$")]


class WebhookIn(Schema):
    """A webhook to be added."""

    url: Annotated[str, Field(max_length=2000, examples=["https://crm.example.com/santral"])]
    kinds: Annotated[
        tuple[Kind, ...],
        Field(max_length=50, description="kinds of events; none: all", examples=[["sms.*"]]),
    ] = ()


class WebhookPatch(Schema):
    """What changes about a webhook."""

    url: Annotated[str | None, Field(max_length=2000)] = None
    kinds: Annotated[tuple[Kind, ...] | None, Field(max_length=50)] = None
    active: Annotated[bool | None, Field(examples=[False])] = None


class WebhookOut(Schema):
    """A webhook, and how it fares."""

    id: Id
    url: Annotated[str, Field(examples=["https://crm.example.com/santral"])]
    kinds: Annotated[tuple[str, ...], Field(examples=[["sms.*"]])]
    active: Annotated[bool, Field(examples=[True])]
    created_at: datetime
    delivered_at: datetime | None
    failed_at: Annotated[datetime | None, Field(examples=[None])]
    failure: NoError
    dropped: Annotated[int, Field(description="events given up after a day", examples=[0])]
    refused: int = 0
    behind: int = 0


class WebhookAdded(WebhookOut):
    """A new webhook, with the secret that signs what it is told."""

    secret: Annotated[str, Field(description="told only here", examples=["kX3v…"])]


class WebhooksOut(Schema):
    """A page of webhooks; without a next cursor it is the last."""

    items: tuple[WebhookOut, ...]
    next_cursor: NextCursor


class WebhookRemoved(Schema):
    """It is gone."""

    id: Id


class WebhooksApi:
    """Routes of webhooks; `apply` brings the couriers in line after a change."""

    def __init__(self, book: WebhookBook, apply: Callable[[], Awaitable[None]]) -> None:
        self._book = book
        self._apply = apply

    def routes(self) -> list[Route]:
        """Return the routes."""
        manage = Permission.SETTINGS_MANAGE
        return [
            Route(method="GET", path="/webhooks", permission=manage, handler=self._list,
                  summary="List webhooks and what waits for each", query=ShortListQuery,
                  returns=WebhooksOut),
            Route(method="POST", path="/webhooks", permission=manage, handler=self._add,
                  summary="Add a webhook; the answer holds its secret, once",
                  body=WebhookIn, returns=WebhookAdded, status=201),
            Route(method="PATCH", path="/webhooks/{webhook_id}", permission=manage,
                  handler=self._change, summary="Change a webhook", body=WebhookPatch,
                  returns=WebhookOut),
            Route(method="DELETE", path="/webhooks/{webhook_id}", permission=manage,
                  handler=self._remove, summary="Remove a webhook", returns=WebhookRemoved),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, ShortListQuery]) -> WebhooksOut:
        listed = await self._book.listed(call.principal)
        page, next_cursor = page_of(listed, lambda item: item.webhook.id, call.query)
        return WebhooksOut(items=tuple(_shown(item) for item in page), next_cursor=next_cursor)

    async def _add(self, call: Call[WebhookIn, NoBody]) -> WebhookAdded:
        webhook = await self._book.add(call.principal, call.body.url, call.body.kinds)
        await self._apply()
        shown = _shown(Listed(webhook=webhook, refused=0, behind=0))
        return WebhookAdded(**shown.model_dump(), secret=webhook.secret)

    async def _change(self, call: Call[WebhookPatch, NoBody]) -> WebhookOut:
        changes = call.body.model_dump(exclude_none=True)
        webhook = await self._book.change(call.principal, call.path["webhook_id"], changes)
        await self._apply()
        return _shown(Listed(webhook=webhook, refused=0, behind=0))

    async def _remove(self, call: Call[NoBody, NoBody]) -> WebhookRemoved:
        await self._book.remove(call.principal, call.path["webhook_id"])
        await self._apply()
        return WebhookRemoved(id=call.path["webhook_id"])


def _shown(listed: Listed) -> WebhookOut:
    webhook = listed.webhook
    return WebhookOut(
        id=webhook.id,
        url=webhook.url,
        kinds=webhook.kinds,
        active=webhook.active,
        created_at=webhook.created_at,
        delivered_at=webhook.delivered_at,
        failed_at=webhook.failed_at,
        failure=webhook.failure,
        dropped=webhook.dropped,
        refused=listed.refused,
        behind=listed.behind,
    )
