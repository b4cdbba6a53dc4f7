"""gammu, a program of its own, takes the simulated modem for a real one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.modem.child import ChildModem

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Gammu:
    """gammu with the configuration for one simulated modem."""

    path: str
    config: Path
    modem: ChildModem

    def run(self, *arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [self.path, "-c", str(self.config), *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def gammu(
    program: Callable[[str], str], simulated_modem: Callable[..., ChildModem], tmp_path: Path
) -> Gammu:
    path = program("gammu")
    modem = simulated_modem()
    config = tmp_path / "gammurc"
    config.write_text(f"[gammu]\ndevice = {modem.device}\nconnection = at\n")
    return Gammu(path, config, modem)


def test_identify_shows_the_simulated_identity(gammu: Gammu) -> None:
    output = gammu.run("identify")
    assert "SIMSIM" in output
    assert "AT900" in output
    assert gammu.modem.imei in output
    assert gammu.modem.imsi in output


def test_sent_text_arrives_with_its_extended_characters(gammu: Gammu) -> None:
    output = gammu.run("sendsms", "TEXT", "+905321112233", "-text", "[x] €{5} ~^|\\")
    assert "message reference=1" in output
    (sent,) = gammu.modem.get("sent")
    assert sent["text"] == "[x] €{5} ~^|\\"
    assert sent["encoding"] == "gsm7"
    assert sent["to"] == "+905321112233"
    assert sent["class"] is None


def test_long_unicode_text_is_sent_in_parts_that_join(gammu: Gammu) -> None:
    text = "ğüşıöç İstanbul " * 10
    gammu.run("sendsms", "TEXT", "+905321112233", "-unicode", "-len", "300", "-text", text)
    (message,) = gammu.modem.get("messages")
    assert message["text"] == text.strip() or message["text"] == text
    assert message["parts"] == message["total"] == 3
    assert {sent["encoding"] for sent in gammu.modem.get("sent")} == {"ucs2"}


def test_flash_message_is_class_zero(gammu: Gammu) -> None:
    gammu.run("sendsms", "TEXT", "+905321112233", "-flash", "-text", "dikkat")
    (sent,) = gammu.modem.get("sent")
    assert sent["flash"]
    assert sent["text"] == "dikkat"


def test_requested_report_is_produced_and_can_be_read(gammu: Gammu) -> None:
    gammu.modem.post("reports", delay_s=0.1)
    gammu.run("sendsms", "TEXT", "+905321112233", "-report", "-text", "rapor")
    (sent,) = gammu.modem.get("sent")
    assert sent["report_requested"]
    reported = gammu.modem.wait_for("journal?event=reported", bool)
    assert reported[0]["reference"] == sent["reference"]


def test_refused_submission_is_an_error_for_gammu(gammu: Gammu) -> None:
    gammu.modem.post("fault", kind="cms_error", code=38, times=1)
    with pytest.raises(AssertionError, match="error 38"):
        gammu.run("sendsms", "TEXT", "+905321112233", "-text", "yok")
    assert gammu.modem.get("sent") == []


@pytest.mark.parametrize("command", ["getallsms", "geteachsms"])
def test_received_messages_are_listed_in_full(gammu: Gammu, command: str) -> None:
    long = "abcdefghij" * 20
    gammu.modem.receive(text="Merhaba dünya ğş")
    gammu.modem.receive(sender="TURKCELL", text=long)
    output = gammu.run(command)
    assert "Merhaba dünya ğş" in output
    assert '"+905551112233"' in output
    assert '"TURKCELL"' in output
    assert "3 SMS parts" in output
    shown = "".join(output.split())
    assert (long if command == "geteachsms" else long[:150]) in shown


def test_saved_message_is_stored_and_deleted_again(gammu: Gammu) -> None:
    gammu.run("savesms", "TEXT", "-folder", "2", "-text", "taslak")
    state = gammu.modem.get("state")
    assert state["storage"]["SM"]["used"] == 1
    gammu.run("deletesms", "2", "1")
    assert gammu.modem.get("state")["storage"]["SM"]["used"] == 0


def test_ussd_is_asked_and_answered_in_hexadecimal(gammu: Gammu) -> None:
    assert "Bakiyeniz 42.50 TL" in gammu.run("getussd", "*100#")
    (asked,) = gammu.modem.get("journal?event=ussd")
    assert asked["code"] == "*100#"


def test_service_centre_and_network_are_shown(gammu: Gammu) -> None:
    assert "+905320000000" in gammu.run("getsmsc")
    output = gammu.run("networkinfo")
    assert "home network" in output
    assert "Turkcell" in output
    assert "LAC 00C3, CID 9A2B" in output


def test_monitor_shows_signal_memories_and_network(gammu: Gammu) -> None:
    gammu.modem.receive(text="bir")
    output = gammu.run("monitor", "1")
    assert "Signal strength" in output
    assert "1 used, 0 unread, 30 locations" in output or "1 unread, 30 locations" in output
    assert "Battery level        : 100 percent" in output
