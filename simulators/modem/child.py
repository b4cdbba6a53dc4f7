"""Simulated modems in a process of their own, as a test starts and asks them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from simulators import child_process

_POLL_S = 0.05

# JSON values of the control interface: see simulators.modem.views.
Json = Any


class ChildModem:
    """One modem of a child process."""

    def __init__(self, announced: dict[str, str]) -> None:
        self.device = announced["device"]
        self.number = announced["number"]
        self.imei = announced["imei"]
        self.imsi = announced["imsi"]
        self.journal = announced["journal"]
        self.control = announced["control"].rstrip("/")

    def get(self, path: str) -> Json:
        """GET /state, /sent, /journal and the like."""
        return child_process.ask(f"{self.control}/{path}")

    def post(self, path: str, **values: object) -> Json:
        """POST /receive, /fault and the like."""
        return child_process.ask(f"{self.control}/{path}", values)

    def receive(self, **values: object) -> Json:
        """POST /receive with the sender as `sender`, for `from` is no Python name."""
        sender = values.pop("sender", "+905551112233")
        return self.post("receive", **{"from": sender}, **values)

    def wait_for(
        self, path: str, satisfied: Callable[[Json], bool], timeout_s: float = 20.0
    ) -> Json:
        """Look until what is seen satisfies; TimeoutError with the last sight otherwise."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self.get(path)
            if satisfied(seen):
                return seen
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} still shows {seen}")
            time.sleep(_POLL_S)


class ModemProcess:
    """`santral-sim modem` as a child; leaving the context ends it."""

    def __init__(self, arguments: Sequence[str] = (), count: int = 1) -> None:
        self._arguments = ["modem", "--count", str(count), *arguments]
        self._count = count
        self.modems: list[ChildModem] = []

    def __enter__(self) -> Self:
        self.process = child_process.start(self._arguments)
        try:
            lines = [child_process.line_of(self.process) for _ in range(self._count)]
            self.modems = [ChildModem(json.loads(line)) for line in lines]
        except ValueError:
            child_process.stop(self.process)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        child_process.stop(self.process)

    @property
    def modem(self) -> ChildModem:
        """The only, or the first, modem."""
        return self.modems[0]
