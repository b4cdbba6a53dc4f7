"""One connection with Asterisk's manager interface: panoramisk's protocol behind guards.

panoramisk's `AMIProtocol` and `Action` carry actions and their answers; its `Manager` is not used.
The guards: bytes are cut into bounded messages before they are decoded; no value can end its line;
a listener that raises harms nobody; nothing is kept to be sent again; an action that is not
answered is uncertain; a telephone system that does not answer a ping is frozen, and the connection
is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message as Answer

from drivers.asterisk.messages import MAX_MESSAGE, Message, Reader, encode, event_name, parse
from gateway.calls.port import PbxSettings
from gateway.kernel.errors import Permanent, Temporary, Uncertain

logger = logging.getLogger(__name__)

CONNECT_S = 5.0
ANSWER_S = 5.0
PING_EACH_S = 3.0
PONG_S = 4.0
MAX_LISTED = 20_000
"""Entries of one list that are kept."""
_ID = "santral-"
_OURS = f"\r\nActionID: {_ID}".encode()
"""Begins a header of its own: a caller's name may hold the same words."""
Fields = Mapping[str, str | Sequence[str]]
Listener = Callable[[bytes], None]
"""Is given each event, raw, at once; must not block."""


class Frozen(Temporary):
    """Connected, and does not answer."""


class Refused(Permanent):
    """Name, secret, address or rights are not accepted."""


class _Wire(AMIProtocol):  # type: ignore[misc]
    """Bytes of one connection; whatever panoramisk would do for its Manager, the link does."""

    def __init__(self, link: AmiLink) -> None:
        self._link = link
        self._reader = Reader()

    def data_received(self, data: bytes) -> None:
        dropped = self._reader.dropped
        for raw in self._reader.feed(data):
            self._link.take(raw)
        self.version = self._reader.version
        if self._reader.dropped > dropped:
            level = logging.DEBUG if dropped else logging.WARNING
            text = "%s sends a message of over %d bytes, which is left out; is it an Asterisk?"
            logger.log(level, text, self._link.where, MAX_MESSAGE)

    def send(self, data: Action, as_list: bool | None = None) -> asyncio.Future[Any]:
        fields = {key: value for key, value in data.items() if key != "Action"}
        raw = encode(data["Action"], fields)
        data.as_list = as_list
        self.responses[data.id] = data
        self.transport.write(raw)
        future: asyncio.Future[Any] = data.future
        return future

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._link.lost(exc)

    def close(self) -> None:
        self.transport.abort()


class AmiLink:
    """A logged-in connection. When it is lost, it stays lost: make a new one."""

    def __init__(self, listener: Listener, where: str = "") -> None:
        self._listener = listener
        self.where = where
        self._wire = _Wire(self)
        self._ids = itertools.count(1)
        self._gone: asyncio.Future[Temporary] = asyncio.get_running_loop().create_future()
        self._pinging: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        """Return AMI's version."""
        return self._wire.version or ""

    @classmethod
    async def open(cls, settings: PbxSettings, listener: Listener) -> AmiLink:
        """Connect and log in. Raises Temporary (out of reach, frozen) or Refused."""
        where = f"{settings.host}:{settings.port}"
        link = cls(listener, where)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(
                    lambda: link._wire, settings.host, settings.port, ssl=tls_context(settings)
                )
        except TimeoutError as error:
            raise Temporary(f"{where} does not answer", code="timeout") from error
        except ssl.SSLError as error:
            raise Refused(f"{where}: TLS fails ({error.reason or error})", code="tls") from error
        except OSError as error:
            raise Temporary(f"{where}: {error.strerror or error}", code="unreachable") from error
        try:
            await link.ask("Login", {"Username": settings.user, "Secret": settings.secret})
        except Permanent as error:
            link.close()
            raise Refused(f"{where} refuses user {settings.user}: {error}") from error
        except Uncertain as error:
            link.close()
            raise Frozen(f"{where} takes connections and does not answer") from error
        except BaseException:
            link.close()
            raise
        link._pinging = asyncio.create_task(link._ping(), name=f"ami ping {settings.id}")
        return link

    async def ask(
        self, action: str, fields: Fields | None = None, *, answer_s: float = ANSWER_S
    ) -> Answer:
        """Send an action; return its answer.

        Raises Invalid (a value with a line break), Temporary (not sent), Permanent (Asterisk
        refused it), Uncertain (sent, and no answer came).
        """
        return (await self._exchange(action, fields or {}, answer_s, as_list=False))[0]

    async def listing(
        self, action: str, fields: Fields | None = None, *, answer_s: float = 2 * ANSWER_S
    ) -> list[Message]:
        """Send an action that answers with a list of events; return these."""
        answers = await self._exchange(action, fields or {}, answer_s, as_list=True)
        return [_headers(one) for one in answers[1:-1]]

    async def originate(self, fields: Fields, *, answer_s: float) -> Message:
        """Originate and wait for OriginateResponse, which tells of the first leg only."""
        answers = await self._exchange(
            "Originate", {**fields, "Async": "true"}, answer_s, as_list=True
        )
        return _headers(answers[-1])

    async def wait_lost(self) -> Temporary:
        """Return why the connection ended, when it has."""
        return await asyncio.shield(self._gone)

    @property
    def why_lost(self) -> Temporary | None:
        """Return why the connection ended; None while it holds."""
        return self._gone.result() if self._gone.done() else None

    def close(self) -> None:
        """Give the connection up."""
        if self._pinging is not None:
            self._pinging.cancel()
        if self._wire.transport is not None:
            self._wire.close()

    def take(self, raw: bytes) -> None:
        """Take one message off the wire; entries of lists that were asked for are no news."""
        name = event_name(raw)
        if name and (_OURS not in raw or name == b"OriginateResponse"):
            try:
                self._listener(raw)
            except Exception:
                logger.exception("what Asterisk told could not be taken in: %.200r", raw)
        if b"ActionID: " in raw:
            self._answer(parse(raw))

    def lost(self, error: Exception | None) -> None:
        """Settle what waits: whatever was sent may have been done."""
        why = Temporary(f"the connection with Asterisk is lost ({error or 'closed by it'})")
        if not self._gone.done():
            self._gone.set_result(why)
        if self._pinging is not None:
            self._pinging.cancel()
        for action in list(self._wire.responses.values()):
            if not action.future.done():
                action.future.set_exception(Uncertain(f"{action['Action']}: {why}"))
        self._wire.responses.clear()

    def _answer(self, message: Message) -> None:
        action = self._wire.responses.get(message.get("ActionID"))
        if action is None or len(action.responses) > MAX_LISTED:
            return
        answer = Answer(dict(message))
        if not action.responses and "Response" in answer and not answer.success:
            action.future.set_result([answer])  # a list that is refused has no end of its own
        elif not action.future.done():
            action.add_message(answer)

    async def _exchange(
        self, name: str, fields: Fields, answer_s: float, *, as_list: bool
    ) -> list[Answer]:
        if self._gone.done():
            raise Temporary(f"{name}: not sent, Asterisk is not connected")
        action = Action({"Action": name, **fields, "ActionID": f"{_ID}{next(self._ids)}"})
        future = self._wire.send(action, as_list=as_list)
        try:
            async with asyncio.timeout(answer_s):
                found = await future
        except TimeoutError as error:
            raise Uncertain(f"{name}: Asterisk did not answer in {answer_s:g} s") from error
        finally:
            self._wire.responses.pop(action.id, None)
        answers: list[Answer] = found if isinstance(found, list) else [found]
        first = answers[0]
        if "Event" not in first and not first.success:
            raise Permanent(first.message or f"{name} failed", code="refused")
        return answers

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_EACH_S)
            try:
                await self.ask("Ping", answer_s=PONG_S)
            except Uncertain:
                if not self._gone.done():
                    self._gone.set_result(Frozen(f"Asterisk has not answered for {PONG_S:g} s"))
                self._wire.close()
                return
            except (Permanent, Temporary):
                continue


def _headers(answer: Answer) -> Message:
    return {key: value for key, value in answer.items() if isinstance(value, str)}


def tls_context(settings: PbxSettings) -> ssl.SSLContext | None:
    """Return how the connection is secured, None for plain; raises Refused."""
    if not settings.tls:
        return None
    with contextlib.suppress(OSError):
        return ssl.create_default_context(cafile=settings.tls_ca or None)
    raise Refused(f"{settings.tls_ca}: cannot be read as a certificate", code="tls")
