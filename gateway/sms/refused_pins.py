"""PINs that a SIM has refused, remembered so that no restart spends another of its few tries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.kernel import settings
from gateway.kernel.settings import Setting
from gateway.sms.modem_settings import KIND as CONFIGURED
from gateway.sms.port import ModemCondition, ModemStatus

KIND = "modem_pin_refused"


def note(connection: Connection, modem_id: str, now: datetime) -> None:
    """Remember that the SIM refused the PIN that is configured now, by its sealed form only."""
    configured = settings.find(connection, CONFIGURED, modem_id)
    if configured is not None and configured.value["pin"]:
        value = {"pin": configured.value["pin"]}
        settings.put(connection, Setting(kind=KIND, id=modem_id, value=value), now)


def standing(connection: Connection) -> frozenset[str]:
    """Return the modems whose configured PIN was refused and not set anew since."""
    configured = {item.id: item.value["pin"] for item in settings.every(connection, CONFIGURED)}
    return frozenset(
        item.id
        for item in settings.every(connection, KIND)
        if item.value["pin"] == configured.get(item.id)
    )


def explained(status: ModemStatus) -> ModemStatus:
    """Say of a modem whose refused PIN is withheld that it is wrong, not that there is none."""
    if status.condition is not ModemCondition.PIN_NEEDED:
        return status
    return replace(
        status,
        condition=ModemCondition.PIN_WRONG,
        detail="the SIM refused the configured PIN; it is not tried again",
        remedy="set the right PIN: santral modem set ID --pin PIN",
    )
