"""A number that was nobody's belongs to a party now: its faxes go with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from gateway.fax import tables
from gateway.parties.port import Attachment
from gateway.parties.tables import parties

_R, _F = tables.received.c, tables.faxes.c
_RESPONSIBLE = (
    parties.select()
    .with_only_columns(parties.c.responsible_id)
    .where(parties.c.id == bindparam("to_party"))
    .scalar_subquery()
)
_CAME_IN = (
    update(tables.received)
    .where(_R.number == bindparam("of_number"), _R.party_id.is_(None))
    .values(party_id=bindparam("to_party"), person_id=bindparam("to_person"))
)
_ITS_WORK = (
    update(tables.received)
    .where(_R.number == bindparam("of_number"), _R.assigned_id.is_(None))
    .values(assigned_id=_RESPONSIBLE)
)
_WENT_OUT = (
    update(tables.faxes)
    .where(_F.recipient == bindparam("of_number"), _F.party_id.is_(None))
    .values(party_id=bindparam("to_party"), person_id=bindparam("to_person"))
)


def attach(connection: Connection, attachments: Sequence[Attachment]) -> None:
    """Give faxes that were nobody's to the parties that their numbers now belong to."""
    for one in attachments:
        given = {"of_number": one.key, "to_party": one.party_id}
        connection.execute(_ITS_WORK, given)
        for statement in (_CAME_IN, _WENT_OUT):
            connection.execute(statement, {**given, "to_person": one.person_id})
