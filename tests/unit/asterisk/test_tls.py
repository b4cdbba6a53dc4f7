"""The manager's connection over TLS: whom we trust, and what is said where we do not."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drivers.asterisk.ami import AmiLink, Refused
from drivers.asterisk.capture import capture
from drivers.asterisk.driver import probe
from gateway.calls.port import PbxCondition
from tests.unit.asterisk.peer import peer


def certified(folder: Path, address: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """Return a server's side with a certificate of its own, and the file of that."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pbx")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "pbx.pem", folder / "pbx.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return context, file


async def test_a_trusted_certificate_carries_everything(tmp_path: Path) -> None:
    context, file = certified(tmp_path)
    async with peer(context) as found:
        settings = replace(found.settings(), tls=True, tls_ca=str(file))
        link = await AmiLink.open(settings, lambda _raw: None)
        assert (await link.ask("Ping")).success
        link.close()
        assert (await probe(settings)).condition is PbxCondition.READY
        assert await capture(settings, tmp_path / "x.ami", 0.2) > 0


@pytest.mark.parametrize("trouble", ["unknown", "another machine's", "no file", "no certificate"])
async def test_what_is_not_trusted_is_refused_with_the_reason(tmp_path: Path, trouble: str) -> None:
    context, file = certified(tmp_path, "127.0.0.9" if "another" in trouble else "127.0.0.1")
    ca = {"unknown": "", "no file": "/nowhere.pem"}.get(trouble, str(file))
    if trouble == "no certificate":
        file = tmp_path / "odd.pem"
        file.write_text("no certificate")
        ca = str(file)
    async with peer(context) as found:
        settings = replace(found.settings(), tls=True, tls_ca=ca)
        with pytest.raises(Refused) as refused:
            await AmiLink.open(settings, lambda _raw: None)
        assert refused.value.code == "tls"
        status = await probe(settings)
        assert status.condition is PbxCondition.REFUSED
        assert status.detail
        assert found.asked == []
    await asyncio.sleep(0)


async def test_a_port_that_speaks_no_tls_is_told(tmp_path: Path) -> None:
    _, file = certified(tmp_path)
    async with peer() as found:
        settings = replace(found.settings(), tls=True, tls_ca=str(file))
        status = await probe(settings)
        assert status.condition is not PbxCondition.READY
        assert status.detail
