"""Asks a FastAGI server as Asterisk 16 does: its headers as captured, its answers to commands."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

_HEAD = """\
agi_network: yes
agi_network_script: {script}
agi_request: agi://127.0.0.1/{script}
agi_channel: Local/ask{call}@santral-lookup-00000002;2
agi_language: en
agi_type: Local
agi_uniqueid: 1795656325.44
agi_version: 16.28.0~dfsg-0+deb11u4
agi_callerid: unknown
agi_calleridname: {name}
agi_callingpres: 67
agi_callingani2: 0
agi_callington: 0
agi_callingtns: 0
agi_dnid: unknown
agi_rdnis: unknown
agi_context: santral-lookup
agi_extension: ask{call}
agi_priority: 5
agi_enhanced: 0.0
agi_accountcode:{empty}
agi_threadid: 139716358342400
agi_arg_1: {number}
agi_arg_2: {did}
agi_arg_3: {call}

"""
_SET = re.compile(r'SET VARIABLE (\w+) "((?:[^"\\]|\\.)*)"')


@dataclass(slots=True)
class Asked:
    """What came of a question."""

    variables: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)


def head(
    number: str,
    did: str = "902125550170",
    *,
    script: str = "caller",
    call: str = "1795656325.42",
    name: str = "unknown",
) -> bytes:
    """Return what Asterisk says first."""
    return _HEAD.format(
        script=script, number=number, did=did, call=call, name=name, empty=" "
    ).encode()


async def ask(
    port: int, said: bytes, *, piece: int = 0, delay_s: float = 0.0, answer: bytes = b""
) -> Asked:
    """Ask and answer commands until the server closes.

    `piece` is how many bytes go out at a time, each after `delay_s`; `answer` takes the place of
    Asterisk's own.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = Asked()
    try:
        await _send(writer, said, piece, delay_s)
        while line := await reader.readline():
            command = line.decode().rstrip("\n")
            asked.commands.append(command)
            found = _SET.fullmatch(command)
            if found:
                asked.variables[found[1]] = re.sub(r"\\(.)", r"\1", found[2])
            usual = b"200 result=1\n" if found else b"510 Invalid or unknown command\n"
            await _send(writer, answer or usual, piece, delay_s)
    except ConnectionError:
        pass
    finally:
        writer.close()
    return asked


async def _send(writer: asyncio.StreamWriter, data: bytes, piece: int, delay_s: float) -> None:
    size = piece or len(data)
    for start in range(0, len(data), size or 1):
        writer.write(data[start : start + size])
        await writer.drain()
        if piece:
            await asyncio.sleep(delay_s)
