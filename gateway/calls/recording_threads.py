"""Threads for work on telephone systems' folders: a dead mount holds these, and no others.

Whoever works on a mount of a dead machine may hang for as long as it is dead. The threads that all
of the service shares would be used up by it, and nobody could sign in any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from gateway.calls.recording_folders import NotMounted

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class NoAnswer(NotMounted):
    """All threads of a folder are held: most likely its machine is dead."""


class FolderThreads:
    """So many threads for each telephone system's folder; nothing waits for a free one."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._of: dict[str, tuple[ThreadPoolExecutor, BoundedSemaphore]] = {}

    async def run(
        self,
        pbx: str,
        work: Callable[_Given, _Result],
        *given: _Given.args,
        **named: _Given.kwargs,
    ) -> _Result:
        """Do the work in a thread of that folder; raises NoAnswer where none is free."""
        if pbx not in self._of:
            pool = ThreadPoolExecutor(self._at_most, thread_name_prefix=f"recordings-{pbx}")
            self._of[pbx] = (pool, BoundedSemaphore(self._at_most))
        pool, free = self._of[pbx]
        if not free.acquire(blocking=False):
            raise NoAnswer(f"the folder of {pbx} does not answer; is its machine alive?")
        doing = pool.submit(work, *given, **named)
        doing.add_done_callback(lambda _done: free.release())
        return await asyncio.wrap_future(doing)
