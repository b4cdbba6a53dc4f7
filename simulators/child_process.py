"""A simulator as a child process: started, asked over its control interface, ended."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

STOP_S = 10.0
ANSWER_S = 60.0


class ControlError(Exception):
    """The control interface refused a request; the message is its own."""


def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Start `santral-sim` with arguments; what it prints is to be read from it."""
    command = [sys.executable, "-m", "simulators.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line that it prints, empty when it has ended."""
    return process.stdout.readline() if process.stdout else ""


def stop(process: subprocess.Popen[str]) -> None:
    """End it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def ask(url: str, values: Mapping[str, object] | None = None) -> Any:
    """GET a control address, or POST values to it; raises ControlError with its own words."""
    data = None if values is None else json.dumps(values).encode()
    request = urllib.request.Request(url, data=data)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise ControlError(json.load(error)["error"]) from error


def fetch(url: str) -> bytes:
    """GET a file from a control address."""
    with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:  # noqa: S310 - loopback
        return bytes(answer.read())
