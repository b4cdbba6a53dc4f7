"""Logs on standard error: one line an event, no message texts, no secrets."""

from __future__ import annotations

import logging
import os
import sys

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code not in (9, 10)}


class _LineFormatter(logging.Formatter):
    """Escapes control characters, so that remote data cannot forge lines or colours."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).translate(_CONTROL)
        return text if record.exc_info else text.replace("\n", "\\n")


def configure(level: str) -> None:
    """Send logs of `level` and above to standard error; under systemd without a time stamp."""
    handler = logging.StreamHandler(sys.stderr)
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    handler.setFormatter(_LineFormatter(f"{stamp}%(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("alembic", "aiosqlite", "asyncio", "aiohttp.access", "panoramisk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
