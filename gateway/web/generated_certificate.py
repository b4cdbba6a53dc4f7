"""A certificate of our own making, so that the first hour is HTTPS as well."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.kernel.clock import Clock
from gateway.kernel.errors import ConfigError
from gateway.web.hosts import machine_name
from gateway.web.tls import CertificateFiles

FILE = "generated-certificate.pem"
VALID = timedelta(days=397)
"""The longest that browsers take (CA/Browser Forum Baseline Requirements §6.3.2, 2020)."""
RENEWED_BEFORE = timedelta(days=30)
_MAX_COMMON_NAME = 64  # X.520 ub-common-name
_ELSEWHERE = (("192.0.2.1", 9), ("2001:db8::1", 9))  # RFC 5737, RFC 3849: nobody is there


class GeneratedCertificate:
    """Makes key and certificate in a file of the data folder, and anew before it ends."""

    generated = True

    def __init__(self, folder: Path, names: Sequence[str], bind: str, clock: Clock) -> None:
        self._file = folder / FILE
        self._names = sorted({*names, "localhost", machine_name()} - {""})
        self._addresses = _addresses(bind)
        self._clock = clock

    def files(self) -> CertificateFiles:
        """Return the file; made when there is none, it is about to end or names have changed."""
        if not self._usable():
            try:
                _write(self._file, self._made())
            except OSError as error:
                raise ConfigError(
                    f"{self._file} cannot be written: {error.strerror}; "
                    "check [store] data and its rights, or set [server] certificate and key"
                ) from error
        return CertificateFiles(certificate=self._file, key=self._file)

    def _usable(self) -> bool:
        try:
            found = x509.load_pem_x509_certificate(self._file.read_bytes())
            names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (OSError, ValueError, x509.ExtensionNotFound):
            return False
        lasts = found.not_valid_after_utc - self._clock.now() > RENEWED_BEFORE
        return lasts and set(names.get_values_for_type(x509.DNSName)) == set(self._names)

    def _made(self) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        now = self._clock.now()
        name = x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, machine_name()[:_MAX_COMMON_NAME] or "santral"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Santral, generated"),
        ])  # fmt: skip
        made = self._builder(name, now).public_key(key.public_key()).sign(key, hashes.SHA256())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return secret + made.public_bytes(Encoding.PEM)

    def _builder(self, name: x509.Name, now: datetime) -> x509.CertificateBuilder:
        others = x509.SubjectAlternativeName(
            [
                *(x509.DNSName(one) for one in self._names),
                *(x509.IPAddress(one) for one in self._addresses),
            ]
        )
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now - timedelta(hours=1) + VALID)
            .add_extension(others, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )


def _addresses(bind: str) -> list[IPv4Address | IPv6Address]:
    """Return the addresses by which this machine may be reached."""
    written = ["127.0.0.1", "::1", bind, *(_own_towards(place) for place in _ELSEWHERE)]
    found: dict[IPv4Address | IPv6Address, None] = {}
    for one in written:
        try:
            address = ip_address(one.partition("%")[0])
        except ValueError:
            continue
        if not address.is_unspecified:
            found[address] = None
    return list(found)


def _own_towards(place: tuple[str, int]) -> str:
    """Return our address on the way to a place; to connect a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(place)
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def _write(file: Path, content: bytes) -> None:
    """Put a file that only we may read in its place, whole or not at all."""
    made = file.with_suffix(".new")
    made.unlink(missing_ok=True)
    fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    made.replace(file)
