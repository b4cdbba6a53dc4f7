"""The do-not-contact list, and the statements that other features' units run on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Row,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
)

from gateway.consent.model import Block, Channel, Source
from gateway.kernel.store.schema import Id, UtcDateTime, metadata

blocks = Table(
    "do_not_contact",
    metadata,
    Column("number", Text, primary_key=True),
    Column("channel", String(8), primary_key=True),
    Column("source", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("user_id", Id),
    Column("at", UtcDateTime, nullable=False),
)

_FIND = (
    select(blocks)
    .where(
        blocks.c.number == bindparam("of_number"),
        blocks.c.channel.in_((bindparam("of_channel"), Channel.ALL.value)),
    )
    .limit(1)
)
_ONE = (blocks.c.number == bindparam("of_number")) & (blocks.c.channel == bindparam("of_channel"))


def blocking(connection: Connection, number: str, channel: Channel) -> Block | None:
    """Return what forbids to contact a number on a channel."""
    row = connection.execute(_FIND, {"of_number": number, "of_channel": channel.value}).first()
    return block_of(row) if row else None


def add(connection: Connection, block: Block) -> bool:
    """Keep a block; False when the same number was blocked on the same channel before."""
    place = {"of_number": block.number, "of_channel": block.channel.value}
    if connection.execute(select(blocks.c.number).where(_ONE), place).first():
        return False
    connection.execute(
        insert(blocks),
        {
            "number": block.number,
            "channel": block.channel.value,
            "source": block.source.value,
            "reason": block.reason,
            "user_id": block.user_id,
            "at": block.at,
        },
    )
    return True


def remove(connection: Connection, number: str, channel: Channel) -> bool:
    """Drop a block; tell whether there was one."""
    place = {"of_number": number, "of_channel": channel.value}
    return connection.execute(delete(blocks).where(_ONE), place).rowcount > 0


def withdraw(connection: Connection, number: str, channel: Channel, source: Source) -> bool:
    """Drop a block that a certain source made; tell whether there was one."""
    place = {"of_number": number, "of_channel": channel.value}
    mine = blocks.c.source == source.value
    return connection.execute(delete(blocks).where(_ONE, mine), place).rowcount > 0


def block_of(row: Row[Any]) -> Block:
    """Return the block in a row."""
    return Block(
        number=row.number,
        channel=Channel(row.channel),
        source=Source(row.source),
        reason=row.reason,
        at=row.at,
        user_id=row.user_id,
    )
