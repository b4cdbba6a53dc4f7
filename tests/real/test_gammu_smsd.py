"""gammu-smsd sends and receives over the simulated modem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.modem.child import ChildModem

pytestmark = pytest.mark.real

_PIN = "1234"


@dataclass(frozen=True)
class Smsd:
    """A running gammu-smsd with its folders."""

    modem: ChildModem
    folder: Path
    output: Path

    def put(self, name: str, text: str) -> None:
        """Queue a message in the way of the files backend."""
        spool = self.folder / "outbox"
        hidden = self.folder / name
        hidden.write_bytes(text.encode("utf-16"))
        hidden.rename(spool / name)


@pytest.fixture
def smsd(
    program: Callable[[str], str],
    simulated_modem: Callable[..., ChildModem],
    daemon: Callable[[Sequence[str]], Path],
    tmp_path: Path,
) -> Smsd:
    path = program("gammu-smsd")
    modem = simulated_modem("--pin", _PIN)
    modem.post("reports", delay_s=0.1)
    for name in ("inbox", "outbox", "sent", "error"):
        (tmp_path / name).mkdir()
    config = tmp_path / "smsdrc"
    config.write_text(
        f"""[gammu]
device = {modem.device}
connection = at

[smsd]
service = files
logfile = stdout
debuglevel = 1
pin = {_PIN}
deliveryreport = log
checksecurity = 1
commtimeout = 1
sendtimeout = 10
loopsleep = 0
statusfrequency = 0
receivefrequency = 1
inboxpath = {tmp_path}/inbox/
outboxpath = {tmp_path}/outbox/
sentsmspath = {tmp_path}/sent/
errorsmspath = {tmp_path}/error/
inboxformat = unicode
transmitformat = auto
multiparttimeout = 600
"""
    )
    output = daemon([path, "-c", str(config)])
    return Smsd(modem, tmp_path, output)


def test_pin_is_entered_and_a_long_unicode_message_is_sent_with_reports(smsd: Smsd) -> None:
    text = "ğüşıöç İstanbul " * 8
    smsd.put("OUTC20260101_000000_00_+905321112233_sms0.txtd", text)
    (message,) = smsd.modem.wait_for("messages", lambda seen: bool(seen) and not seen[0]["missing"])
    assert message["text"].strip() == text.strip()
    assert message["total"] == 2
    assert smsd.modem.get("state")["sim"]["lock"] == "READY"
    smsd.modem.wait_for("journal?event=deleted", lambda seen: len(seen) >= 2)
    reports = smsd.modem.get("journal?event=reported")
    assert [report["reference"] for report in reports] == message["references"]
    assert list((smsd.folder / "error").iterdir()) == []
    said = smsd.output.read_text(encoding="utf-8", errors="replace")
    for reference in message["references"]:
        assert f"message reference 0x{reference:02X}" in said


def test_received_messages_land_in_the_inbox_whole(smsd: Smsd) -> None:
    long = "abcdefghij" * 20
    smsd.modem.receive(text="Merhaba dünya ğş")
    smsd.modem.receive(text=long, shuffle=True)
    smsd.modem.wait_for("journal?event=deleted", lambda seen: len(seen) >= 3)
    smsd.modem.wait_for("state", lambda seen: seen["storage"]["SM"]["used"] == 0)
    names = sorted(path.name for path in (smsd.folder / "inbox").iterdir())
    texts = [(smsd.folder / "inbox" / name).read_bytes().decode("utf-16") for name in names]
    assert any("Merhaba dünya ğş" in text for text in texts), names
    assert long in "".join(texts)
    assert all("+905551112233" in name for name in names)


def test_daemon_finds_the_modem_again_after_a_fault(smsd: Smsd) -> None:
    smsd.modem.post("fault", kind="cms_error", code=38, times=1)
    smsd.put("OUTC20260101_000000_00_+905321112233_sms0.txt", "tekrar")
    (sent,) = smsd.modem.wait_for("sent", bool, timeout_s=40)
    assert sent["text"] == "tekrar"
    refused = smsd.modem.get("journal?event=refused")
    assert [entry["code"] for entry in refused] == [38]
