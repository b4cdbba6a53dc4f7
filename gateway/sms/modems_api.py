"""The API of modems: what they are doing, and their settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import Field

from gateway.sms.fleet import Fleet
from gateway.sms.modem_settings import ModemChange, ModemSettingsBook
from gateway.sms.port import ModemCondition, ModemStatus
from gateway.web.fields import ModemId, NoError
from gateway.web.paging import NextCursor, ShortListQuery, page_of
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route, Schema


class StorageOut(Schema):
    """How full a memory is."""

    used: Annotated[int, Field(examples=[3])]
    total: Annotated[int, Field(examples=[50])]


class ModemOut(Schema):
    """A modem and its state."""

    id: ModemId
    condition: Annotated[ModemCondition, Field(examples=["ready"])]
    detail: NoError
    remedy: NoError
    device: Annotated[str, Field(examples=["/dev/serial/by-id/usb-HUAWEI-if00"])]
    manufacturer: Annotated[str, Field(examples=["huawei"])]
    model: Annotated[str, Field(examples=["E173"])]
    revision: Annotated[str, Field(examples=["11.126.85.00.209"])]
    imei: Annotated[str, Field(examples=["358709051234567"])]
    imsi: Annotated[str, Field(examples=["286010123456789"])]
    profile: Annotated[str, Field(examples=["huawei"])]
    operator: Annotated[str, Field(examples=["Turkcell"])]
    registration: Annotated[str, Field(examples=["home"])]
    signal_dbm: Annotated[int | None, Field(examples=[-71])]
    smsc: Annotated[str, Field(examples=["+905329010000"])]
    storage: Annotated[dict[str, StorageOut], Field(examples=[{"SM": {"used": 3, "total": 50}}])]


class ModemsOut(Schema):
    """A page of modems; without a next cursor it is the last."""

    items: list[ModemOut]
    next_cursor: NextCursor


class ModemIn(Schema):
    """A modem to be configured."""

    id: Annotated[str, Field(max_length=32, examples=["office1"])]
    device: Annotated[str, Field(max_length=255, examples=["/dev/serial/by-id/usb-HUAWEI-if00"])]
    pin: Annotated[str, Field(max_length=8)] = ""
    profile: Annotated[str, Field(max_length=32)] = ""
    smsc: Annotated[str, Field(max_length=24)] = ""


class ModemPatch(Schema):
    """What changes about a modem."""

    device: Annotated[str | None, Field(max_length=255, examples=["/dev/ttyUSB2"])] = None
    pin: Annotated[str | None, Field(max_length=8)] = None
    profile: Annotated[str | None, Field(max_length=32)] = None
    smsc: Annotated[str | None, Field(max_length=24)] = None


class UssdIn(Schema):
    """A USSD code."""

    code: Annotated[str, Field(max_length=160, pattern=r"^[0-9*#]+$", examples=["*100#"])]


class UssdOut(Schema):
    """What the network answered."""

    text: Annotated[str, Field(examples=["Bakiyeniz: 87,50 TL"])]


class Applied(Schema):
    """The change is stored and in force."""

    id: ModemId


class ModemsApi:
    """Routes of modems; `apply` brings the running ones in line after a change."""

    def __init__(
        self, fleet: Fleet, settings: ModemSettingsBook, apply: Callable[[], Awaitable[None]]
    ) -> None:
        self._fleet = fleet
        self._settings = settings
        self._apply = apply

    def routes(self) -> list[Route]:
        """Return the routes."""
        read, manage = Permission.MODEMS_READ, Permission.MODEMS_MANAGE
        return [
            Route(method="GET", path="/modems", permission=read, handler=self._list,
                  summary="List modems and what they are doing", query=ShortListQuery,
                  returns=ModemsOut),
            Route(method="POST", path="/modems", permission=manage, handler=self._add,
                  summary="Configure a modem", body=ModemIn, returns=Applied, status=201),
            Route(method="PATCH", path="/modems/{modem_id}", permission=manage,
                  handler=self._change, summary="Change a modem", body=ModemPatch,
                  returns=Applied),
            Route(method="DELETE", path="/modems/{modem_id}", permission=manage,
                  handler=self._remove, summary="Remove a modem", returns=Applied),
            Route(method="POST", path="/modems/{modem_id}/ussd", permission=manage,
                  handler=self._ussd, summary="Send a USSD code", body=UssdIn, returns=UssdOut),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, ShortListQuery]) -> ModemsOut:
        page, next_cursor = page_of(
            self._fleet.statuses(), lambda status: status.modem_id, call.query
        )
        return ModemsOut(items=[modem_out(status) for status in page], next_cursor=next_cursor)

    async def _add(self, call: Call[ModemIn, NoBody]) -> Applied:
        fields = call.body
        change = ModemChange(
            device=fields.device, pin=fields.pin, profile=fields.profile, smsc=fields.smsc
        )
        await self._settings.add(call.principal, fields.id, change)
        await self._apply()
        return Applied(id=fields.id)

    async def _change(self, call: Call[ModemPatch, NoBody]) -> Applied:
        fields = call.body
        change = ModemChange(
            device=fields.device, pin=fields.pin, profile=fields.profile, smsc=fields.smsc
        )
        await self._settings.change(call.principal, call.path["modem_id"], change)
        await self._apply()
        return Applied(id=call.path["modem_id"])

    async def _remove(self, call: Call[NoBody, NoBody]) -> Applied:
        await self._settings.remove(call.principal, call.path["modem_id"])
        await self._apply()
        return Applied(id=call.path["modem_id"])

    async def _ussd(self, call: Call[UssdIn, NoBody]) -> UssdOut:
        return UssdOut(text=await self._fleet.ussd(call.path["modem_id"], call.body.code))


def modem_out(status: ModemStatus) -> ModemOut:
    """Return what the API shows of a status."""
    return ModemOut(
        id=status.modem_id,
        condition=status.condition,
        detail=status.detail,
        remedy=status.remedy,
        device=status.device,
        manufacturer=status.manufacturer,
        model=status.model,
        revision=status.revision,
        imei=status.imei,
        imsi=status.imsi,
        profile=status.profile,
        operator=status.operator,
        registration=status.registration,
        signal_dbm=status.signal_dbm,
        smsc=status.smsc,
        storage={
            name: StorageOut(used=used, total=total)
            for name, (used, total) in status.storage.items()
        },
    )
