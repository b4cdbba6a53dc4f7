"""The API of text messages."""

from __future__ import annotations

from gateway.sms.bulk import Bulk
from gateway.sms.messages import Messages, Page
from gateway.sms.schemas import (
    BulkItem,
    BulkResult,
    LineOut,
    LinesOut,
    PreviewIn,
    PreviewOut,
    SettleIn,
    SmsIn,
    SmsOut,
    SmsQuery,
)
from gateway.sms.sending import Sending
from gateway.web.paging import PageQuery
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Reply, Route


class SmsApi:
    """Routes of text messages."""

    def __init__(self, sending: Sending, messages: Messages) -> None:
        self._sending = sending
        self._messages = messages
        self._bulk = Bulk(sending)

    def routes(self) -> list[Route]:
        """Return the routes."""
        send, read = Permission.SMS_SEND, Permission.SMS_READ
        return [
            Route(method="POST", path="/sms", permission=send, handler=self._send,
                  summary="Queue a text; answered once it is stored", body=SmsIn, returns=SmsOut,
                  status=202, idempotent_by_key=True),
            Route(method="POST", path="/sms/bulk", permission=send, handler=self._send,
                  lines=self._bulk.lines, body=BulkItem, returns=BulkResult,
                  summary="Queue many texts: JSON lines in, a JSON line for each out"),
            Route(method="POST", path="/sms/preview", permission=send, handler=self._preview,
                  summary="Tell encoding and segments of a text, and why", body=PreviewIn,
                  returns=PreviewOut),
            Route(method="GET", path="/sms", permission=read, handler=self._list,
                  summary="List messages, sent and received, newest first", query=SmsQuery,
                  returns=LinesOut),
            Route(method="GET", path="/sms/{message_id}", permission=read, handler=self._show,
                  summary="Show a message and its state", returns=SmsOut),
            Route(method="DELETE", path="/sms/{message_id}", permission=send,
                  handler=self._cancel, summary="Take back a message that waits",
                  returns=SmsOut),
            Route(method="POST", path="/sms/{message_id}/settle", permission=send,
                  handler=self._settle, summary="Say what became of an uncertain message",
                  body=SettleIn, returns=SmsOut),
            Route(method="GET", path="/parties/{party_id}/sms", permission=read,
                  handler=self._conversation, summary="Show what was written with a party",
                  query=PageQuery, returns=LinesOut),
        ]  # fmt: skip

    async def _send(self, call: Call[SmsIn, NoBody]) -> Reply:
        message = await self._sending.send(
            call.principal, call.body.request(), idempotency_key=call.idempotency_key
        )
        location = {"Location": f"/api/v1/sms/{message.id}"}
        return Reply(body=SmsOut.of(message, []), status=202, headers=location)

    async def _preview(self, call: Call[PreviewIn, NoBody]) -> PreviewOut:
        return PreviewOut.of(self._sending.preview(call.principal, call.body.text))

    async def _list(self, call: Call[NoBody, SmsQuery]) -> LinesOut:
        query = call.query
        page = await self._messages.page(
            call.principal, query.filter(), cursor=query.cursor, limit=query.limit
        )
        return _page(page)

    async def _show(self, call: Call[NoBody, NoBody]) -> SmsOut:
        return SmsOut.of(*await self._messages.show(call.principal, call.path["message_id"]))

    async def _cancel(self, call: Call[NoBody, NoBody]) -> SmsOut:
        return SmsOut.of(await self._sending.cancel(call.principal, call.path["message_id"]), [])

    async def _settle(self, call: Call[SettleIn, NoBody]) -> SmsOut:
        message = await self._sending.settle(call.principal, call.path["message_id"], call.body.as_)
        return SmsOut.of(message, [])

    async def _conversation(self, call: Call[NoBody, PageQuery]) -> LinesOut:
        page = await self._messages.conversation(
            call.principal, call.path["party_id"], cursor=call.query.cursor,
            limit=call.query.limit,
        )  # fmt: skip
        return _page(page)


def _page(page: Page) -> LinesOut:
    return LinesOut(
        items=tuple(LineOut.of(line) for line in page.items), next_cursor=page.next_cursor
    )
