"""A whole service with simulated modems, and what both of them have on record."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.modem import journal, pdu
from simulators.modem.child import ChildModem, ModemProcess
from simulators.modem.journal import Event
from tests.service import ServiceProcess
from tests.waiting import until

CUSTOMER = "+905321112233"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A text that the service has on record as received."""

    sender: str
    text: str
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the history."""

    kind: str
    direction: str
    number: str
    text: str
    outcome: str
    party_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One short message that a modem handed to the network."""

    to: str
    text: str


class Office:
    """One service and its modems."""

    def __init__(self, service: ServiceProcess, modems: Sequence[ChildModem]) -> None:
        self.service = service
        self.modems = list(modems)

    @property
    def modem(self) -> ChildModem:
        """The only, or the first, modem."""
        return self.modems[0]

    async def send(self, text: str, to: str = CUSTOMER, **fields: Any) -> str:
        """Queue a text; returns its id once it is stored."""
        message = await self.service.post("/sms", {"to": to, "text": text, **fields})
        return str(message["id"])

    async def state(self, message_id: str) -> str:
        """What the service says of a message."""
        return str((await self.service.get(f"/sms/{message_id}"))["state"])

    async def until_state(self, message_id: str, *states: str, timeout_s: float = 40.0) -> str:
        """Wait until a message is in one of these states; returns which."""
        seen = ""

        async def reached() -> bool:
            nonlocal seen
            seen = await self.state(message_id)
            return seen in states

        try:
            await until(reached, timeout_s=timeout_s)
        except TimeoutError:
            raise TimeoutError(f"message {message_id} is {seen}, not {states}") from None
        return seen

    async def status(self, place: int = 0) -> dict[str, Any]:
        """What GET /modems says of a modem."""
        found: dict[str, Any] = (await self.service.get("/modems"))["items"][place]
        return found

    async def until_condition(self, *conditions: str, timeout_s: float = 40.0) -> dict[str, Any]:
        """Wait until the first modem is in one of these conditions; returns its status."""
        seen: dict[str, Any] = {}

        async def reached() -> bool:
            nonlocal seen
            seen = await self.status()
            return seen["condition"] in conditions

        try:
            await until(reached, timeout_s=timeout_s)
        except TimeoutError:
            raise TimeoutError(f"the modem is {seen}, not {conditions}") from None
        return seen

    # What the service has on record.

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the service's database, read beside it."""
        uri = f"file:{self.service.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=20)) as database:
            return database.execute(query, values).fetchall()

    def received(self) -> list[Arrived]:
        """Every text that came in, in its order."""
        query = "SELECT sender, text, complete FROM sms_received ORDER BY id"
        return [
            Arrived(sender=sender, text=text, complete=bool(complete))
            for sender, text, complete in self.rows(query)
        ]

    def history(self, kind: str = "sms", direction: str = "in") -> list[Line]:
        """The history's lines of a kind, in their order."""
        query = (
            "SELECT kind, direction, number, text, outcome, party_id FROM interactions "
            "WHERE kind = ? AND direction = ? ORDER BY id"
        )
        names = ("kind", "direction", "number", "text", "outcome", "party_id")
        rows = self.rows(query, kind, direction)
        return [Line(**dict(zip(names, row, strict=True))) for row in rows]

    def states(self) -> dict[str, str]:
        """The state of every message that goes out, by its text."""
        return dict(self.rows("SELECT text, state FROM sms_messages"))

    async def until_received(self, count: int, timeout_s: float = 60.0) -> None:
        """Wait until so many texts are on record."""
        query = "SELECT count(*) FROM sms_received"
        try:
            await until(lambda: self.rows(query)[0][0] >= count, timeout_s=timeout_s)
        except TimeoutError:
            raise TimeoutError(f"{len(self.received())} of {count} texts came") from None

    async def until_settled(
        self, *, unsettled: Iterable[str] = ("queued", "sending"), timeout_s: float = 60.0
    ) -> None:
        """Wait until no message is in one of these states."""
        wanted = tuple(unsettled)
        marks = ",".join("?" * len(wanted))
        query = f"SELECT text, state FROM sms_messages WHERE state IN ({marks})"
        try:
            await until(lambda: not self.rows(query, *wanted), timeout_s=timeout_s)
        except TimeoutError:
            left = self.rows(query, *wanted)
            raise TimeoutError(f"{len(left)} messages are not settled: {left[:5]}") from None

    # What the modems have on record.

    def submitted(self) -> list[Submitted]:
        """Every short message that any modem's journal says was handed to the network."""
        return [
            _submitted(entry)
            for modem in self.modems
            for entry in journal.read(modem.journal)
            if entry.event is Event.SUBMITTED
        ]

    def submissions(self) -> Counter[str]:
        """How often each text was handed to the network."""
        return Counter(one.text for one in self.submitted())

    async def until_submitted(self, count: int, timeout_s: float = 40.0) -> None:
        """Wait until the journals hold so many submissions."""
        await until(lambda: len(self.submitted()) >= count, timeout_s=timeout_s)

    async def until_empty(self, timeout_s: float = 40.0) -> None:
        """Wait until no modem's memory holds anything and the network holds nothing back."""

        def empty() -> bool:
            return all(
                not modem.get("stored") and not modem.get("state")["held"] for modem in self.modems
            )

        try:
            await until(empty, timeout_s=timeout_s)
        except TimeoutError:
            left = [(modem.get("stored"), modem.get("state")["held"]) for modem in self.modems]
            raise TimeoutError(f"memories are not empty: {left}") from None

    async def until_modem(
        self, path: str, satisfied: Callable[[Any], bool], timeout_s: float = 20.0
    ) -> None:
        """Wait until the first modem's control shows something."""
        await until(lambda: satisfied(self.modem.get(path)), timeout_s=timeout_s)

    def log(self) -> str:
        """What the service wrote to standard error so far."""
        return self.service.log.read_text(encoding="utf-8", errors="replace")


@asynccontextmanager
async def open_office(
    folder: Path,
    *modem_arguments: str,
    count: int = 1,
    configuration: str = "",
    pin: str = "",
    ready: bool = True,
) -> AsyncIterator[Office]:
    """Start modems and a service that uses them; both end with the context."""
    arguments = ["--link", str(folder / "tty"), "--journal", str(folder / "journal")]
    with ModemProcess([*arguments, *modem_arguments], count) as process:
        service = ServiceProcess(folder, process.modems, configuration=configuration, pin=pin)
        async with service:
            if ready:
                await service.until_ready(count)
            yield Office(service, process.modems)


def doubled(texts: Iterable[str]) -> dict[str, int]:
    """What is there more than once, and how often."""
    return {text: times for text, times in Counter(texts).items() if times > 1}


async def pause(seconds: float) -> None:
    """Let a stimulus fall at a random moment: the length is the experiment, not a wait."""
    await asyncio.sleep(seconds)


def _submitted(entry: journal.Entry) -> Submitted:
    raw = bytes.fromhex(entry.fields["pdu"])
    decoded = pdu.decode_originated(raw)
    assert isinstance(decoded, pdu.Submit)
    return Submitted(to=entry.fields["to"], text=decoded.body.text())
