"""What a recording's bytes are: told by what they begin with, not by what their file is called."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

HEAD_BYTES = 4096
"""How much of a file is looked at; the sound of a WAV begins within it."""
_PCM, _FLOAT, _ALAW, _ULAW, _GSM, _EXTENSIBLE = 1, 3, 6, 7, 0x31, 0xFFFE
"""Format tags of WAVE (RFC 2361)."""
_UNTOLD = 0xFFFFFFFF
"""The length of a sound that was written to a pipe: who wrote it could not go back to say."""
_G711_RATE = 8000
"""Samples, and bytes, a second (ITU-T G.711)."""
_GSM_FRAME, _GSM_FRAME_S, _GSM_MAGIC = 33, 0.02, 0xD
"""GSM 06.10 as files hold it: each frame begins with the same four bits."""


class AudioKind(StrEnum):
    """A kind of sound that telephone systems write."""

    WAV = "wav"
    GSM_WAV = "wav49"
    """GSM in a WAV, which Asterisk calls wav49: browsers do not play it."""
    MP3 = "mp3"
    OGG = "ogg"
    GSM = "gsm"
    ULAW = "ulaw"
    ALAW = "alaw"

    @property
    def media_type(self) -> str:
        """Return the media type of what we keep of it."""
        return _MEDIA_TYPES[self]

    @property
    def suffix(self) -> str:
        """Return how our file's name ends."""
        return _OURS.get(self, f".{self.value}")


_MEDIA_TYPES = {
    AudioKind.WAV: "audio/wav", AudioKind.GSM_WAV: "audio/x-wav", AudioKind.MP3: "audio/mpeg",
    AudioKind.OGG: "audio/ogg", AudioKind.GSM: "audio/x-gsm", AudioKind.ULAW: "audio/wav",
    AudioKind.ALAW: "audio/wav",
}  # fmt: skip
_OURS = {AudioKind.GSM_WAV: ".wav", AudioKind.ULAW: ".wav", AudioKind.ALAW: ".wav"}
_PLAYABLE = frozenset({"audio/wav", "audio/mpeg", "audio/ogg"})
_RAW = {".ulaw": AudioKind.ULAW, ".alaw": AudioKind.ALAW}
"""What only its name tells: G.711 is samples and nothing else."""
_G711_TAG = {AudioKind.ULAW: _ULAW, AudioKind.ALAW: _ALAW}
SUFFIXES = (".wav", ".WAV", ".mp3", ".ogg", ".opus", ".gsm", ".ulaw", ".alaw", ".wav49")
"""Endings of what Asterisk writes, and of what it is turned into afterwards."""


def recognise(head: bytes, suffix: str) -> AudioKind | None:
    """Return what a file that begins so is; None when it is no sound that we know."""
    if head.startswith(b"RIFF"):
        wave = _wave(head)
        return None if wave is None else _KIND_OF_TAG.get(wave.tag)
    if head.startswith(b"OggS"):
        return AudioKind.OGG
    if head.startswith(b"ID3") or _is_mp3_frame(head):
        return AudioKind.MP3
    if suffix.casefold() == ".gsm" and _is_gsm(head):
        return AudioKind.GSM
    return _RAW.get(suffix.casefold())


def playable(media_type: str) -> bool:
    """Tell whether browsers play it."""
    return media_type in _PLAYABLE


def header(kind: AudioKind, size_bytes: int) -> bytes:
    """Return what is put before the sound so that browsers play it: bare G.711 becomes a WAV."""
    tag = _G711_TAG.get(kind)
    if tag is None:
        return b""
    return struct.pack(
        "<4sI4s4sIHHIIHHH4sII4sI",
        b"RIFF", 50 + size_bytes, b"WAVE",
        b"fmt ", 18, tag, 1, _G711_RATE, _G711_RATE, 1, 8, 0,
        b"fact", 4, size_bytes, b"data", size_bytes,
    )  # fmt: skip


def duration_s(kind: AudioKind, head: bytes, size_bytes: int) -> float | None:
    """Return how long a file sounds; None where only decoding it would tell."""
    if kind in _G711_TAG:
        return size_bytes / _G711_RATE
    if kind is AudioKind.GSM:
        return size_bytes // _GSM_FRAME * _GSM_FRAME_S
    wave = _wave(head) if kind in {AudioKind.WAV, AudioKind.GSM_WAV} else None
    if wave is None or not wave.bytes_per_s:
        return None
    return max(0, size_bytes - wave.sound_at) / wave.bytes_per_s


def is_whole(kind: AudioKind, head: bytes, size_bytes: int) -> bool:
    """Tell whether a file is as long as it says: a WAV says so when it is closed."""
    wave = _wave(head) if kind in {AudioKind.WAV, AudioKind.GSM_WAV} else None
    if wave is None or wave.sound_bytes == _UNTOLD:
        return True
    there = size_bytes - wave.sound_at
    return there <= 0 if not wave.sound_bytes else wave.sound_bytes <= there


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wave:
    tag: int
    bytes_per_s: int
    sound_at: int
    sound_bytes: int
    """As the header says; 0 while it is being written."""


_KIND_OF_TAG = {
    _PCM: AudioKind.WAV, _FLOAT: AudioKind.WAV, _ALAW: AudioKind.WAV, _ULAW: AudioKind.WAV,
    _GSM: AudioKind.GSM_WAV,
}  # fmt: skip


def _wave(head: bytes) -> _Wave | None:
    """Return what the header of a WAV says; None when it is none."""
    if len(head) < 12 or head[8:12] != b"WAVE":
        return None
    tag, bytes_per_s = 0, 0
    for name, at, size in _chunks(head):
        if name == b"fmt " and len(head) >= at + 16:
            tag, _, _, bytes_per_s = struct.unpack_from("<HHII", head, at)
            if tag == _EXTENSIBLE and size >= 26 and len(head) >= at + 26:
                tag = struct.unpack_from("<H", head, at + 24)[0]
        if name == b"data":
            return _Wave(tag=tag, bytes_per_s=bytes_per_s, sound_at=at, sound_bytes=size)
    return None


def _chunks(head: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give each chunk's name, where its content begins, and its size."""
    at = 12
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


def _is_mp3_frame(head: bytes) -> bool:
    """Tell whether a frame of MPEG audio begins here (ISO 11172-3 §2.4.1.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4
    return version != 1 and layer == 1 and rate not in {0, 15} and head[2] >> 2 & 3 != 3


def _is_gsm(head: bytes) -> bool:
    starts = head[::_GSM_FRAME]
    return bool(starts) and all(byte >> 4 == _GSM_MAGIC for byte in starts)
