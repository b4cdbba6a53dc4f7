"""Group commit: many callers' units of work in one transaction, each caller told its own outcome.

One writer at a time, in the order of arrival, on either engine: events get their ids in the order
in which they become visible, and two units never read the same state and overwrite each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

from gateway.kernel.errors import Unavailable
from gateway.kernel.health import Condition, Health, Level

MAX_BATCH = 512
"""Units in one commit; bounds how long the first of them waits."""
MAX_WAITING = 20_000
"""Units accepted and not yet committed; `write` waits when it is reached."""


@dataclass(slots=True)
class Pending:
    """A unit of work that waits for its commit, and the caller that awaits it."""

    unit: Callable[[Connection], Any]
    done: asyncio.Future[Any]
    result: Any = field(default=None)
    error: BaseException | None = field(default=None)

    def settle(self) -> None:
        """Tell the caller; to be called in his loop."""
        if self.done.done():
            return
        if self.error is None:
            self.done.set_result(self.result)
        else:
            self.done.set_exception(self.error)


def commit(connection: Connection, batch: Sequence[Pending]) -> None:
    """Commit a batch as one. A unit that raises fails alone; a commit that fails, fails all."""
    while batch:
        began = 0
        try:
            with connection.begin():
                for pending in batch:
                    began += 1
                    pending.result = pending.unit(connection)
        except Exception as error:  # noqa: BLE001 - a unit's error belongs to its caller
            culprit = _culprit(batch, began, error)
            if culprit is None:
                return
            commit(connection, batch[:culprit])
            batch = batch[culprit + 1 :]
            continue
        return


def _culprit(batch: Sequence[Pending], began: int, error: Exception) -> int | None:
    """Give the error to whom it belongs: the unit that raised it, or all when nothing works."""
    if began == 0 or _is_trouble(error):
        for pending in batch:
            pending.error = error
        return None
    batch[began - 1].error = error
    return began - 1


_OURS = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
"""What the database says of a statement rather than of itself."""
_OUR_STATES = frozenset({"22", "23", "42"})
"""The same as PostgreSQL's classes of errors: data, constraints, syntax and rights; SQLAlchemy has
no class of its own for all that asyncpg raises."""


def _is_trouble(error: Exception) -> bool:
    """Tell whether the database itself failed: its disk, its server, the way to it."""
    if isinstance(error, DBAPIError):
        said = str(getattr(error.orig, "sqlstate", None) or "")
        return not isinstance(error, _OURS) and said[:2] not in _OUR_STATES
    return isinstance(error, OSError)


class Watch:
    """Shows in health whether the database works, and tells callers so when it does not."""

    def __init__(self, health: Health, remedy: str) -> None:
        self._health = health
        self._remedy = remedy
        self._works: bool | None = None

    @contextmanager
    def over(self) -> Iterator[None]:
        """Watch one access; raises Unavailable in the place of the engine's own trouble."""
        try:
            yield
        except (DBAPIError, OSError) as error:
            if not _is_trouble(error):
                raise
            said = str(getattr(error, "orig", None) or error)
            self._note(Condition(level=Level.DOWN, detail=said, remedy=self._remedy))
            raise Unavailable(
                f"the database does not work: {said}; {self._remedy}", retry_after_s=5
            ) from error
        if not self._works:
            self._note(Condition(level=Level.OK))

    def _note(self, condition: Condition) -> None:
        self._works = condition.level is Level.OK
        self._health.report("store", condition)
