"""The API of calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.calls.acting import CallActions
from gateway.calls.dialling import Dialling, DialRequest
from gateway.calls.dialling_rules import DiallingRules
from gateway.calls.model import Dial
from gateway.calls.port import PbxStatus
from gateway.calls.schemas import (
    Asked,
    CallOut,
    CallsOut,
    CallsQuery,
    DialIn,
    DiallingRulesOut,
    DialOut,
    NoteIn,
    PbxesOut,
    TransferIn,
    pbx_out,
)
from gateway.calls.showing import CallFilter, Calls
from gateway.calls.telling import describe_dial
from gateway.web.paging import ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Reply, Route


class CallsApi:
    """Routes of calls."""

    def __init__(
        self,
        calls: Calls,
        actions: CallActions,
        dialling: Dialling,
        statuses: Callable[[], Sequence[PbxStatus]],
    ) -> None:
        self._calls = calls
        self._actions = actions
        self._dialling = dialling
        self._statuses = statuses

    def routes(self) -> list[Route]:
        """Return the routes."""
        read, act = Permission.CALLS_READ, Permission.CALLS_ACT
        return [
            Route(method="GET", path="/calls", permission=read, handler=self._list,
                  summary="List calls, live and past", query=CallsQuery, returns=CallsOut),
            Route(method="GET", path="/calls/{id}", permission=read, handler=self._show,
                  summary="Show a call", returns=CallOut),
            Route(method="POST", path="/calls/{id}/transfer", permission=act,
                  handler=self._transfer, summary="Pass the customer on to an extension",
                  body=TransferIn, returns=Asked, status=202),
            Route(method="POST", path="/calls/{id}/transfer/complete", permission=act,
                  handler=self._complete, returns=Asked, status=202,
                  summary="Pass the customer on to who was asked"),
            Route(method="POST", path="/calls/{id}/transfer/cancel", permission=act,
                  handler=self._cancel, returns=Asked, status=202,
                  summary="Take the customer back from an attended transfer"),
            Route(method="POST", path="/calls/{id}/park", permission=act, handler=self._park,
                  summary="Put the customer into the car park", returns=Asked, status=202),
            Route(method="POST", path="/calls/{id}/hangup", permission=act, handler=self._hang_up,
                  summary="End a call", returns=Asked, status=202),
            Route(method="POST", path="/calls/{id}/note", permission=act, handler=self._note,
                  summary="Keep a note with a call", body=NoteIn, returns=CallOut, status=201),
            Route(method="POST", path="/calls", permission=act, handler=self._dial,
                  summary="Ring a user's telephone, then dial a number from it", body=DialIn,
                  returns=DialOut, status=202, idempotent_by_key=True),
            Route(method="GET", path="/dials/{id}", permission=read, handler=self._show_dial,
                  summary="Show what became of a dial", returns=DialOut),
            Route(method="GET", path="/dialling", permission=read, handler=self._rules,
                  summary="Show which numbers may be dialled", returns=DiallingRulesOut),
            Route(method="PUT", path="/dialling", permission=Permission.SETTINGS_MANAGE,
                  handler=self._decide, summary="Decide which numbers may be dialled",
                  body=DiallingRules, returns=DiallingRulesOut),
            Route(method="GET", path="/pbx", permission=read, handler=self._pbx,
                  summary="List the telephone systems and their condition", query=ShortListQuery,
                  returns=PbxesOut),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, CallsQuery]) -> CallsOut:
        query = call.query
        wanted = CallFilter(
            live=query.live,
            direction=query.direction,
            outcome=query.outcome or "",
            number=query.number,
            party_id=query.party_id,
            since=query.since,
            until=query.until,
        )
        page = await self._calls.page(
            call.principal, wanted, cursor=query.cursor, limit=query.limit
        )
        return CallsOut(
            items=tuple(CallOut.model_validate(item) for item in page.items),
            next_cursor=page.next_cursor,
        )

    async def _show(self, call: Call[NoBody, NoBody]) -> CallOut:
        return CallOut.model_validate(await self._calls.show(call.principal, call.path["id"]))

    async def _transfer(self, call: Call[TransferIn, NoBody]) -> Asked:
        call_id = call.path["id"]
        await self._actions.transfer(
            call.principal, call_id, call.body.to, attended=call.body.attended
        )
        return Asked(id=call_id)

    async def _complete(self, call: Call[NoBody, NoBody]) -> Asked:
        await self._actions.end_consulting(call.principal, call.path["id"], pass_on=True)
        return Asked(id=call.path["id"])

    async def _cancel(self, call: Call[NoBody, NoBody]) -> Asked:
        await self._actions.end_consulting(call.principal, call.path["id"], pass_on=False)
        return Asked(id=call.path["id"])

    async def _park(self, call: Call[NoBody, NoBody]) -> Asked:
        await self._actions.park(call.principal, call.path["id"])
        return Asked(id=call.path["id"])

    async def _hang_up(self, call: Call[NoBody, NoBody]) -> Asked:
        await self._actions.hang_up(call.principal, call.path["id"])
        return Asked(id=call.path["id"])

    async def _note(self, call: Call[NoteIn, NoBody]) -> CallOut:
        await self._actions.note(call.principal, call.path["id"], call.body.text)
        return CallOut.model_validate(await self._calls.show(call.principal, call.path["id"]))

    async def _dial(self, call: Call[DialIn, NoBody]) -> Reply:
        body = call.body
        request = DialRequest(to=body.to, extension=body.from_, pbx=body.pbx)
        dial = await self._dialling.dial(call.principal, request, key=call.idempotency_key)
        location = {"Location": f"/api/v1/dials/{dial.id}"}
        return Reply(body=_dial(dial), status=202, headers=location)

    async def _show_dial(self, call: Call[NoBody, NoBody]) -> DialOut:
        return _dial(await self._dialling.show(call.principal, call.path["id"]))

    async def _rules(self, _call: Call[NoBody, NoBody]) -> DiallingRulesOut:
        return DiallingRulesOut.model_validate((await self._dialling.rules()).model_dump())

    async def _decide(self, call: Call[DiallingRules, NoBody]) -> DiallingRulesOut:
        rules = await self._dialling.decide(call.principal, call.body)
        return DiallingRulesOut.model_validate(rules.model_dump())

    async def _pbx(self, call: Call[NoBody, ShortListQuery]) -> PbxesOut:
        items, cursor = page_of(self._statuses(), lambda status: status.id, call.query)
        return PbxesOut(items=tuple(pbx_out(one) for one in items), next_cursor=cursor)


def _dial(dial: Dial) -> DialOut:
    return DialOut.model_validate(describe_dial(dial))
