"""Taking messages and reports out of a modem: read, hand over, and only then delete.

An answer carries no checksum, and what was deleted cannot be read again. So each message is read
until two readings agree before it is handed over. (27.005 §3.4, §4.1 to §4.4)
"""

from __future__ import annotations

import logging
from collections import Counter
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
_MOST_LISTING_TIMEOUTS = 3
"""After so many listings in a row without an answer a memory is read slot by slot."""
_MOST_READINGS = 4
"""After so many more readings of which no two agree, the message waits for the next look.

Noise rarely spoils two readings alike, but a digit missing from a row of equal ones does look the
same. So what has another length than announced must never change at all.
"""

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
        self._listing_timeouts: Counter[str] = Counter()
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
        undeleted = [place for place in self._undeleted if place[0] == name]
        again = await self._entries(name) if entries or undeleted else []
        here = {entry.index for entry in (*entries, *again)}
        self._memories.count(name, len(here))
        gone = [place for place in undeleted if place[1] not in here]
        await self._acknowledge([self._undeleted.pop(place) for place in gone])
        await self._take(name, [*entries, *again])

    async def _entries(self, name: str) -> list[Listed]:
        if self._listing_timeouts[name] < _MOST_LISTING_TIMEOUTS:
            try:
                lines = await self._client.command("AT+CMGL=4", timeout_s=self._slow_s)
            except AtRefused:
                self._listing_timeouts[name] = _MOST_LISTING_TIMEOUTS
            except AtTimeout:
                self._listing_timeouts[name] += 1
                raise
            else:
                self._listing_timeouts[name] = 0
                return arrivals.listed(lines)
        return await self._read_each(name)

    async def _read_each(self, name: str) -> list[Listed]:
        await self._memories.look_at(name)
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
        readings: dict[int, list[Listed]] = {}
        for entry in entries:
            if entry.incoming:
                readings.setdefault(entry.index, []).append(entry)
        batch = Batch()
        for index, seen in readings.items():
            agreed = await self._agreed(index, seen)
            if agreed is not None:
                batch.add(agreed.pdu, agreed.length, self._source(name, agreed))
        durable = await hand_over(batch, self._sink)
        if durable:
            self._undeleted |= {(name, source.index): source for source in durable}
            await self._delete(name, durable)

    async def _agreed(self, index: int, seen: list[Listed]) -> Listed | None:
        """Read an entry until two readings agree; None where it is gone, or no two do."""
        for _ in range(_MOST_READINGS):
            found = arrivals.repeated(seen)
            if found is not None:
                return found
            entry = await self._read(index)
            if entry is None or not entry.incoming:
                return None
            seen.append(entry)
        return arrivals.repeated(seen) or arrivals.unchanging(seen)

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
                batch.add(item.pdu, item.length, self._pushed_source(item))
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
