"""Who a fax goes to: numbers as people write them, and customers by their fax numbers."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from gateway.fax.drafting import Recipient, SendFax, fax_number_of, number_of, once_each
from gateway.kernel.numbers import NumberingPlan
from gateway.kernel.store import Store
from gateway.parties.book import PartyBook
from gateway.parties.lookup import by_number
from gateway.parties.tables import contact_persons, parties
from gateway.web.principal import Principal


class Recipients:
    """Finds out who is meant."""

    def __init__(self, store: Store, plan: NumberingPlan, book: PartyBook) -> None:
        self._store = store
        self._plan = plan
        self._book = book

    async def of(self, principal: Principal, request: SendFax) -> list[Recipient]:
        """Return to whom a request goes, each once; raises Invalid, NotFound."""
        named = [self._called(request, await self.behind(to)) for to in request.to]
        customers = [
            fax_number_of(await self._book.show(principal, party_id))
            for party_id in request.parties
        ]
        return once_each([*named, *customers])

    async def behind(self, to: str) -> Recipient:
        """Return what is known of a number that somebody wrote; raises Invalid."""
        number = number_of(self._plan, to)
        return await self._store.read(lambda connection: _known(connection, number))

    def _called(self, request: SendFax, known: Recipient) -> Recipient:
        """Let the sender's own words for a recipient stand before the directory's."""
        if not (request.recipient_name or request.recipient_company):
            return known
        return replace(known, name=request.recipient_name, company=request.recipient_company)


def _known(connection: Connection, number: str) -> Recipient:
    """Return what the directory says of a number."""
    owner = by_number(connection, number)
    if owner is None:
        return Recipient(number=number)
    company = select(parties.c.name).where(parties.c.id == owner.party_id)
    person = select(contact_persons.c.name).where(contact_persons.c.id == owner.person_id)
    return Recipient(
        number=number,
        name=connection.execute(person).scalar() or "" if owner.person_id else "",
        company=connection.execute(company).scalar() or "",
        party_id=owner.party_id,
        person_id=owner.person_id,
    )
