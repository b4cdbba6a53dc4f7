"""Log lines cannot be forged by what devices and people write."""

from __future__ import annotations

import logging

import pytest

from gateway.kernel import logs


def test_control_characters_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure("info")
        logging.getLogger("t").info("caller %s", "x\r\nERROR forged\x1b[31m")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b" not in written
