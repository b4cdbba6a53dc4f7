"""Tables of the directory."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from gateway.kernel.store.schema import Id, UtcDateTime, metadata

Key = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared byte by byte on both engines, so that its ranges mean prefixes."""

parties = Table(
    "parties",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_folded", Key, nullable=False),
    Column("code", Key, unique=True),
    Column("tax_number", Key, index=True),
    Column("responsible_id", Id, ForeignKey("users.id"), index=True),
    Column("email", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_parties_name_folded", "name_folded", "id"),
)

contact_persons = Table(
    "contact_persons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("party_id", Id, ForeignKey("parties.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Key, nullable=False),
    Column("position", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("place", Integer, nullable=False),
)

phone_numbers = Table(
    "phone_numbers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("party_id", Id, ForeignKey("parties.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("contact_persons.id"), index=True),
    Column("kind", String(16), nullable=False),
    Column("number", Key, nullable=False, index=True),
    Column("reversed", Key, nullable=False, index=True),
    Column("written", Text, nullable=False),
    Column("place", Integer, nullable=False),
)
"""`number` is the E.164 key, `reversed` its digits from the end, so that a suffix is a range;
`place` keeps the order in which somebody put them."""

party_words = Table(
    "party_words",
    metadata,
    Column("word", Key, primary_key=True),
    Column("party_id", Id, ForeignKey("parties.id"), primary_key=True, index=True),
)
"""The folded words of a party's name and its contact persons' names."""


def reversed_digits(text: str) -> str:
    """Return the digits of a number from its end."""
    return "".join(char for char in reversed(text) if char.isdecimal())


def prefix_range(prefix: str) -> tuple[str, str]:
    """Return bounds (from, below) that hold exactly the keys with a prefix."""
    return prefix, f"{prefix}\U0010ffff"
