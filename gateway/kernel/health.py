"""What works and what does not, in words an administrator can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How well a component works."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The health of one component."""

    level: Level
    detail: str = ""
    remedy: str = ""


class Health:
    """The newest condition of every component, by its name (`store`, `modem:office1`)."""

    def __init__(self) -> None:
        self._conditions: dict[str, Condition] = {}

    def report(self, component: str, condition: Condition) -> None:
        """Note a component's condition."""
        self._conditions[component] = condition

    def forget(self, component: str) -> None:
        """Drop a component that is no longer configured."""
        self._conditions.pop(component, None)

    def conditions(self) -> dict[str, Condition]:
        """Return every component's condition, by name."""
        return dict(sorted(self._conditions.items()))

    @property
    def alive(self) -> bool:
        """Tell whether the service itself works; a dead modem does not make it dead."""
        return all(
            condition.level is not Level.DOWN
            for name, condition in self._conditions.items()
            if ":" not in name
        )
