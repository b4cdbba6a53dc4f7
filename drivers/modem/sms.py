"""Taking messages and reports out of a modem: read, hand over, and only then delete.

(27.005 §3.4, §4.1 to §4.4)
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from drivers.modem import arrivals
from drivers.modem.arrivals import Arrivals, Listed, Pushed
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtError, AtRefused, AtTimeout
from drivers.modem.handover import Batch, hand_over, source_of, succeeds
from drivers.modem.network import optional
from drivers.modem.startup import Session
from gateway.sms.port import ModemSink, Slot, Source

logger = logging.getLogger(__name__)

_PUSHED_AT_ONCE = 50
_GUESSED_SLOTS = 50
"""How many slots a memory has whose size the modem does not tell."""
_MOST_SLOTS = 1000

Breathe = Callable[[], Awaitable[None]]
"""Called between commands, so that messages to be sent get their turn."""


class Receiver:
    """Empties the memories of one modem that is up."""

    def __init__(
        self,
        modem_id: str,
        client: AtClient,
        session: Session,
        arrivals_: Arrivals,
        sink: ModemSink,
        *,
        slow_s: float,
        breathe: Breathe,
    ) -> None:
        self._modem_id = modem_id
        self._client = client
        self._session = session
        self._memories = session.memories
        self._arrivals = arrivals_
        self._sink = sink
        self._slow_s = slow_s
        self._breathe = breathe
        self._without_listing: set[str] = set()
        self._undeleted: dict[tuple[str, int], Source] = {}

    async def turn(self) -> None:
        """Take what waits: pushed messages, single ones, then one whole memory; raises AtError."""
        await self._take_pushed()
        swept = self._memories.swept
        single = self._arrivals.next_single(swept)
        while single is not None:
            name, index = single
            await self._memories.read_from(name)
            entry = await self._read(index)
            if entry is not None:
                await self._take(name, [entry])
            await self._breathe()
            single = self._arrivals.next_single(swept)
        name_to_sweep = self._arrivals.next_sweep(swept)
        if name_to_sweep is not None:
            await self._sweep(name_to_sweep)

    async def _sweep(self, name: str) -> None:
        if name not in self._memories.swept:
            self._arrivals.look_everywhere()
            return
        try:
            await self._memories.read_from(name)
        except AtRefused as error:
            logger.debug("modem %s: memory %s: %s", self._modem_id, name, error)
            return
        entries = await self._entries(name)
        self._memories.count(name, len(entries))
        here = {entry.index for entry in entries}
        gone = [place for place in self._undeleted if place[0] == name and place[1] not in here]
        await self._acknowledge([self._undeleted.pop(place) for place in gone])
        await self._take(name, entries)

    async def _entries(self, name: str) -> list[Listed]:
        if name not in self._without_listing:
            try:
                lines = await self._client.command("AT+CMGL=4", timeout_s=self._slow_s)
            except AtRefused:
                self._without_listing.add(name)
            except AtTimeout:
                self._without_listing.add(name)
                raise
            else:
                return arrivals.listed(lines)
        return await self._read_each(name)

    async def _read_each(self, name: str) -> list[Listed]:
        used, total = self._memories.usage.get(name, (_GUESSED_SLOTS, _GUESSED_SLOTS))
        found: list[Listed] = []
        for index in range(min(total, _MOST_SLOTS) + 1):
            if len(found) >= used:
                break
            entry = await self._read(index)
            if entry is not None:
                found.append(entry)
            await self._breathe()
            await self._memories.read_from(name)
        return found

    async def _read(self, index: int) -> Listed | None:
        lines = await optional(self._client, f"AT+CMGR={index}", timeout_s=self._slow_s)
        return arrivals.read(lines, index) if lines else None

    async def _take(self, name: str, entries: list[Listed]) -> None:
        batch = Batch()
        seen: set[int] = set()
        for entry in entries:
            if not entry.incoming or entry.index in seen:
                continue
            seen.add(entry.index)
            source = self._source(name, entry)
            if not (entry.whole and batch.add(entry.pdu, entry.length, source)):
                await self._take_doubtful(name, entry, batch)
        durable = await hand_over(batch, self._sink)
        if durable:
            self._undeleted |= {(name, source.index): source for source in durable}
            await self._delete(name, durable)

    async def _take_doubtful(self, name: str, entry: Listed, batch: Batch) -> None:
        """Read an entry again, for the line may have harmed it; give up what stays the same."""
        again = await self._read(entry.index)
        if again is None or not again.incoming:
            return
        source, same = self._source(name, again), again.pdu == entry.pdu
        if (again.whole or same) and batch.add(again.pdu, again.length, source):
            return
        if same:
            batch.keep_raw(again.pdu, again.length, source)

    async def _delete(self, name: str, sources: list[Source]) -> None:
        gone: list[Source] = []
        try:
            for source in sources:
                await self._memories.read_from(name)
                if await self._deleted(source):
                    self._undeleted.pop((name, source.index), None)
                    self._memories.freed(name)
                    gone.append(source)
                await self._breathe()
        except AtError:
            await self._acknowledge(gone)
            raise
        await self._acknowledge(gone)

    async def _deleted(self, source: Source) -> bool:
        try:
            await self._client.command(f"AT+CMGD={source.index}", timeout_s=self._slow_s)
        except AtRefused as error:
            logger.warning("modem %s keeps a message in its memory: %s", self._modem_id, error)
            return False
        return True

    async def _acknowledge(self, sources: list[Source]) -> None:
        if sources:
            await succeeds(self._sink.acknowledged(sources), "freed places")

    async def _take_pushed(self) -> None:
        waiting = self._arrivals.pushed
        while waiting:
            taken = [waiting[place] for place in range(min(len(waiting), _PUSHED_AT_ONCE))]
            batch = Batch()
            for item in taken:
                source = self._pushed_source(item)
                if not batch.add(item.pdu, item.length, source):
                    batch.keep_raw(item.pdu, item.length, source)
            durable = await hand_over(batch, self._sink)
            if len(durable) < len(batch.sources):  # all of them once more: each counts once
                return
            for _ in taken:
                waiting.popleft()
                if self._session.acknowledges:
                    await optional(self._client, "AT+CNMA")
            await self._acknowledge(durable)

    def _source(self, name: str, entry: Listed) -> Source:
        return source_of(
            entry.pdu,
            modem_id=self._modem_id,
            store=self._session.store_of(name, self._modem_id),
            slot=Slot.STORED,
            index=entry.index,
        )

    def _pushed_source(self, item: Pushed) -> Source:
        store = self._session.store_of("SM", self._modem_id)
        return source_of(item.pdu, modem_id=self._modem_id, store=store, slot=Slot.DIRECT)
