"""The trail of changes: who did what to which object, in the change's own unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert

from gateway.kernel.ids import new_id
from gateway.people.tables import audit_trail
from gateway.web.principal import Principal


def record(
    connection: Connection,
    principal: Principal,
    action: str,
    target: tuple[str, str],
    *,
    at: datetime,
    changes: Mapping[str, object] | None = None,
) -> None:
    """Note that a principal did `action` to `target` (kind, id); no secrets, no message texts."""
    connection.execute(
        insert(audit_trail).values(
            id=new_id(),
            at=at,
            who=principal.name,
            user_id=principal.user_id,
            action=action,
            object_kind=target[0],
            object_id=target[1],
            changes=dict(changes or {}),
        )
    )
