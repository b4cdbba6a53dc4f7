"""Real programs against simulated modems: start them, stop them by their process id."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from simulators.modem.child import ChildModem, ModemProcess

_STOP_TIMEOUT_S = 20.0


@pytest.fixture
def simulated_modem() -> Iterator[Callable[..., ChildModem]]:
    """Starts `santral-sim modem` with the arguments given; it ends with the test."""
    with ExitStack() as stack:

        def start(*arguments: str) -> ChildModem:
            return stack.enter_context(ModemProcess(arguments)).modem

        yield start


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[[Sequence[str]], Path]]:
    """Starts a daemon in the foreground; gives the file that holds its output."""
    with ExitStack() as stack:

        def start(command: Sequence[str]) -> Path:
            output = tmp_path / f"{Path(command[0]).name}.out"
            stack.enter_context(_running(command, output))
            return output

        yield start


@contextmanager
def _running(command: Sequence[str], output: Path) -> Iterator[None]:
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
