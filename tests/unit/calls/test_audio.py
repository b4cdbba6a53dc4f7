"""A recording's kind, length and end are told by its bytes."""

from __future__ import annotations

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls import audio
from gateway.calls.audio import AudioKind


def written(seconds: float, *, rate: int = 8000, channels: int = 1) -> bytes:
    """Return a WAV as the standard library writes it."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(int(rate * seconds) * 2 * channels))
    return out.getvalue()


def riff(tag: int, *chunks: bytes, more: bytes = b"") -> bytes:
    """Return a WAV with a format tag and other chunks before its sound."""
    fmt = struct.pack("<HHIIHH", tag, 1, 8000, 1625, 65, 0) + more
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + body


SOUND = b"data" + struct.pack("<I", 3250) + bytes(3250)
FRAME = b"\xd2" + bytes(32)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (written(0.1), ".wav", AudioKind.WAV),
        (written(0.1), ".mp3", AudioKind.WAV),
        (written(0.1), ".html", AudioKind.WAV),
        (riff(0x31, SOUND), ".WAV", AudioKind.GSM_WAV),
        (riff(7, SOUND), ".wav", AudioKind.WAV),
        (riff(1, b"LIST" + struct.pack("<I", 3) + b"abc\0", SOUND), ".wav", AudioKind.WAV),
        (riff(0xFFFE, SOUND, more=bytes(8) + b"\1\0" + bytes(14)), ".wav", AudioKind.WAV),
        (b"ID3\4\0\0\0\0\0\0", ".mp3", AudioKind.MP3),
        (b"\xff\xfb\x90\x64" + bytes(60), ".wav", AudioKind.MP3),
        (b"\xff\xf3\x40\xc0" + bytes(60), "", AudioKind.MP3),
        (b"OggS\0\2", ".opus", AudioKind.OGG),
        (FRAME * 3, ".gsm", AudioKind.GSM),
        (b"\x7f" * 160, ".ulaw", AudioKind.ULAW),
        (b"\x55" * 160, ".ALAW", AudioKind.ALAW),
    ],
)
def test_sound_is_recognised(content: bytes, name: str, kind: AudioKind) -> None:
    assert audio.recognise(content, name) is kind


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", ".wav"), (b"RIFF", ".wav"), (b"RIFF\0\0\0\0AVI ", ".wav"),
        (b"RIFF\0\0\0\0WAVE", ".wav"),
        (b"<html>", ".mp3"), (b"MZ\x90", ".ogg"), (b"\x7fELF", ".gsm"), (b"PK\3\4", ".wav"),
        (b"\xff\xd8\xff\xe0", ".mp3"), (b"\xff\xfe<\0", ".mp3"), (FRAME + b"\x11", ".gsm"),
        (riff(0x55, SOUND), ".wav"), (written(1)[:40], ".wav"), (b"GIF89a", ".sln"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_not_taken_for_one(content: bytes, name: str) -> None:
    assert audio.recognise(content, name) is None


def test_how_long_it_sounds() -> None:
    for content, name, seconds in (
        (written(2.5), ".wav", 2.5), (written(1, rate=44_100, channels=2), ".wav", 1.0),
        (riff(0x31, SOUND), ".wav", 2.0), (FRAME * 50, ".gsm", 1.0), (bytes(4000), ".ulaw", 0.5),
        (b"ID3", ".mp3", None), (b"OggS", ".ogg", None),
    ):  # fmt: skip
        kind = audio.recognise(content, name)
        assert kind is not None
        assert audio.duration_s(kind, content[: audio.HEAD_BYTES], len(content)) == seconds


def test_a_wav_that_is_not_closed_or_cut_off_is_not_whole() -> None:
    whole = written(1)
    unclosed = whole[:40] + bytes(4) + whole[44:]
    assert audio.is_whole(AudioKind.WAV, whole, len(whole))
    assert not audio.is_whole(AudioKind.WAV, whole, len(whole) - 1)
    assert not audio.is_whole(AudioKind.WAV, unclosed, len(whole))
    assert audio.is_whole(AudioKind.MP3, b"ID3", 3)


@pytest.mark.parametrize(("kind", "tag"), [(AudioKind.ULAW, 7), (AudioKind.ALAW, 6)])
def test_bare_g711_gets_the_header_of_a_wav(kind: AudioKind, tag: int) -> None:
    content = audio.header(kind, 800) + bytes(800)
    assert audio.recognise(content, ".wav") is AudioKind.WAV
    assert audio.duration_s(AudioKind.WAV, content, len(content)) == 0.1
    assert audio.is_whole(AudioKind.WAV, content, len(content))
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    assert struct.unpack_from("<H", content, 20)[0] == tag
    assert audio.header(AudioKind.WAV, 800) == b""


def test_what_browsers_play() -> None:
    plays = {kind for kind in AudioKind if audio.playable(kind.media_type)}
    assert plays == set(AudioKind) - {AudioKind.GSM, AudioKind.GSM_WAV}


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=100).map(lambda tail: riff(1) + tail),
        st.binary(max_size=100).map(lambda tail: b"RIFF\0\0\0\0WAVE" + tail),
    ),
    st.sampled_from([*audio.SUFFIXES, "", ".exe"]),
)
def test_no_bytes_break_it(content: bytes, name: str) -> None:
    kind = audio.recognise(content, name)
    if kind is not None:
        seconds = audio.duration_s(kind, content, len(content))
        assert seconds is None or seconds >= 0
        audio.is_whole(kind, content, len(content))


def test_a_wav_that_came_through_a_pipe_is_whole() -> None:
    untold = b"data" + struct.pack("<I", 0xFFFFFFFF) + bytes(3250)
    content = riff(1, untold)
    assert audio.is_whole(AudioKind.WAV, content, len(content))
