"""Webhooks as an administrator keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from gateway.kernel.clock import Clock
from gateway.kernel.errors import Invalid, NotFound
from gateway.kernel.events import events
from gateway.kernel.ids import new_id
from gateway.kernel.secrets import SecretBox
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.web.principal import Permission, Principal
from gateway.webhooks.model import Webhook
from gateway.webhooks.tables import backlog, webhooks

MAX_WEBHOOKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A webhook and how much waits for it."""

    webhook: Webhook
    refused: int
    """Events in the backlog."""
    behind: int
    """Events of the log that were not looked at yet."""


class WebhookBook:
    """Adds, changes, shows and removes webhooks; `every` is what delivery reads."""

    def __init__(self, store: Store, clock: Clock, box: SecretBox) -> None:
        self._store = store
        self._clock = clock
        self._box = box

    async def add(self, principal: Principal, url: str, kinds: Sequence[str]) -> Webhook:
        """Add a webhook, from the next event on; its secret is in the answer, and only there."""
        principal.require(Permission.SETTINGS_MANAGE)
        secret = secrets.token_urlsafe(32)
        sealed = self._box.seal(secret)
        webhook = Webhook(
            id=new_id(),
            url=_checked(url),
            kinds=tuple(kinds),
            active=True,
            after_event=0,
            created_at=self._clock.now(),
        )

        def unit(connection: Connection) -> Webhook:
            count = connection.execute(select(func.count()).select_from(webhooks)).scalar()
            if (count or 0) >= MAX_WEBHOOKS:
                raise Invalid(f"there are {MAX_WEBHOOKS} webhooks already; remove one")
            newest = connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar()
            added = replace(webhook, after_event=newest or 0)
            connection.execute(
                insert(webhooks).values(
                    id=added.id, url=added.url, kinds=list(added.kinds), active=True,
                    secret=sealed, after_event=added.after_event, dropped=0, failure="",
                    created_at=added.created_at,
                )
            )  # fmt: skip
            self._audit(connection, principal, "create", added.id, {"url": added.url})
            return added

        return replace(await self._store.write(unit), secret=secret)

    async def change(
        self, principal: Principal, webhook_id: str, changes: Mapping[str, Any]
    ) -> Webhook:
        """Change address, kinds or activity; switched on again, it goes on with the next event."""
        principal.require(Permission.SETTINGS_MANAGE)
        values = dict(changes)
        if "url" in values:
            values["url"] = _checked(values["url"])

        def unit(connection: Connection) -> Webhook:
            before = _one(connection, webhook_id)
            if values.get("active") and not before.active:
                newest = select(func.coalesce(func.max(events.c.id), 0))
                values["after_event"] = connection.execute(newest).scalar()
            if values:
                place = webhooks.c.id == webhook_id
                connection.execute(update(webhooks).where(place).values(values))
            self._audit(connection, principal, "change", webhook_id, changes)
            return _one(connection, webhook_id)

        return await self._store.write(unit)

    async def remove(self, principal: Principal, webhook_id: str) -> None:
        """Forget a webhook and what waits for it; raises NotFound."""
        principal.require(Permission.SETTINGS_MANAGE)

        def unit(connection: Connection) -> None:
            _one(connection, webhook_id)
            connection.execute(delete(backlog).where(backlog.c.webhook_id == webhook_id))
            connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
            self._audit(connection, principal, "remove", webhook_id, {})

        await self._store.write(unit)

    async def listed(self, principal: Principal) -> list[Listed]:
        """Return all webhooks and what waits for each."""
        principal.require(Permission.SETTINGS_MANAGE)

        def read(connection: Connection) -> list[Listed]:
            newest = connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar()
            counts = select(backlog.c.webhook_id, func.count()).group_by(backlog.c.webhook_id)
            refused = {row[0]: row[1] for row in connection.execute(counts)}
            return [
                Listed(
                    webhook=webhook_of(row),
                    refused=refused.get(row.id, 0),
                    behind=max((newest or 0) - row.after_event, 0),
                )
                for row in connection.execute(select(webhooks).order_by(webhooks.c.id))
            ]

        return await self._store.read(read)

    async def active(self) -> list[str]:
        """Return the ids of the webhooks to deliver to."""
        query = select(webhooks.c.id).where(webhooks.c.active.is_(True))
        return await self._store.read(lambda connection: list(connection.execute(query).scalars()))

    def _audit(
        self,
        connection: Connection,
        principal: Principal,
        action: str,
        webhook_id: str,
        changes: Mapping[str, Any],
    ) -> None:
        now = self._clock.now()
        audit.record(
            connection, principal, action, ("webhook", webhook_id), at=now, changes=changes
        )


def webhook_of(row: Row[Any]) -> Webhook:
    """Return the webhook in a row, its secret still sealed."""
    values = dict(row._mapping)  # noqa: SLF001 - Row's public name
    return Webhook(**{**values, "kinds": tuple(values["kinds"])})


def _one(connection: Connection, webhook_id: str) -> Webhook:
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).first()
    if row is None:
        raise NotFound(f"there is no webhook {webhook_id}")
    return webhook_of(row)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or any(char.isspace() or not char.isprintable() for char in url):
        raise Invalid(
            f"{url!r} is no address for a webhook; give one as https://host/path", field="url"
        )
    return url
