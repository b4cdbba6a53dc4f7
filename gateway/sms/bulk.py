"""Many messages in one request: each line is one, and gets its own result."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from pydantic import ValidationError
from pydantic_core import to_json

from gateway.kernel.errors import GatewayError
from gateway.sms.model import Message
from gateway.sms.schemas import BulkItem, BulkResult
from gateway.sms.sending import Sending, SendSms
from gateway.web.principal import Principal
from gateway.web.problems import problem_of, problem_of_validation
from gateway.web.routes import Call, Lines, NoBody

IN_WORK = 4
"""Batches that are stored while the next ones are read."""


class Bulk:
    """Answers lines of messages with lines of results, in the same order."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    async def lines(self, call: Call[NoBody, NoBody], lines: Lines) -> AsyncIterator[bytes]:
        """Store batch after batch; a bad line spoils no other."""
        working: deque[asyncio.Task[bytes]] = deque()
        count = 0
        try:
            async for batch in lines:
                working.append(
                    asyncio.create_task(self._batch(call.principal, batch, count), name="bulk")
                )
                count += len(batch)
                if len(working) >= IN_WORK:
                    yield await working.popleft()
            while working:
                yield await working.popleft()
        finally:
            await asyncio.gather(*working, return_exceptions=True)

    async def _batch(self, principal: Principal, batch: list[bytes], first: int) -> bytes:
        results: list[BulkResult | None] = []
        requests: list[tuple[SendSms, str]] = []
        for index, line in enumerate(batch, first):
            try:
                item = BulkItem.model_validate_json(line)
            except ValidationError as error:
                results.append(
                    BulkResult(index=index, problem=problem_of_validation(error, "line"))
                )
            else:
                requests.append((item.request(), item.key))
                results.append(None)
        stored = iter(await self._sending.send_many(principal, requests))
        return b"".join(
            result.model_dump_json(exclude_none=True).encode() + b"\n"
            if result is not None
            else _result(index, next(stored))
            for index, result in enumerate(results, first)
        )


def _result(index: int, outcome: Message | GatewayError) -> bytes:
    """Return a BulkResult as a line; that of an accepted one without the model, which is slower."""
    if isinstance(outcome, GatewayError):
        result = BulkResult(index=index, problem=problem_of(outcome))
        return result.model_dump_json(exclude_none=True).encode() + b"\n"
    fields = {
        "index": index, "id": outcome.id, "state": outcome.state, "segments": outcome.segments
    }  # fmt: skip
    return to_json(fields) + b"\n"
