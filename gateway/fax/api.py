"""The API of faxes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.fax.answer_schemas import (
    CoverOut,
    CoversOut,
    DocumentOut,
    FaxesSentOut,
    FaxLineOut,
    FaxLinesOut,
    FaxOut,
    FaxServerOut,
    FaxServersOut,
)
from gateway.fax.composing import Composer
from gateway.fax.model import Received
from gateway.fax.policy import FaxPolicy
from gateway.fax.policy_book import FaxPolicyBook
from gateway.fax.port import ServerStatus, SourceDocument
from gateway.fax.request_schemas import (
    AssignIn,
    CoverQuery,
    FaxIn,
    FaxQuery,
    FaxSettleIn,
    ForwardIn,
    PictureQuery,
)
from gateway.fax.sending import FaxSending
from gateway.fax.showing import Faxes
from gateway.fax.sorting import Sorting
from gateway.web.paging import ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, FileBody, FileReply, NoBody, Reply, Route

_PNG, _PDF, _TIFF = "image/png", "application/pdf", "image/tiff"


class FaxApi:
    """Routes of faxes."""

    def __init__(
        self,
        sending: FaxSending,
        faxes: Faxes,
        sorting: Sorting,
        composer: Composer,
        policy: FaxPolicyBook,
        statuses: Callable[[], list[ServerStatus]],
        covers: Callable[[str], list[tuple[str, str]]],
    ) -> None:
        self._sending = sending
        self._faxes = faxes
        self._sorting = sorting
        self._composer = composer
        self._policy = policy
        self._statuses = statuses
        self._covers = covers

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [*self._of_sending(), *self._of_reading(), *self._of_office()]

    def _of_sending(self) -> list[Route]:
        send = Permission.FAX_SEND
        return [
            Route(method="POST", path="/faxes", permission=send, handler=self._send, form=True,
                  summary="Queue a fax; answered once it is stored", body=FaxIn,
                  returns=FaxesSentOut, status=202, idempotent_by_key=True),
            Route(method="POST", path="/faxes/preview", permission=send, handler=self._preview,
                  form=True, summary="Make the pages exactly as they would be faxed", body=FaxIn,
                  returns=DocumentOut),
            Route(method="GET", path="/faxes/preview/{document}/pages/{page}.png",
                  permission=send, handler=self._preview_page, query=PictureQuery,
                  summary="Look at a page before it is sent", returns=FileBody, media_type=_PNG),
            Route(method="POST", path="/faxes/{fax_id}/cancel", permission=send,
                  handler=self._cancel, summary="Take a fax back, also while it is sent",
                  returns=FaxOut),
            Route(method="POST", path="/faxes/{fax_id}/resend", permission=send,
                  handler=self._resend, summary="Send the same pages to the same number again",
                  returns=FaxOut, status=202),
            Route(method="POST", path="/faxes/{fax_id}/forward", permission=send, body=ForwardIn,
                  handler=self._forward, summary="Send the pages of a fax to another number",
                  returns=FaxOut, status=202),
            Route(method="POST", path="/faxes/{fax_id}/settle", permission=send,
                  handler=self._settle, summary="Say what became of an uncertain fax",
                  body=FaxSettleIn, returns=FaxOut),
            Route(method="POST", path="/faxes/{fax_id}/assign", permission=send, body=AssignIn,
                  handler=self._assign, summary="Say whose a fax is that came in",
                  returns=FaxOut),
        ]  # fmt: skip

    def _of_reading(self) -> list[Route]:
        read = Permission.FAX_READ
        return [
            Route(method="GET", path="/faxes", permission=read, handler=self._list,
                  summary="List faxes, sent and received, newest first", query=FaxQuery,
                  returns=FaxLinesOut),
            Route(method="GET", path="/faxes/{fax_id}", permission=read, handler=self._show,
                  summary="Show a fax and its attempts", returns=FaxOut),
            Route(method="GET", path="/faxes/{fax_id}/pages/{page}.png", permission=read,
                  handler=self._page, query=PictureQuery, summary="Look at a page of a fax",
                  returns=FileBody, media_type=_PNG),
            Route(method="GET", path="/faxes/{fax_id}/document.pdf", permission=read,
                  handler=self._pdf, summary="Get a fax as PDF", returns=FileBody,
                  media_type=_PDF),
            Route(method="GET", path="/faxes/{fax_id}/original.tif", permission=read,
                  handler=self._tiff, summary="Get a fax as it was sent or received",
                  returns=FileBody, media_type=_TIFF),
            Route(method="POST", path="/faxes/{fax_id}/read", permission=read,
                  handler=self._read, summary="Note that a received fax was read",
                  returns=FaxOut),
        ]  # fmt: skip

    def _of_office(self) -> list[Route]:
        manage = Permission.SETTINGS_MANAGE
        return [
            Route(method="GET", path="/fax-servers", permission=Permission.FAX_READ,
                  handler=self._servers, summary="Show the fax servers", query=ShortListQuery,
                  returns=FaxServersOut),
            Route(method="GET", path="/fax-covers", permission=Permission.FAX_SEND,
                  handler=self._cover_choices, summary="Show the cover pages to choose from",
                  query=CoverQuery, returns=CoversOut),
            Route(method="GET", path="/policies/fax", permission=manage, handler=self._shown_policy,
                  summary="Show what is decided about faxes", returns=FaxPolicy),
            Route(method="PUT", path="/policies/fax", permission=manage, handler=self._decide,
                  summary="Decide about faxes", body=FaxPolicy, returns=FaxPolicy),
        ]  # fmt: skip

    async def _send(self, call: Call[FaxIn, NoBody]) -> Reply:
        results = await self._sending.send(
            call.principal, call.body.request(call.files), idempotency_key=call.idempotency_key
        )
        body = FaxesSentOut.of_all(results)
        return Reply(body=body, status=202, headers={"Location": f"/api/v1/faxes/{body.id}"})

    async def _preview(self, call: Call[FaxIn, NoBody]) -> DocumentOut:
        request = call.body.request(call.files)
        return DocumentOut.of(await self._sending.preview(call.principal, request))

    async def _preview_page(self, call: Call[NoBody, PictureQuery]) -> FileReply:
        document = await self._composer.document(call.principal, call.path["document"])
        path = await self._faxes.picture_of(document.path, call.path["page"], call.query.width)
        return FileReply(path=path, media_type=_PNG, keeps=True)

    async def _cancel(self, call: Call[NoBody, NoBody]) -> FaxOut:
        return FaxOut.of(await self._sending.cancel(call.principal, call.path["fax_id"]))

    async def _resend(self, call: Call[NoBody, NoBody]) -> Reply:
        return _accepted(FaxOut.of(await self._sending.again(call.principal, call.path["fax_id"])))

    async def _forward(self, call: Call[ForwardIn, NoBody]) -> Reply:
        fax_id, to = call.path["fax_id"], call.body.to
        fax, _ = await self._faxes.show(call.principal, fax_id)
        if not isinstance(fax, Received):
            return _accepted(FaxOut.of(await self._sending.again(call.principal, fax_id, to)))
        path = await self._faxes.original(call.principal, fax_id)
        document = SourceDocument(name="the received fax", file=path)
        sent = await self._sending.pass_on(call.principal, document, to, fax_id)
        return _accepted(FaxOut.of(sent))

    async def _settle(self, call: Call[FaxSettleIn, NoBody]) -> FaxOut:
        fax_id = call.path["fax_id"]
        return FaxOut.of(await self._sending.settle(call.principal, fax_id, call.body.as_))

    async def _assign(self, call: Call[AssignIn, NoBody]) -> FaxOut:
        wish = call.body.assignment()
        return FaxOut.of(await self._sorting.assign(call.principal, call.path["fax_id"], wish))

    async def _list(self, call: Call[NoBody, FaxQuery]) -> FaxLinesOut:
        query = call.query
        page = await self._faxes.page(
            call.principal, query.filter(), cursor=query.cursor, limit=query.limit
        )
        items = tuple(FaxLineOut.of(line) for line in page.items)
        return FaxLinesOut(items=items, next_cursor=page.next_cursor)

    async def _show(self, call: Call[NoBody, NoBody]) -> FaxOut:
        return FaxOut.of(*await self._faxes.show(call.principal, call.path["fax_id"]))

    async def _page(self, call: Call[NoBody, PictureQuery]) -> FileReply:
        path = await self._faxes.picture(
            call.principal, call.path["fax_id"], call.path["page"], call.query.width
        )
        return FileReply(path=path, media_type=_PNG, keeps=True)

    async def _pdf(self, call: Call[NoBody, NoBody]) -> FileReply:
        fax_id = call.path["fax_id"]
        path = await self._faxes.pdf(call.principal, fax_id)
        return FileReply(path=path, media_type=_PDF, name=f"fax-{fax_id}.pdf")

    async def _tiff(self, call: Call[NoBody, NoBody]) -> FileReply:
        fax_id = call.path["fax_id"]
        path = await self._faxes.original(call.principal, fax_id)
        return FileReply(path=path, media_type=_TIFF, name=f"fax-{fax_id}.tif", inline=False)

    async def _read(self, call: Call[NoBody, NoBody]) -> FaxOut:
        return FaxOut.of(await self._sorting.read(call.principal, call.path["fax_id"]))

    async def _servers(self, call: Call[NoBody, ShortListQuery]) -> FaxServersOut:
        items, cursor = page_of(self._statuses(), lambda one: one.id, call.query)
        return FaxServersOut(items=tuple(FaxServerOut.of(one) for one in items), next_cursor=cursor)

    async def _cover_choices(self, call: Call[NoBody, CoverQuery]) -> CoversOut:
        found = await asyncio.to_thread(self._covers, call.query.language)
        items, cursor = page_of(found, lambda one: one[0], call.query)
        return CoversOut(
            items=tuple(CoverOut(name=name, title=title) for name, title in items),
            next_cursor=cursor,
        )

    async def _shown_policy(self, _call: Call[NoBody, NoBody]) -> FaxPolicy:
        return await self._policy.show()

    async def _decide(self, call: Call[FaxPolicy, NoBody]) -> FaxPolicy:
        return await self._policy.decide(call.principal, call.body)


def _accepted(body: FaxOut) -> Reply:
    return Reply(body=body, status=202, headers={"Location": f"/api/v1/faxes/{body.id}"})
