"""`santral-sim fax` as a process of its own, for tests and benchmarks."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulators import child_process


class FaxProcess:
    """A running simulator, which can be killed and started again at the same port."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self._arguments = list(arguments)
        self.told: dict[str, Any] = {}
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """Return where clients connect."""
        return int(self.told["port"])

    def start(self) -> None:
        """Start it, where it was before."""
        ports = (
            [f"--port={self.told['port']}", f"--control-port={self.told['control_port']}"]
            if self.told
            else []
        )
        self._process = child_process.start(["fax", *self._arguments, *ports])
        line = child_process.line_of(self._process)
        if not line:
            child_process.stop(self._process)
            message = f"santral-sim fax ended with {self._process.returncode}"
            raise RuntimeError(message)
        self.told = json.loads(line)

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        child_process.stop(self._process)

    def close(self) -> None:
        """End it."""
        child_process.stop(self._process)

    def get(self, path: str) -> Any:
        """Ask its control interface."""
        return child_process.ask(self.told["control"] + path)

    def fetch(self, path: str) -> bytes:
        """Get a file from its control interface."""
        return child_process.fetch(self.told["control"] + path)

    def post(self, path: str, **values: Any) -> Any:
        """Do something by its control interface."""
        return child_process.ask(self.told["control"] + path, values)

    def receive(self, file: Path, **facts: Any) -> str:
        """Let a fax arrive; return its file's name."""
        content = base64.b64encode(file.read_bytes()).decode()
        return str(self.post("/receive", file=content, **facts)["file"])
