"""The status of one modem: kept, told when it changes, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from gateway.sms.port import ModemCondition, ModemSettings, ModemStatus

_TOLD_STEP_DB = 6
"""A change of the signal below this is kept, but not told."""
_QUIET_FIELDS = frozenset({"signal_dbm", "storage"})


class Trouble(Exception):
    """The modem cannot work in its present condition; the text says what is wrong."""

    def __init__(self, condition: ModemCondition, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.condition = condition
        self.remedy = remedy


class StatusBoard:
    """Holds what is known of a modem."""

    def __init__(self, settings: ModemSettings, tell: Callable[[ModemStatus], None]) -> None:
        self._tell = tell
        self._ready = asyncio.Event()
        self.status = ModemStatus(
            modem_id=settings.id,
            device=settings.device,
            condition=ModemCondition.STOPPED,
            detail="not started yet",
        )

    @property
    def condition(self) -> ModemCondition:
        """The present condition."""
        return self.status.condition

    async def ready(self) -> None:
        """Wait until the modem can send."""
        await self._ready.wait()

    def enter(self, condition: ModemCondition, detail: str = "", remedy: str = "") -> None:
        """Note a condition with its reason and remedy."""
        self.update(condition=condition, detail=detail, remedy=remedy)

    def trouble(self, trouble: Trouble) -> None:
        """Note a condition in which the modem cannot work."""
        self.enter(trouble.condition, str(trouble), trouble.remedy)

    def update(self, **changes: Any) -> None:
        """Note what changed; tells the sink unless it is a trifle."""
        before, self.status = self.status, replace(self.status, **changes)
        if self.status.ready:
            self._ready.set()
        else:
            self._ready.clear()
        if _is_news(before, self.status):
            self._tell(self.status)


def _is_news(before: ModemStatus, after: ModemStatus) -> bool:
    loud = [field.name for field in fields(ModemStatus) if field.name not in _QUIET_FIELDS]
    if any(getattr(before, name) != getattr(after, name) for name in loud):
        return True
    if before.signal_dbm is None or after.signal_dbm is None:
        return before.signal_dbm != after.signal_dbm
    return abs(before.signal_dbm - after.signal_dbm) >= _TOLD_STEP_DB
