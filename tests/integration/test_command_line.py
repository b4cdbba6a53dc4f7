"""The command line where no service runs: what commands say, on success and on a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli import main

CUSTOMER = "+905321112233"
Command = Callable[..., str]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command on data of its own; returns exit code, output and errors."""
    config = tmp_path / "santral.toml"
    config.write_text(f'[store]\ndata = "{tmp_path}"\n', encoding="utf-8")
    monkeypatch.setenv("SANTRAL_SECRET_KEY", "A" * 43 + "=")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--config", str(config), *arguments])
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def said(command: Callable[..., tuple[int, str, str]]) -> Command:
    """Runs a command that succeeds; returns what it printed."""

    def run(*arguments: str) -> str:
        code, output, errors = command(*arguments)
        assert code == 0, errors or output
        return output

    return run


@pytest.fixture
def refused(command: Callable[..., tuple[int, str, str]]) -> Command:
    """Runs a command that is refused; returns its one line of explanation."""

    def run(*arguments: str) -> str:
        code, output, errors = command(*arguments)
        assert code == 1, output
        assert errors.startswith("santral: ")
        assert errors.count("\n") == 1
        return errors

    return run


def test_webhooks_are_kept_from_the_command_line(said: Command, refused: Command) -> None:
    assert "santral webhook add" in said("webhook", "list")
    added = said("webhook", "add", "http://127.0.0.1:9/hook", "--kind", "sms.*")
    webhook = added.split()[1]
    assert "secret" in added
    listed = said("webhook", "list")
    assert "http://127.0.0.1:9/hook" in listed
    assert "sms.*" in listed
    assert "secret" not in listed
    said("webhook", "set", webhook, "--pause")
    assert "paused" in said("webhook", "list")
    said("webhook", "set", webhook, "--resume", "--kind", "alert.*")
    assert "alert.*" in said("webhook", "list")
    said("webhook", "remove", webhook)
    assert "no webhook" in said("webhook", "list")
    assert "address for a webhook" in refused("webhook", "add", "ftp://x")
    assert webhook in refused("webhook", "remove", webhook)


def test_the_do_not_contact_list_is_kept_from_the_command_line(
    said: Command, refused: Command
) -> None:
    assert "nobody" in said("do-not-contact", "list")
    added = said("do-not-contact", "add", "0532 111 22 33", "--channel", "sms", "--reason", "asked")
    assert added == f"{CUSTOMER} is on the do-not-contact list for sms\n"
    listed = said("do-not-contact", "list")
    assert CUSTOMER in listed
    assert "asked" in listed
    sent = refused("sms", "send", "--to", CUSTOMER, "--text", "x")
    assert "do-not-contact" in sent
    said("do-not-contact", "remove", CUSTOMER, "--channel", "sms")
    assert "nobody" in said("do-not-contact", "list")
    assert "abc" in refused("do-not-contact", "add", "abc")


def test_the_policy_is_kept_from_the_command_line(said: Command, refused: Command) -> None:
    shown = said("sms", "policy")
    for told in ("quiet hours", "İPTAL", "СТОП", "STOP"):
        assert told in shown
    changed = said(
        "sms", "policy", "--quiet", "21:00-09:00", "--stop", "HALT=Ende.",
        "--forget", "RET", "--no-confirm", "--queue-age", "60",
    )  # fmt: skip
    for told in ("21:00-09:00 for bulk", "HALT", "Ende.", "60 s"):
        assert told in changed
    assert "RET " not in changed
    assert said("sms", "policy") == changed
    assert "none" in said("sms", "policy", "--quiet", "off")
    assert "21:00-09:00" in refused("sms", "policy", "--quiet", "21:00")
    assert "0-23" in refused("sms", "policy", "--quiet", "25:00-09:00")
    assert "NIE" in refused("sms", "policy", "--forget", "NIE")


def test_a_modem_is_set_up_before_the_service_runs(said: Command, refused: Command) -> None:
    said("modem", "add", "m0", "--device", "/dev/ttyUSB9")
    changed = said("modem", "sim", "m0", "--per-day", "200", "--cost", "=0.25")
    assert "200 a day" in changed
    assert said("modem", "sim", "m0") == changed
    assert "0 this day" in said("modem", "figures", "m0")
    assert "--balance" in refused("modem", "sim", "m0", "--alert-below", "20")
    assert "m9" in refused("modem", "sim", "m9")
    assert "m9" in refused("modem", "figures", "m9")


def test_routing_is_decided_on_the_command_line(said: Command, refused: Command) -> None:
    assert "nothing is routed" in said("call", "routing")
    said("user", "add", "ayse", "--extension", "102")
    said("user", "add", "ali", "--extension", "103")
    line = ("call", "routing", "--did", "0212 555 01 70".replace(" ", ""))
    shown = said(*line, "--route", "--ring", "10", "--fallback", "600", "--deputy", "ayse=ali")
    assert "+902125550170" in shown
    assert "600 for 20 s" in shown
    assert "ali stands in for ayse" in shown
    shown = said(*line, "--no-names", "--deputy", "ayse=")
    assert shown.count("+902125550170") == 1
    assert "stands in" not in shown
    assert "--did" in refused("call", "routing", "--route")
    assert "nobody" in refused("call", "routing", "--deputy", "ayse=nobody")
    assert "ayse=ali" in refused("call", "routing", "--deputy", "ayse")
    assert "ring_s" in refused(*line, "--ring", "1")
    assert "nothing is routed" in said(*line, "--forget")
    assert "no rule" in refused(*line, "--forget")
