"""A number that was nobody's belongs to a party now: its tasks go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from gateway.kernel.clock import Clock
from gateway.parties.port import Attachment
from gateway.tasks import tables
from gateway.tasks.model import Task, belonging
from gateway.tasks.telling import surroundings, tell
from gateway.tasks.worklist import Change, Happening


def attach(clock: Clock, connection: Connection, attachments: Sequence[Attachment]) -> None:
    """Give tasks that were nobody's to the parties that their numbers now belong to."""
    owners = {one.key: one for one in attachments}
    found = tables.of_nobody(connection, owners)
    if not found:
        return
    around = surroundings(connection, found)
    before = {task.id: around.audience(task) for task in found}
    do = tables.responsible_of(connection, (owners[task.number].party_id for task in found))
    moved = [_moved(task, owners[task.number], do) for task in found]
    tables.write(connection, moved)
    changes = [Change(Happening.CHANGED, task) for task in moved if task.open]
    tell(connection, changes, before, clock.now())


def _moved(task: Task, owner: Attachment, do: Mapping[str, str | None]) -> Task:
    return belonging(task, owner.party_id, owner.person_id, do.get(owner.party_id))
