"""`santral-sim pbx` as a process of its own, for tests and the demo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from simulators import child_process


class PbxProcess:
    """A running simulator; `told` is what it printed of itself."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self._process = child_process.start(["pbx", *arguments])
        line = child_process.line_of(self._process)
        if not line:
            child_process.stop(self._process)
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
        child_process.stop(self._process)

    def get(self, path: str) -> Any:
        """Ask its control interface."""
        return child_process.ask(self.told["control"] + path)

    def post(self, path: str, **values: Any) -> Any:
        """Do something by its control interface."""
        return child_process.ask(self.told["control"] + path, values)
