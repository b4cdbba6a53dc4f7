"""Answers a dialplan that asks who calls: panoramisk's FastAGI behind guards.

panoramisk's `Application` speaks with Asterisk; it would wait for ever, spin when the other end
closes, collect without bound, and take an unreadable byte, a wrong answer or a cancelled task for
its own business. The guards: who asks is known and counted; the head is collected, bounded and
cleaned before panoramisk sees it; lines are bounded and are answers; everything has its time; a
value cannot end its line. Whatever goes wrong, the connection is closed and the dialplan goes on.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
from typing import Any

from panoramisk.fast_agi import Application, Request

from drivers.asterisk import agi_codec
from gateway.calls.routing_port import AgiSettings, CallerAdvice, CallerAdviser, CallerQuestion
from gateway.kernel.errors import GatewayError, Invalid, Temporary

logger = logging.getLogger(__name__)

ADVICE_S = 0.3
"""How long an answer may take; the dialplan waits for 0.8 s in all."""
SESSION_S = 1.0
"""How long one connection may last."""
MAX_ASKING = 64
"""Connections at once; one more is hung up on."""
MAX_LINE = 1024
_MAX_ANSWERS = 20
_CHUNK = 4096
_ANSWER = re.compile(rb"[12]00 [^\n]*\n")
"""Done, or wait; a command is refused with 510, 511 or 520, and there is no other way to ask."""


class _Over(Exception):
    """The other end hung up, or does not speak AGI."""


class _Wire:
    """What panoramisk reads from: one whole clean head, then answers, and never its own end."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._head = b""
        self._answers = 0

    async def collect(self) -> CallerQuestion:
        """Wait for the head; return what it asks. Raises _Over or Invalid."""
        head = agi_codec.Head()
        whole = None
        while whole is None:
            data = await self._reader.read(_CHUNK)
            if not data:
                raise _Over
            whole = head.feed(data)
        headers = agi_codec.read(whole)
        self._head = "".join(f"{name}: {value}\n" for name, value in headers.items()).encode()
        return agi_codec.question(headers)

    async def read(self, _size: int) -> bytes:
        """Return the head, whole."""
        return self._head + b"\n"

    async def readline(self) -> bytes:
        """Return that a command is done, or takes longer; raises _Over for anything else."""
        try:
            line = await self._reader.readline()
        except ValueError as error:  # longer than the stream's limit
            raise _Over from error
        self._answers += 1
        if not _ANSWER.fullmatch(line) or self._answers > _MAX_ANSWERS:
            raise _Over
        return line.decode("utf-8", "replace").encode()


class AgiServer:
    """Listens for one telephone system's dialplan."""

    def __init__(self, settings: AgiSettings, adviser: CallerAdviser) -> None:
        self.settings = settings
        self.port = settings.port
        self.listening = asyncio.Event()
        self._adviser = adviser
        self._asking: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._warned: set[str] = set()

    async def run(self) -> None:
        """Answer until cancelled; raises Temporary when the port cannot be had."""
        bind, port = self.settings.bind, self.settings.port
        try:
            server = await asyncio.start_server(self._connected, bind, port, limit=MAX_LINE)
        except OSError as error:
            message = f"{bind}:{port} (agi_bind, agi_port of {self.settings.pbx}): {error.strerror}"
            raise Temporary(message, code="unreachable") from error
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        try:
            await server.serve_forever()
        finally:
            self.listening.clear()
            server.close()
            for writer in self._asking.values():
                writer.transport.abort()
            await asyncio.gather(*self._asking, return_exceptions=True)

    @property
    def asking(self) -> int:
        """Return how many connections there are."""
        return len(self._asking)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _address(writer)
        if peer not in self.settings.peers:
            self._warn("peer", f"{peer} may not ask; agi_peers names who may")
            writer.transport.abort()
        elif len(self._asking) >= MAX_ASKING:
            self._warn("many", f"{MAX_ASKING} calls ask at once; others go on without an answer")
            writer.transport.abort()
        else:
            task = asyncio.create_task(self._serve(reader, writer), name=f"who calls, {peer}")
            self._asking[task] = writer
            task.add_done_callback(self._asking.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends_at = asyncio.get_running_loop().time() + SESSION_S
        wire = _Wire(reader)
        try:
            async with asyncio.timeout_at(ends_at):
                asked = await wire.collect()
            await self._application(asked, ends_at).handler(wire, writer)
        except (_Over, OSError, TimeoutError):
            logger.debug("a dialplan of %s hung up, or asked too slowly", self.settings.pbx)
        except Invalid as error:
            self._warn("question", f"a question is not understood: {error}")
        finally:
            writer.close()

    def _application(self, asked: CallerQuestion, ends_at: float) -> Any:
        """Return panoramisk's part; it must see no error, for it would take it for a fault."""

        async def answer(request: Request) -> None:
            try:
                async with asyncio.timeout_at(ends_at):
                    await _tell(request, await self._advice(asked))
            except (_Over, OSError, TimeoutError):
                logger.debug("a dialplan of %s does not take its answer", self.settings.pbx)

        application = Application(loop=asyncio.get_running_loop())
        application.add_route(agi_codec.SCRIPT, answer)
        return application

    async def _advice(self, asked: CallerQuestion) -> CallerAdvice:
        try:
            async with asyncio.timeout(ADVICE_S):
                return await self._adviser.advise(asked)
        except TimeoutError:
            self._warn("late", f"who calls was not known within {ADVICE_S:g} s; the call goes on")
        except GatewayError as error:
            self._warn("store", f"who calls cannot be told: {error}")
        return CallerAdvice(why="not known in time")

    def _warn(self, kind: str, text: str) -> None:
        """Log as a warning once, then quietly: a fault here comes with every call."""
        level = logging.DEBUG if kind in self._warned else logging.WARNING
        self._warned.add(kind)
        logger.log(level, "%s: %s", self.settings.pbx, text)


async def _tell(request: Request, advice: CallerAdvice) -> None:
    for command in agi_codec.commands(advice):
        if (await request.send_command(command)).get("status_code") != 200:
            raise _Over


def _address(writer: asyncio.StreamWriter) -> str:
    """Return who is at the other end; an IPv4 address as such, however it came."""
    name = writer.get_extra_info("peername")
    if not name:
        return "nobody"
    address = ipaddress.ip_address(str(name[0]).partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)
