"""Simulated modems in a process of their own, as a test starts and asks them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

_STOP_TIMEOUT_S = 10.0
_POLL_S = 0.05

# JSON values of the control interface: see simulators.modem.views.
Json = Any


class ControlError(Exception):
    """The control interface refused a request; the message is its own."""


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
        return _ask(urllib.request.Request(f"{self.control}/{path}"))  # noqa: S310

    def post(self, path: str, **values: object) -> Json:
        """POST /receive, /fault and the like."""
        body = json.dumps(values).encode()
        url = f"{self.control}/{path}"
        return _ask(urllib.request.Request(url, data=body, method="POST"))  # noqa: S310

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
        command = [sys.executable, "-m", "simulators.cli", "modem", "--count", str(count)]
        self._command = [*command, *arguments]
        self._count = count
        self.modems: list[ChildModem] = []

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            self.modems = [ChildModem(json.loads(self._line())) for _ in range(self._count)]
        except ValueError:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def modem(self) -> ChildModem:
        """The only, or the first, modem."""
        return self.modems[0]

    def _line(self) -> str:
        output = self.process.stdout
        return output.readline() if output else ""

    def _stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _ask(request: urllib.request.Request) -> Json:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise ControlError(json.load(error)["error"]) from error
