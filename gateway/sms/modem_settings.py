"""The modems as configured: kept in the settings, their PINs encrypted."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from gateway.kernel import settings
from gateway.kernel.clock import Clock
from gateway.kernel.errors import ConfigError, Conflict, Invalid, NotFound
from gateway.kernel.secrets import SecretBox
from gateway.kernel.settings import Setting
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.sms.port import ModemSettings
from gateway.web.principal import Permission, Principal

logger = logging.getLogger(__name__)

KIND = "modem"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_DEVICE = re.compile(r"(/|socket://|rfc2217://|loop://)[^\x00-\x20\x7f]+")
_PIN = re.compile(r"([0-9]{4,8})?")
_SMSC = re.compile(r"(\+?[0-9]{3,20})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemChange:
    """What an administrator sets; None leaves a value as it is."""

    device: str | None = None
    pin: str | None = None
    profile: str | None = None
    smsc: str | None = None


class ModemSettingsBook:
    """Reads and changes the configured modems; `on_change` is called after each change."""

    def __init__(self, store: Store, clock: Clock, box: SecretBox) -> None:
        self._store = store
        self._clock = clock
        self._box = box

    async def every(self) -> list[ModemSettings]:
        """Return all configured modems by id."""
        stored = await self._store.read(lambda connection: settings.every(connection, KIND))
        return [self._typed(item) for item in stored]

    async def seed(self, seeds: list[tuple[str, ModemChange]]) -> bool:
        """Fill the settings from the configuration at the first start only."""
        now = self._clock.now()
        items = [
            Setting(kind=KIND, id=modem_id, value=self._merge({}, change))
            for modem_id, change in seeds
        ]
        return await self._store.write(
            lambda connection: settings.seed_once(connection, KIND, items, now)
        )

    async def add(self, principal: Principal, modem_id: str, change: ModemChange) -> ModemSettings:
        """Configure a new modem; raises Invalid or Conflict."""
        if not _ID.fullmatch(modem_id):
            raise Invalid(
                f"{modem_id!r} cannot be a modem's id: use small letters, digits, - and _",
                field="id",
            )
        if not change.device:
            raise Invalid("a modem needs a device, such as /dev/serial/by-id/...", field="device")

        def current(connection: Connection) -> dict[str, Any]:
            if settings.find(connection, KIND, modem_id):
                raise Conflict(f"there is a modem {modem_id!r} already")
            return {}

        return await self._change(principal, modem_id, change, "create", current)

    async def change(
        self, principal: Principal, modem_id: str, change: ModemChange
    ) -> ModemSettings:
        """Change a modem; raises NotFound or Invalid."""

        def current(connection: Connection) -> dict[str, Any]:
            stored = settings.find(connection, KIND, modem_id)
            if stored is None:
                raise NotFound(f"there is no modem {modem_id!r}; `santral modem list` shows all")
            return dict(stored.value)

        return await self._change(principal, modem_id, change, "change", current)

    async def remove(self, principal: Principal, modem_id: str) -> None:
        """Forget a modem; messages pinned to it wait until one with its id is back."""
        principal.require(Permission.MODEMS_MANAGE)
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            if not settings.remove(connection, KIND, modem_id):
                raise NotFound(f"there is no modem {modem_id!r}; `santral modem list` shows all")
            audit.record(connection, principal, "remove", (KIND, modem_id), at=now)

        await self._store.write(unit)

    async def _change(
        self,
        principal: Principal,
        modem_id: str,
        change: ModemChange,
        action: str,
        current: Callable[[Connection], dict[str, Any]],
    ) -> ModemSettings:
        principal.require(Permission.MODEMS_MANAGE)
        now = self._clock.now()

        def unit(connection: Connection) -> Setting:
            value = self._merge(current(connection), change)
            setting = Setting(kind=KIND, id=modem_id, value=value)
            settings.put(connection, setting, now)
            shown = {name: value[name] for name in value if name != "pin"}
            if change.pin is not None:
                shown["pin"] = "changed"
            audit.record(connection, principal, action, (KIND, modem_id), at=now, changes=shown)
            return setting

        return self._typed(await self._store.write(unit))

    def _merge(self, value: dict[str, Any], change: ModemChange) -> dict[str, Any]:
        _check("device", change.device, _DEVICE, "a path or URL such as /dev/ttyUSB0")
        _check("pin", change.pin, _PIN, "4 to 8 digits")
        _check("smsc", change.smsc, _SMSC, "a number such as +905320000000")
        merged = {"device": "", "pin": "", "profile": "", "smsc": "", **value}
        for name in ("device", "profile", "smsc"):
            given = getattr(change, name)
            if given is not None:
                merged[name] = given
        if change.pin is not None:
            merged["pin"] = self._box.seal(change.pin)
        return merged

    def _pin(self, stored: Setting) -> str:
        """Return the PIN; without the key that sealed it the modem goes on without one."""
        try:
            return self._box.open(stored.value["pin"])
        except ConfigError as error:
            logger.error("modem %s: the PIN: %s", stored.id, error)
            return ""

    def _typed(self, stored: Setting) -> ModemSettings:
        value = stored.value
        return ModemSettings(
            id=stored.id,
            device=value["device"],
            pin=self._pin(stored),
            profile=value["profile"],
            smsc=value["smsc"],
        )


def require_modem(connection: Connection, modem_id: str) -> None:
    """Raise NotFound when no such modem is configured."""
    if settings.find(connection, KIND, modem_id) is None:
        raise NotFound(f"there is no modem {modem_id!r}; `santral modem list` shows all")


def _check(field: str, value: str | None, pattern: re.Pattern[str], wanted: str) -> None:
    if value is not None and not pattern.fullmatch(value):
        shown = "it" if field == "pin" else repr(value)
        raise Invalid(f"{field}: {shown} is not {wanted}", field=field)
