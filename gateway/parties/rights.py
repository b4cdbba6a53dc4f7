"""Whose customers a principal sees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_

from gateway.parties.tables import parties
from gateway.web.principal import Principal, Sight


def may_see(principal: Principal, responsible_id: str | None) -> bool:
    """Tell whether a party with this responsible user is open to the principal."""
    return (
        principal.sight is Sight.ALL
        or responsible_id is None
        or responsible_id == principal.user_id
    )


def only_visible(query: Select[Any], principal: Principal) -> Select[Any]:
    """Return a query on `parties` that yields only what the principal may see."""
    if principal.sight is Sight.ALL:
        return query
    own = parties.c.responsible_id
    return query.where(or_(own.is_(None), own == principal.user_id))
