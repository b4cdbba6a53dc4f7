"""A Turkish text that Santral sends is read back exactly by a decoder that is not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gateway.app import Service, running
from gateway.config import Config
from gateway.sms.model import Message
from gateway.sms.port import TextCoding
from gateway.sms.sending import SendSms
from gateway.web.principal import LOCAL_ADMINISTRATOR
from simulators.modem.child import ChildModem, ModemProcess
from tests.waiting import until

pytestmark = pytest.mark.real

TEXT = (
    "Sayın müşterimiz, İstanbul şubemizde yağışlı hava nedeniyle teslimatlar gecikebilir; "
    "yarın öğleden sonra arayacağız. Işık ve Güneş ekibi saygılarını sunar."
)


@pytest.fixture
def pair() -> Iterator[tuple[ChildModem, ChildModem]]:
    """Two modems on one network: ours and the recipient's."""
    with ModemProcess(count=2) as process:
        ours, theirs = process.modems
        yield ours, theirs


@pytest.fixture
def recipient(
    program: Callable[[str], str],
    pair: tuple[ChildModem, ChildModem],
    daemon: Callable[[Sequence[str]], Path],
    tmp_path: Path,
) -> Path:
    """smstools' smsd on the recipient's modem; gives the folder of what it received."""
    path = program("smsd")
    folders = ("outgoing", "checked", "incoming", "sent", "failed")
    for name in folders:
        (tmp_path / name).mkdir()
    config = tmp_path / "smsd.conf"
    lines = ["devices = GSM1", *(f"{name} = {tmp_path}/{name}" for name in folders)]
    lines += [
        f"infofile = {tmp_path}/smsd.working",
        f"pidfile = {tmp_path}/smsd.pid",
        f"logfile = {tmp_path}/smsd.log",
        "delaytime = 1",
        "incoming_utf8 = yes",
        "decode_unicode_text = yes",
        "internal_combine = yes",
        "[GSM1]",
        "init = AT+CNMI=2,0,0,2,1",
        f"device = {pair[1].device}",
        "incoming = yes",
    ]
    config.write_text("\n".join(lines) + "\n")
    daemon([path, "-t", "-c", str(config)])
    return tmp_path / "incoming"


async def _send(service: Service, to: str) -> Message:
    request = SendSms(to=to, text=TEXT)
    return await service.sending.send(LOCAL_ADMINISTRATOR, request)


def _config(folder: Path, modem: ChildModem, languages: tuple[str, ...]) -> Config:
    return Config.model_validate(
        {
            "server": {"port": 0},
            "store": {"data": folder / "data"},
            "sms": {"national_languages": languages},
            "modem": [{"id": "ours", "device": modem.device}],
        }
    )


@pytest.mark.parametrize(
    ("languages", "coding", "segments", "reason"),
    [
        (("turkish",), TextCoding.GSM7, 1, "Turkish"),
        ((), TextCoding.UCS2, 3, "does not allow"),
    ],
)
async def test_a_text_of_150_characters_arrives_exactly(
    pair: tuple[ChildModem, ChildModem],
    recipient: Path,
    tmp_path: Path,
    languages: tuple[str, ...],
    coding: TextCoding,
    segments: int,
    reason: str,
) -> None:
    assert len(TEXT) >= 150
    assert set("şğıİ") <= set(TEXT)
    ours, theirs = pair
    async with running(_config(tmp_path, ours, languages)) as service:
        preview = service.sending.preview(LOCAL_ADMINISTRATOR, TEXT)
        assert (preview.coding, len(preview.segments)) == (coding, segments)
        assert reason in preview.explanation
        message = await _send(service, theirs.number)
        assert (message.coding, message.segments) == (coding, segments)
        await until(lambda: any(TEXT in _read(file) for file in recipient.iterdir()))
    assert len(ours.get("sent")) == segments


def _read(file: Path) -> str:
    """Return a received file's text; smsd writes headers in ASCII and this text in UTF-8."""
    return file.read_bytes().decode("utf-8", "replace")
