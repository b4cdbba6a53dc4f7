"""Whose faxes a principal sees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from gateway.fax.model import Fax, Received
from gateway.parties.rights import may_see as may_see_party
from gateway.parties.tables import parties
from gateway.web.principal import Principal, Sight

_RESPONSIBLE = select(parties.c.responsible_id)


def may_see(connection: Connection, principal: Principal, fax: Fax | Received) -> bool:
    """Tell whether a fax is his: his work, his customer's, or of nobody whose it could be."""
    whose = fax.user_id if isinstance(fax, Fax) else fax.assigned_id
    if principal.sight is Sight.ALL or (whose is not None and whose == principal.user_id):
        return True
    if fax.party_id is None:
        return whose is None
    responsible = connection.execute(_RESPONSIBLE.where(parties.c.id == fax.party_id)).scalar()
    return may_see_party(principal, responsible)


def only_visible(query: Select[Any], principal: Principal) -> Select[Any]:
    """Narrow a list with columns `party_id` and `user_id` to what `may_see` allows."""
    if principal.sight is Sight.ALL:
        return query
    party = query.selected_columns["party_id"]
    user = query.selected_columns["user_id"]
    own = parties.c.responsible_id
    return query.outerjoin(parties, parties.c.id == party).where(
        or_(
            user == principal.user_id,
            and_(party.is_not(None), or_(own.is_(None), own == principal.user_id)),
            and_(party.is_(None), user.is_(None)),
        )
    )
