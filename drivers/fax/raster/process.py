"""One worker process: started, fed, listened to within bounds, and ended with all it started."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import drivers

_ROOT = Path(drivers.__file__).parent.parent
_MODULE = "drivers.fax.raster.worker"
_MAX_ANSWER_BYTES = 32_000_000
_MAX_COMPLAINT_BYTES = 4_000
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a worker."""

    code: int
    """Negative: the signal that ended it."""
    answer: bytes
    complaint: str
    """The end of what it wrote about its own failure."""
    late: bool = False


async def work(request: bytes, folder: Path, wall_s: float) -> Outcome:
    """Run one worker; when this returns or raises, nothing of it runs any more."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-s", "-m", _MODULE, cwd=folder, env=_environment(folder),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    late, answer, complaint = False, b"", b""
    try:
        async with asyncio.timeout(wall_s):
            answer, complaint = await _converse(process, request)
            await process.wait()
    except TimeoutError:
        late = True
    finally:
        await _end(process)
    return Outcome(
        code=process.returncode or 0, answer=answer, late=late,
        complaint=complaint.decode("utf-8", "replace"),
    )  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    """Return all that a worker learns of our own environment."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Pages are as large as each other: their memory is kept for the next one.
        "MALLOC_MMAP_THRESHOLD_": str(2**28),
        "MALLOC_TRIM_THRESHOLD_": str(2**29),
    }


async def _converse(process: asyncio.subprocess.Process, request: bytes) -> tuple[bytes, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_feed(process.stdin, request), name="raster-request")
        answer = tasks.create_task(_head(process.stdout), name="raster-answer")
        complaint = tasks.create_task(_tail(process.stderr), name="raster-complaint")
    return answer.result(), complaint.result()


async def _feed(pipe: asyncio.StreamWriter, request: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(request)
        await pipe.drain()
        pipe.close()


async def _head(pipe: asyncio.StreamReader) -> bytes:
    """Return the beginning of what is written; what goes beyond the bound is dropped."""
    kept = bytearray()
    while chunk := await pipe.read(_CHUNK_BYTES):
        kept += chunk[: _MAX_ANSWER_BYTES - len(kept)]
    return bytes(kept)


async def _tail(pipe: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await pipe.read(_CHUNK_BYTES):
        kept = (kept + chunk)[-_MAX_COMPLAINT_BYTES:]
    return kept


async def _end(process: asyncio.subprocess.Process) -> None:
    """End its whole process group, also what it left behind, and take note of its end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
