"""A wrong configuration names file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load
from gateway.kernel.errors import ConfigError


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "santral.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_work_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(environment={})
    assert config.server.bind == "127.0.0.1"
    assert config.database_url.endswith("/var/santral.db")


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = _file(tmp_path, '[server]\nport = 1\n[store]\ndata = "/x"\n')
    config = load(path, {"SANTRAL_PORT": "8181", "SANTRAL_DATA": str(tmp_path)})
    assert config.server.port == 8181
    assert config.socket_path == tmp_path / "santral.sock"


def test_a_systemd_credential_is_the_key(tmp_path: Path) -> None:
    (tmp_path / "santral-secret-key").write_text("abc\n")
    config = load(_file(tmp_path, ""), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert config.store.secret_key.get_secret_value() == "abc"
    assert "abc" not in repr(config)


@pytest.mark.parametrize(
    ("text", "environment", "named"),
    [
        ("[server]\nprot = 1\n", {}, "server.prot"),
        ("[server]\nport = 99999\n", {}, "server.port"),
        ("[server\n", {}, "TOML"),
        ("server = 3\n", {"SANTRAL_PORT": "1"}, "[server]"),
        ("", {"SANTRAL_PORT": "x"}, "SANTRAL_PORT"),
        ('[store]\nurl = "mysql://x"\n', {}, "store.url"),
        ('[sms]\nnational_languages = ["klingon"]\n', {}, "klingon"),
        ('[[modem]]\nid = "A B"\ndevice = "/dev/x"\n', {}, "modem.0.id"),
    ],
)
def test_faults_are_named(
    tmp_path: Path, text: str, environment: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError) as fault:
        load(_file(tmp_path, text), environment)
    assert named in str(fault.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        load(tmp_path / "absent.toml", {})


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "santral.toml"
    path.write_bytes("[site]\narea = 'ş'".encode("utf-16"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(path, {})


def test_how_browsers_reach_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "santral.toml"
    file.write_text(
        '[server]\nnames = ["santral.example.com", "office"]\n'
        'trusted_proxies = ["10.0.0.0/8", "::1"]\ncertificate = "/etc/x.pem"\n',
        encoding="utf-8",
    )
    server = load(file, {}).server
    assert server.names == ("santral.example.com", "office")
    assert [str(one) for one in server.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert server.certificate == Path("/etc/x.pem")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [('names = ["https://x"]', "server.names"), ('names = ["-x"]', "server.names"),
     ('trusted_proxies = ["proxy"]', "server.trusted_proxies"),
     ('trusted_proxies = ["10.0.0.1/8"]', "server.trusted_proxies"),
     ('key = "/etc/x.key"', "certificate")],
)  # fmt: skip
def test_a_wrong_way_in_is_refused_by_name(tmp_path: Path, wrong: str, named: str) -> None:
    file = tmp_path / "santral.toml"
    file.write_text(f"[server]\n{wrong}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=named):
        load(file, {})


PBX = '[[pbx]]\nid = "office"\nuser = "u"\nsecret = "s"\n'


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("", {"127.0.0.1"}),
        ('host = "localhost"\n', {"127.0.0.1", "::1"}),
        ('host = "192.0.2.7"\n', {"192.0.2.7"}),
        ('host = "pbx.lan"\nagi_peers = ["192.0.2.8", "2001:DB8::1"]\n',
         {"192.0.2.8", "2001:db8::1"}),
    ],
)  # fmt: skip
def test_only_the_telephone_system_may_ask_who_calls(
    tmp_path: Path, said: str, allowed: set[str]
) -> None:
    [one] = load(_file(tmp_path, PBX + said + 'agi_bind = "127.0.0.1"\n'), {}).pbx
    assert set(one.agi_allowed) == allowed
    assert one.agi_port == 4573


def test_nobody_may_ask_who_calls_unless_it_is_said(tmp_path: Path) -> None:
    [one] = load(_file(tmp_path, PBX), {}).pbx
    assert not one.agi_bind


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (PBX + 'host = "pbx.lan"\nagi_bind = "127.0.0.1"\n', "agi_peers"),
        (PBX + 'agi_bind = "somewhere"\n', "agi_bind"),
        ((PBX + 'agi_bind = "127.0.0.1"\n') * 2, "agi_port 4573"),
    ],
)
def test_a_wrong_address_for_the_dialplan_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(_file(tmp_path, text), {})
