"""smstools' smsd sends and receives over the simulated modem, Turkish shift tables included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.modem.child import ChildModem, Json

pytestmark = pytest.mark.real

_PIN = "1234"
_TURKISH = "ğüşıöç İstanbul "


@dataclass(frozen=True)
class Spool:
    """A running smsd with its spool folders."""

    modem: ChildModem
    folder: Path

    def put(self, name: str, headers: Sequence[str], text: str) -> None:
        """Queue a message file."""
        hidden = self.folder / name
        hidden.write_text("\n".join(["To: 905321112233", *headers, "", text]), encoding="utf-8")
        hidden.rename(self.folder / "outgoing" / name)

    def incoming(self) -> str:
        """All received files, one after another."""
        files = sorted((self.folder / "incoming").iterdir())
        return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.fixture
def spool(
    program: Callable[[str], str],
    simulated_modem: Callable[..., ChildModem],
    daemon: Callable[[Sequence[str]], Path],
    tmp_path: Path,
) -> Spool:
    path = program("smsd")
    modem = simulated_modem("--pin", _PIN)
    modem.post("reports", delay_s=0.1)
    folders = ("outgoing", "checked", "incoming", "sent", "failed", "report", "saved")
    for name in folders:
        (tmp_path / name).mkdir()
    lines = [f"{name} = {tmp_path}/{name}" for name in folders]
    config = tmp_path / "smsd.conf"
    config.write_text(
        "\n".join(["devices = GSM1", *lines, ""])
        + f"""infofile = {tmp_path}/smsd.working
pidfile = {tmp_path}/smsd.pid
logfile = {tmp_path}/smsd.log
loglevel = 7
delaytime = 1
errorsleeptime = 1
autosplit = 3
incoming_utf8 = yes
decode_unicode_text = yes
internal_combine = yes
receive_before_send = no

[GSM1]
init = AT+CNMI=2,0,0,2,1
device = {modem.device}
incoming = yes
pin = {_PIN}
report = yes
baudrate = 115200
"""
    )
    daemon([path, "-t", "-c", str(config)])
    return Spool(modem, tmp_path)


def test_pin_is_entered_and_a_long_text_is_sent_as_ucs2_with_reports(spool: Spool) -> None:
    text = _TURKISH * 8
    spool.put("long", ["Alphabet: UTF-8", "Report: yes"], text)
    (message,) = spool.modem.wait_for(
        "messages", lambda seen: bool(seen) and not seen[0]["missing"]
    )
    assert message["text"] == text
    assert message["total"] == 2
    assert spool.modem.get("state")["sim"]["lock"] == "READY"
    spool.modem.wait_for("journal?event=deleted", lambda seen: len(seen) >= 2)
    assert {one["encoding"] for one in spool.modem.get("sent")} == {"ucs2"}


def test_turkish_shift_tables_are_sent_as_seven_bit(spool: Spool) -> None:
    spool.put("locking", ["Alphabet: UTF-8", "Language: Turkish"], _TURKISH * 3)
    spool.put("single", ["Alphabet: UTF-8", "Language_ext: Turkish"], _TURKISH * 3)
    sent: Json = spool.modem.wait_for("sent", lambda seen: len(seen) == 2)
    assert [one["text"] for one in sent] == [_TURKISH * 3] * 2
    assert {one["encoding"] for one in sent} == {"gsm7"}
    shifts = {(one["locking_shift"], one["single_shift"]) for one in sent}
    assert shifts == {(1, 0), (0, 1)}


def test_received_messages_are_filed_whole_and_decoded(spool: Spool) -> None:
    long = "abcdefghij" * 20
    spool.modem.receive(text="Merhaba dünya ğş")
    spool.modem.receive(text=long, shuffle=3)
    for coding in ("turkish", "turkish-single", "turkish-locking"):
        spool.modem.receive(text=f"{_TURKISH}{coding}", encoding=coding)
    spool.modem.wait_for("journal?event=deleted", lambda seen: len(seen) == 6)
    spool.modem.wait_for("state", lambda seen: len(list(_files(spool))) == 5)
    filed = spool.incoming()
    assert "Merhaba dünya ğş" in filed
    assert long in filed
    for coding in ("turkish", "turkish-single", "turkish-locking"):
        assert f"{_TURKISH}{coding}" in filed


def test_hung_modem_is_recovered_and_the_message_sent_once(spool: Spool) -> None:
    spool.modem.wait_for("state", lambda seen: seen["counters"]["commands"] >= 20)
    spool.modem.post("fault", kind="hang", duration_s=3)
    spool.put("late", [], "gec")
    spool.modem.wait_for("sent", bool, timeout_s=40)
    assert [one["text"] for one in spool.modem.get("sent")] == ["gec"]


def _files(spool: Spool) -> list[Path]:
    return list((spool.folder / "incoming").iterdir())
