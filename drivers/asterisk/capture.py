"""Writes down what Asterisk's manager interface says, byte for byte, with the times of reading."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from drivers.asterisk.ami import CONNECT_S, tls_context
from drivers.asterisk.messages import Reader, encode, parse
from gateway.calls.port import PbxSettings
from gateway.kernel.errors import Invalid, Permanent, Temporary

_READ = 65_536


async def capture(settings: PbxSettings, path: Path, seconds: float) -> int:
    """Record for so many seconds, or until cancelled; return how many bytes were written.

    Beside `NAME.ami` stands `NAME.chunks.json`: [offset, Unix time] of every read. Raises Invalid
    for a file that is there already or cannot be written, Temporary and Permanent for the
    connection.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(
                settings.host, settings.port, ssl=tls_context(settings)
            )
    except (OSError, TimeoutError) as error:
        raise Temporary(f"{where} cannot be reached ({error or 'no answer'})") from error
    marks: list[tuple[int, float]] = []
    written = 0
    try:
        with path.open("xb", buffering=0) as file:
            writer.write(encode("Login", _login(settings)))
            wire, logged_in = Reader(), False
            async with asyncio.timeout(seconds):
                while data := await reader.read(_READ):
                    marks.append((written, round(time.time(), 4)))
                    written += file.write(data)
                    if not logged_in:
                        logged_in = _logged_in(where, wire.feed(data))
    except TimeoutError:
        pass
    except OSError as error:
        raise Invalid(f"{path}: cannot be written ({error.strerror})", field="FILE") from error
    finally:
        writer.close()
        if marks:
            beside = path.with_name(f"{path.name.removesuffix('.ami')}.chunks.json")
            beside.write_text(json.dumps(marks))
    return written


def _login(settings: PbxSettings) -> dict[str, str]:
    return {"Username": settings.user, "Secret": settings.secret, "ActionID": "santral-record"}


def _logged_in(where: str, messages: list[bytes]) -> bool:
    """Tell whether the login was accepted; raises Permanent when it was refused."""
    for message in map(parse, messages):
        if message.get("Response") == "Error":
            raise Permanent(f"{where} refuses the login: {message.get('Message', '')}")
        if message.get("Response") == "Success":
            return True
    return False
