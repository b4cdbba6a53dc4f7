"""Results and information texts as the terminal sees them (V.250 §5.7, 27.007 §9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulators.modem.errors import CME_TEXT, CMS_TEXT, AtError, CmeError, CmsError
from simulators.modem.settings import Settings

_NUMERIC = {
    "OK": "0",
    "CONNECT": "1",
    "RING": "2",
    "NO CARRIER": "3",
    "ERROR": "4",
    "NO DIALTONE": "6",
    "BUSY": "7",
    "NO ANSWER": "8",
}


def information(lines: Sequence[str], settings: Settings) -> bytes:
    """Information text: the lines of one command's answer."""
    text = "\r\n".join(lines)
    framed = f"\r\n{text}\r\n" if settings.verbose else f"{text}\r\n"
    return framed.encode("latin-1")


def result(code: str, settings: Settings) -> bytes:
    """A result code; empty while AT Q1 suppresses them."""
    if settings.quiet or not code:
        return b""
    if settings.verbose:
        return f"\r\n{code}\r\n".encode("latin-1")
    return f"{_NUMERIC.get(code, code)}\r".encode("latin-1")


def failure(error: AtError, settings: Settings, *, messages_follow_level: bool) -> str:
    """The result code of an error, as detailed as AT+CMEE asks."""
    if isinstance(error, CmeError):
        return _coded("+CME ERROR", error.code, CME_TEXT, settings.error_level)
    if isinstance(error, CmsError):
        level = settings.error_level
        if level == 0 and not messages_follow_level:
            level = 1  # 27.005 §3.2.5: +CMEE does not hide message service failures
        return _coded("+CMS ERROR", error.code, CMS_TEXT, level)
    return "ERROR"


def _coded(name: str, code: int, texts: Mapping[int, str], level: int) -> str:
    if level == 0:
        return "ERROR"
    if level == 1:
        return f"{name}: {code}"
    return f"{name}: {texts.get(code, 'unknown error')}"
