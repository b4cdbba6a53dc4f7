"""Streams of JSON lines: a long body is worked on while it arrives, line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from gateway.kernel.errors import Invalid
from gateway.web.principal import Principal
from gateway.web.routes import Call, NoBody, Route

MAX_LINE = 128 * 1024
"""Bytes of one line."""
LINES_AT_ONCE = 500
UNSENT = 256 * 1024
"""Bytes that may wait in the socket; a client that sends all before it reads must not stall us."""
CONTENT_TYPE = "application/x-ndjson"


async def answer(request: web.Request, route: Route, principal: Principal) -> web.StreamResponse:
    """Answer a stream with a stream; what the client does not read yet is kept for the end."""
    assert route.lines is not None
    call = Call(principal=principal, path=dict(request.match_info), body=NoBody(), query=NoBody())
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
    await response.prepare(request)
    waiting = bytearray()
    async for lines in route.lines(call, _lines(request)):
        waiting += lines
        transport = request.transport
        if transport is not None and transport.get_write_buffer_size() < UNSENT:
            await response.write(bytes(waiting))
            waiting.clear()
    await response.write(bytes(waiting))
    await response.write_eof()
    return response


async def _lines(request: web.Request) -> AsyncIterator[list[bytes]]:
    rest = b""
    batch: list[bytes] = []
    async for chunk in request.content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise Invalid(f"a line is longer than {MAX_LINE} bytes", field="body")
        batch += [line for line in whole if line.strip()]
        while len(batch) >= LINES_AT_ONCE:
            yield batch[:LINES_AT_ONCE]
            del batch[:LINES_AT_ONCE]
    if rest.strip():
        batch.append(rest)
    if batch:
        yield batch
