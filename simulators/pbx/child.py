"""`santral-sim pbx` as a process of its own, for tests and the demo."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

_STOP_S = 10.0


class PbxProcess:
    """A running simulator; `told` is what it printed of itself."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        command = [sys.executable, "-m", "simulators.cli", "pbx", *arguments]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            message = f"santral-sim pbx ended with {self._process.returncode}"
            raise RuntimeError(message)
        self.told: dict[str, Any] = json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def get(self, path: str) -> Any:
        """Ask its control interface."""
        return self._ask(urllib.request.Request(self.told["control"] + path))  # noqa: S310 - loopback

    def post(self, path: str, **values: Any) -> Any:
        """Do something by its control interface."""
        data = json.dumps(values).encode()
        return self._ask(urllib.request.Request(self.told["control"] + path, data))  # noqa: S310

    def _ask(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None
