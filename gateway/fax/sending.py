"""Takes documents to be faxed: shows, checks, queues, takes back, sends again, settles."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.fax import accepting, ledger
from gateway.fax.accepting import Key
from gateway.fax.composing import Addressee, Composer
from gateway.fax.drafting import Batch, Recipient, SendFax, begins, check, drafted
from gateway.fax.model import Document, Fax
from gateway.fax.policy import policy_of
from gateway.fax.port import SourceDocument
from gateway.fax.reasons import FaxReason
from gateway.fax.recipients import Recipients
from gateway.fax.rights import may_see
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, GatewayError, Invalid, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.store import Store
from gateway.people import audit
from gateway.sending.states import SendState
from gateway.web.principal import Permission, Principal


class Settlement(StrEnum):
    """What a person says became of an uncertain fax."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    SEND_AGAIN = "send_again"


_SETTLED_AS = {
    Settlement.SENT: SendState.DELIVERED,
    Settlement.NOT_SENT: SendState.FAILED,
    Settlement.SEND_AGAIN: SendState.QUEUED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What holds for everything that is faxed from here."""

    zone: ZoneInfo
    header: str
    """What stands on top of every page, before date and page number."""
    servers: Callable[[], Collection[str]]
    """Ids of the servers that there are."""


class FaxSending:
    """The fax feature towards people and programs that want something faxed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        composer: Composer,
        recipients: Recipients,
        office: Office,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._composer = composer
        self._recipients = recipients
        self._office = office
        self._wake = wake

    async def preview(self, principal: Principal, request: SendFax) -> Document:
        """Make the pages that the first recipient would get, to be looked at and then sent."""
        principal.require(Permission.FAX_SEND)
        to = await self._recipients.of(principal, request)
        addressee = to[0].addressee if to else _addressee(request)
        with self._composer.workshop() as workshop:
            body = await self._composer.body(request.files, request.resolution, workshop)
            return await self._composer.complete(
                principal, body, request.resolution, workshop, cover=request.cover, to=addressee
            )

    async def send(
        self, principal: Principal, request: SendFax, *, idempotency_key: str = ""
    ) -> list[Fax | GatewayError]:
        """Queue a fax to each recipient; once this returns they are on disk.

        What a single recipient's fax is refused for is raised; of several each has its own result.
        The same key again returns what the first request made.
        """
        principal.require(Permission.FAX_SEND)
        now = self._clock.now()
        check(request, now)
        key = await _key(principal, request, idempotency_key)
        if key is not None:
            earlier = await self._store.read(lambda c: accepting.repeated(c, key))
            if earlier is not None:
                return list(earlier)
        policy = await self._store.read(policy_of)
        begins_at = begins(request, policy, now, self._office.zone)
        self._require_server(request.server_id)
        recipients = await self._recipients.of(principal, request)
        pages = await self._pages(principal, request, recipients)
        batch = self._batch(principal, begins_at, now)
        drafts = [drafted(request, one, pages[one.number], batch) for one in recipients]
        return await self._accept(drafts, request.server_id, key)

    async def cancel(self, principal: Principal, fax_id: str) -> Fax:
        """Take a fax back, also while it is sent; raises NotFound, or Conflict when it is over."""
        principal.require(Permission.FAX_SEND)
        now = self._clock.now()

        def unit(connection: Connection) -> Fax:
            fax = _visible(connection, principal, fax_id)
            if fax.state.open:
                words = f"taken back by {principal.name}"
                ledger.set_fax(connection, fax, SendState.CANCELLED, now, error_text=words)
            elif fax.state in {SendState.SENDING, SendState.UNCERTAIN}:
                ledger.set_fax(connection, fax, fax.state, now, cancelling=True)
            else:
                raise Conflict(f"fax {fax_id} is {fax.state}; only one that is not over can be "
                               "taken back")  # fmt: skip
            return _visible(connection, principal, fax_id)

        fax = await self._store.write(unit)
        self._wake()
        return fax

    async def again(self, principal: Principal, fax_id: str, to: str = "") -> Fax:
        """Send the pages of a fax again: to the same number, or to another one (forwarding)."""
        principal.require(Permission.FAX_SEND)
        fax, document = await self._store.read(lambda c: _with_pages(c, principal, fax_id))
        recipient = Recipient(
            number=fax.recipient, name=fax.recipient_name, company=fax.recipient_company,
            party_id=fax.party_id, person_id=fax.person_id,
        )  # fmt: skip
        if to:
            recipient = await self._recipients.behind(to)
        return await self._send_on(principal, recipient, document, fax.subject, fax.id)

    async def pass_on(
        self, principal: Principal, document: SourceDocument, to: str, origin_id: str
    ) -> Fax:
        """Send the pages of a fax that came in to a number."""
        principal.require(Permission.FAX_SEND)
        request = SendFax(to=(to,), files=(document,))
        recipient = await self._recipients.behind(to)
        pages = await self._pages(principal, request, [recipient])
        return await self._send_on(principal, recipient, pages[recipient.number], "", origin_id)

    async def settle(self, principal: Principal, fax_id: str, settlement: Settlement) -> Fax:
        """Say what became of an uncertain fax; raises Conflict when it is not uncertain."""
        principal.require(Permission.FAX_SEND)
        now = self._clock.now()

        def unit(connection: Connection) -> Fax:
            fax = _visible(connection, principal, fax_id)
            if fax.state is not SendState.UNCERTAIN:
                raise Conflict(f"fax {fax_id} is {fax.state}, not uncertain")
            changes: dict[str, object] = {"error_text": f"{principal.name} says: {settlement}"}
            if settlement is Settlement.SEND_AGAIN:
                changes |= {"not_before": now, "attempts": 0, "expires_at": None,
                            "cancelling": False}  # fmt: skip
            elif settlement is Settlement.SENT:
                changes["reason"] = FaxReason.SENT.value
            ledger.set_fax(connection, fax, _SETTLED_AS[settlement], now, **changes)
            audit.record(connection, principal, "settle", ("fax", fax_id), at=now,
                         changes={"as": settlement})  # fmt: skip
            return _visible(connection, principal, fax_id)

        fax = await self._store.write(unit)
        self._wake()
        return fax

    async def _send_on(
        self,
        principal: Principal,
        recipient: Recipient,
        document: Document,
        subject: str,
        origin_id: str,
    ) -> Fax:
        now = self._clock.now()
        request = SendFax(subject=subject)
        draft = drafted(request, recipient, document, self._batch(principal, now, now))
        [sent] = await self._accept([replace(draft, origin_id=origin_id)], "", None)
        assert isinstance(sent, Fax)
        return sent

    async def _accept(
        self, drafts: list[Fax], server_id: str, key: Key | None
    ) -> list[Fax | GatewayError]:
        now = self._clock.now()
        results = await self._store.write(
            lambda c: accepting.accept(c, drafts, server_id, key, now, self._office.zone)
        )
        self._wake()
        if len(results) == 1 and isinstance(results[0], GatewayError):
            raise results[0]
        return results

    async def _pages(
        self, principal: Principal, request: SendFax, recipients: list[Recipient]
    ) -> dict[str, Document]:
        """Return the pages for each number: the same ones, unless each has his own cover page."""
        numbers = [one.number for one in recipients]
        if request.document_id:
            if request.files or request.cover:
                raise Invalid("give either pages that you have seen, or files and a cover page",
                              field="document")  # fmt: skip
            seen = await self._composer.document(principal, request.document_id)
            return dict.fromkeys(numbers, seen)
        with self._composer.workshop() as workshop:
            body = await self._composer.body(request.files, request.resolution, workshop)
            if request.cover is None:
                made = await self._composer.complete(principal, body, request.resolution, workshop)
                return dict.fromkeys(numbers, made)
            return {
                one.number: await self._composer.complete(
                    principal, body, request.resolution, workshop, cover=request.cover,
                    to=one.addressee,
                )
                for one in recipients
            }  # fmt: skip

    def _batch(self, principal: Principal, begins_at: datetime, now: datetime) -> Batch:
        return Batch(
            id=new_id(), user_id=principal.user_id, header=self._office.header,
            begins_at=begins_at, now=now,
        )  # fmt: skip

    def _require_server(self, server_id: str) -> None:
        if server_id and server_id not in self._office.servers():
            raise Invalid(
                f"there is no fax server {server_id!r}; `santral fax servers` shows all",
                field="server",
            )


def _addressee(request: SendFax) -> Addressee:
    return Addressee(name=request.recipient_name, company=request.recipient_company)


async def _key(principal: Principal, request: SendFax, key: str) -> Key | None:
    if not key:
        return None
    digests = [await asyncio.to_thread(_digest, one.file) for one in request.files]
    values = {name: getattr(request, name) for name in SendFax.__dataclass_fields__}
    values["files"] = [[one.name, digest] for one, digest in zip(request.files, digests,
                                                                 strict=True)]  # fmt: skip
    told = json.dumps(values, sort_keys=True, default=str).encode()
    owner = principal.user_id or principal.name
    return Key(owner=owner, key=key, fingerprint=hashlib.sha256(told).hexdigest())


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _visible(connection: Connection, principal: Principal, fax_id: str) -> Fax:
    fax = ledger.find(connection, fax_id)
    if fax is None or not may_see(connection, principal, fax):
        raise NotFound(f"there is no fax {fax_id}")
    return fax


def _with_pages(connection: Connection, principal: Principal, fax_id: str) -> tuple[Fax, Document]:
    fax = _visible(connection, principal, fax_id)
    document = ledger.find_document(connection, fax.document_id)
    assert document is not None
    return fax, document
