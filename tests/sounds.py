"""Sounds as telephone systems write them."""

from __future__ import annotations

import struct


def wav(
    seconds: float = 0.5, *, closed: bool = True, tag: int = 1, sound: bytes = b"\1\2"
) -> bytes:
    """Return a WAV as Asterisk writes it: 8000 samples of 16 bits a second."""
    data = sound * int(8000 * seconds)
    length = len(data) if closed else 0
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, tag, 1, 8000, 16000, 2, 16, b"data", length,
    )  # fmt: skip
    return head + data
