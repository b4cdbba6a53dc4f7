"""HTTPS: the generated certificate, one's own, and what is never served in clear."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import signal
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gateway import config as configuration
from gateway.app import running
from gateway.cli import main
from gateway.config import Config
from gateway.kernel.errors import ConfigError
from tests.service import ServiceProcess
from tests.surfer import Surfer
from tests.waiting import until

UNCHECKED = ssl.create_default_context()
UNCHECKED.check_hostname = False
UNCHECKED.verify_mode = ssl.CERT_NONE


def certificate(
    folder: Path, name: str = "own", *, elliptic: bool = True, days: int = 90
) -> tuple[Path, Path, str]:
    """Write a certificate and its key; returns both files and the fingerprint."""
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if elliptic
        else rsa.generate_private_key(65537, 2048)
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return *files, made.fingerprint(hashes.SHA256()).hex()


async def shown(
    port: int,
    *,
    ciphers: str = "",
    versions: Sequence[ssl.TLSVersion] = (),
    name: str | None = None,
) -> str:
    """Return the fingerprint of the certificate that is shown, as `openssl s_client` would."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if ciphers:
        context.set_ciphers(ciphers)
    if versions:
        context.minimum_version, context.maximum_version = versions
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name or ""
    )
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return hashlib.sha256(found).hexdigest()


def config_in(folder: Path, **server: object) -> Config:
    return Config.model_validate({"server": {"port": 0, **server}, "store": {"data": folder}})


async def test_others_are_served_by_https_from_the_first_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    config = config_in(tmp_path, bind="0.0.0.0", names=["santral.example"])
    async with running(config, devices=False) as service:
        assert service.scheme == "https"
        fingerprint = await shown(service.port)
        told = re.search(r"SHA-256 fingerprint ([0-9A-F:]{95})", caplog.text)
        assert told is not None
        assert told[1].replace(":", "").lower() == fingerprint
        file = tmp_path / "generated-certificate.pem"
        assert file.stat().st_mode & 0o777 == 0o600
        made = x509.load_pem_x509_certificate(file.read_bytes())
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert {"santral.example", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
        assert ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress)
        assert isinstance(made.public_key(), ec.EllipticCurvePublicKey)
        assert made.not_valid_after_utc - made.not_valid_before_utc == timedelta(days=397)
        async with Surfer(f"https://127.0.0.1:{service.port}", ssl_context=UNCHECKED) as surfer:
            ready = (await surfer.get("/readyz")).json()
            told_of = ready["components"]["certificate"]
            assert told_of["level"] == "degraded"
            assert "[server] certificate" in told_of["remedy"]
            assert ready["ready"]
            once = (tmp_path / "first-password").read_text(encoding="utf-8").strip()
            answer = await surfer.sign_in("admin", once)
            assert (answer.status, answer.location) == (303, "/")
            cookie = answer.cookies["__Host-santral"]
            assert cookie["secure"]
            assert cookie["httponly"]
            assert cookie["path"] == "/"
            assert not cookie["domain"]
            assert "Strict-Transport-Security" not in answer.headers
            surfer.cookies = {"santral": surfer.cookies["__Host-santral"]}
            assert (await surfer.get("/api/v1/me")).status == 401  # the plain name is not taken
    async with running(config, devices=False) as service:
        assert await shown(service.port) == fingerprint  # kept over a restart
    async with running(
        config_in(tmp_path, bind="0.0.0.0", names=["x.example"]), devices=False
    ) as service:
        assert await shown(service.port) != fingerprint  # another name


async def test_nothing_is_served_in_clear_where_others_can_listen(tmp_path: Path) -> None:
    config = config_in(tmp_path, bind="0.0.0.0")
    async with running(config, devices=False) as service, aiohttp.ClientSession() as http:
        for path in ("/", "/sign-in", "/healthz", "/api/v1/me"):
            with pytest.raises(aiohttp.ClientError):
                await http.get(f"http://127.0.0.1:{service.port}{path}")


async def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    config = config_in(tmp_path, bind="0.0.0.0")
    async with running(config, devices=False) as service:
        assert service.gate.certificates is not None
        assert service.gate.certificates.context.minimum_version is ssl.TLSVersion.TLSv1_2
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert await shown(service.port, versions=(version, version))


async def test_this_machine_alone_is_served_plain_as_ever(tmp_path: Path) -> None:
    async with running(config_in(tmp_path), devices=False) as service:
        assert service.scheme == "http"
        assert not list(tmp_path.glob("*.pem"))
        async with Surfer(f"http://127.0.0.1:{service.port}") as surfer:
            assert (await surfer.get("/healthz")).status == 200


async def test_ones_own_certificate_is_taken_up_anew_without_a_restart(tmp_path: Path) -> None:
    rsa_files = certificate(tmp_path, "first", elliptic=False)
    own, key = tmp_path / "own.crt", tmp_path / "own.key"
    own.write_bytes(rsa_files[0].read_bytes())
    key.write_bytes(rsa_files[1].read_bytes())
    config = config_in(tmp_path / "data", certificate=str(own), key=str(key))
    async with running(config, devices=False) as service:
        assert service.scheme == "https"
        checked = ssl.create_default_context(cafile=rsa_files[0])
        async with Surfer(f"https://127.0.0.1:{service.port}", ssl_context=checked) as surfer:
            answer = await surfer.get("/sign-in")
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            ready = (await surfer.get("/readyz")).json()
            assert ready["components"]["certificate"] == {"level": "ok"}
            second = certificate(tmp_path, "second")
            own.write_bytes(second[0].read_bytes())  # its key is not there yet
            service.reload()
            await until(lambda: _told(service.gate.certificates, surfer, "is still in use"))
            assert await shown(service.port) == rsa_files[2]
            key.write_bytes(second[1].read_bytes())
            service.reload()

            async def taken_up() -> bool:
                return await shown(service.port, name="localhost") == second[2]

            await until(taken_up)
            assert await shown(service.port) == second[2]  # without a name, too
            version = ssl.TLSVersion.TLSv1_2
            with pytest.raises(
                (ssl.SSLError, ConnectionError)
            ):  # the one before is not there for its kind of key
                await shown(service.port, ciphers="ECDHE+aRSA", versions=(version, version))
            assert (await surfer.get("/sign-in")).status == 200  # open connections go on


async def _told(certificates: object, surfer: Surfer, text: str) -> bool:
    return certificates is not None and text in (await surfer.get("/readyz")).text


async def test_a_certificate_that_ends_soon_is_told_of(tmp_path: Path) -> None:
    own, key, _ = certificate(tmp_path, days=3)
    config = config_in(tmp_path / "data", certificate=str(own), key=str(key))
    async with running(config, devices=False) as service:
        url = f"https://127.0.0.1:{service.port}"
        async with Surfer(url, ssl_context=UNCHECKED) as surfer:
            told = (await surfer.get("/readyz")).json()["components"]["certificate"]
            assert told["level"] == "degraded"
            assert "ends on" in told["detail"]


async def test_certificate_and_key_may_be_one_file(tmp_path: Path) -> None:
    own, key, fingerprint = certificate(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(own.read_bytes() + key.read_bytes())
    config = config_in(tmp_path / "data", certificate=str(both))
    async with running(config, devices=False) as service:
        assert await shown(service.port) == fingerprint


async def test_files_that_cannot_be_used_are_told_by_name_and_remedy(tmp_path: Path) -> None:
    own, key, _ = certificate(tmp_path)
    _, other, _ = certificate(tmp_path, "other")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense", encoding="utf-8")
    locked = tmp_path / "locked.key"
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    locked.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
    )  # fmt: skip
    for certificate_file, key_file, named in (
        (tmp_path / "gone.crt", key, "gone.crt"), (own, tmp_path / "gone.key", "gone.key"),
        (own, other, "own.crt"), (nonsense, key, "nonsense.pem"), (own, nonsense, "nonsense.pem"),
        (own, locked, "locked.key"), (tmp_path, key, str(tmp_path)), (own, own, "own.crt"),
    ):  # fmt: skip
        config = config_in(tmp_path / "data", certificate=str(certificate_file), key=str(key_file))
        with pytest.raises(ConfigError) as refused:
            async with running(config, devices=False):
                pass
        assert named in str(refused.value)
        assert "[server] certificate" in str(refused.value)
        assert "PEM" in str(refused.value) or "check path and rights" in str(refused.value)


async def test_a_running_service_renews_its_certificate_on_sighup(tmp_path: Path) -> None:
    first, second = certificate(tmp_path, "own"), certificate(tmp_path, "second")
    configuration = f'[server]\ncertificate = "{first[0]}"\nkey = "{first[1]}"\n'
    async with ServiceProcess(tmp_path, configuration=configuration) as service:
        port = int(service.url.rpartition(":")[2])
        assert service.url.startswith("https://")
        assert await shown(port) == first[2]
        first[0].write_bytes(second[0].read_bytes())
        first[1].write_bytes(second[1].read_bytes())
        assert service.process is not None
        service.process.send_signal(signal.SIGHUP)

        async def renewed() -> bool:
            return await shown(port) == second[2]

        await until(renewed)
        log = service.log.read_text(encoding="utf-8")
        once = (tmp_path / "data" / "first-password").read_text(encoding="utf-8").strip()
        assert "first-password" in log
        assert once not in log


async def test_the_command_line_lets_people_in_and_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "santral.toml"
    file.write_text(f'[server]\nport = 0\n[store]\ndata = "{tmp_path}"\n', encoding="utf-8")

    async def said(*arguments: str, code: int = 0) -> tuple[str, str]:
        found = await asyncio.to_thread(main, ["--config", str(file), "user", *arguments])
        output = capfd.readouterr()
        assert found == code, output.err
        return output

    async with running(configuration.load(file), devices=False) as service:
        url = f"http://127.0.0.1:{service.port}"
        await said("add", "ayse")
        once = (await said("password", "ayse"))[0].strip()
        async with Surfer(url) as surfer:
            surfer.headers["User-Agent"] = "Firefox/140"
            assert (await surfer.sign_in("ayse", once)).status == 303
            listed, _ = await said("sessions", "ayse")
            assert "127.0.0.1" in listed
            assert "Firefox/140" in listed
            assert (await said("sign-out", "ayse"))[0] == "1 sessions of ayse have ended\n"
            assert (await surfer.get("/password")).location.startswith("/sign-in")
        assert "nobody" in (await said("password", "nobody", code=1))[1]
        assert (tmp_path / "first-password").exists()
    reset = (await said("password", "admin"))[0].strip()  # also while it does not run
    assert not (tmp_path / "first-password").exists()
    async with (
        running(configuration.load(file), devices=False) as service,
        Surfer(f"http://127.0.0.1:{service.port}") as surfer,
    ):
        assert (await surfer.sign_in("admin", reset)).status == 303
