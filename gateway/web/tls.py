"""HTTPS: certificate and key from files, taken up anew when these change, without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from gateway.kernel.clock import Clock
from gateway.kernel.errors import ConfigError
from gateway.kernel.health import Condition, Health, Level

logger = logging.getLogger(__name__)

LOOK_S = 30.0
"""How often the files are looked at."""
RENEW_BEFORE = timedelta(days=14)
"""How long before its end a certificate's is told of."""
COMPONENT = "certificate"
OWN_REMEDY = (
    "install your own: [server] certificate and key, or a proxy in [server] trusted_proxies"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """Where certificate (with its chain) and key are, both as PEM; both may be one file."""

    certificate: Path
    key: Path


class Source(Protocol):
    """Has the files that are to be used."""

    generated: bool

    def files(self) -> CertificateFiles:
        """Return the files; may make them first."""
        ...


class GivenFiles:
    """An administrator's own certificate."""

    generated = False

    def __init__(self, certificate: Path, key: Path | None) -> None:
        self._files = CertificateFiles(certificate=certificate, key=key or certificate)

    def files(self) -> CertificateFiles:
        """Return the files that are configured."""
        return self._files


class Certificates:
    """Holds the certificate in force. New connections are given the newest one."""

    def __init__(
        self,
        source: Source,
        clock: Clock,
        health: Health,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Load; raises ConfigError that names the file. `changed` is called after each reload."""
        self.generated = source.generated
        self._source = source
        self._clock = clock
        self._health = health
        self._changed = changed
        self._woken = asyncio.Event()
        files = source.files()
        self._seen = _state_of(files)
        self._told = ""
        self._current = _load(files)
        self._shown = _shown_in(files)
        self.context = _load(files)
        self.context.sni_callback = self._choose
        self._report()

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate in force, as browsers show it."""
        return self._shown.fingerprint(hashes.SHA256()).hex(":").upper()

    def reload(self) -> None:
        """Have the files read again now, whether or not they look changed."""
        self._seen = ()
        self._woken.set()

    async def run(self) -> None:
        """Follow the files until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._woken.wait()
            self._woken.clear()
            await self._look()

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _of: ssl.SSLContext) -> None:
        """Give a new connection the newest certificate; OpenSSL asks whether or not it has a name.

        Loading it into the context in use would leave an older one with another kind of key there.
        """
        connection.context = self._current

    async def _look(self) -> None:
        """Take changed files up; what cannot be used is told, and the one in force stays."""
        try:
            files = await asyncio.to_thread(self._source.files)
            seen = await asyncio.to_thread(_state_of, files)
            if seen != self._seen:
                current = await asyncio.to_thread(_load, files)
                self._shown = await asyncio.to_thread(_shown_in, files)
                self._current, self._seen, self._told = current, seen, ""
                logger.info("the certificate is renewed: SHA-256 %s", self.fingerprint)
                self._changed()
        except ConfigError as error:
            if str(error) != self._told:
                logger.error("the certificate is not renewed: %s", error)
            self._told = str(error)
            condition = Condition(
                level=Level.DEGRADED, detail=str(error), remedy="the one before is still in use"
            )
            self._health.report(COMPONENT, condition)
            return
        self._report()

    def _report(self) -> None:
        if self.generated:
            detail = f"a generated certificate is in use: SHA-256 {self.fingerprint}"
            condition = Condition(level=Level.DEGRADED, detail=detail, remedy=OWN_REMEDY)
        else:
            condition = _condition_at(self._shown.not_valid_after_utc, self._clock.now())
        self._health.report(COMPONENT, condition)


def _condition_at(end: datetime, now: datetime) -> Condition:
    if end - now > RENEW_BEFORE:
        return Condition(level=Level.OK)
    verb = "ended" if end <= now else "ends"
    return Condition(
        level=Level.DEGRADED, detail=f"the certificate {verb} on {end:%Y-%m-%d}",
        remedy="put a new one in its file; it is taken up without a restart",
    )  # fmt: skip


def _load(files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for file in (files.certificate, files.key):
        _require_readable(file)
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"[server] certificate {files.certificate} and key {files.key} cannot be used: "
            f"{_reason(error)}; both must be PEM, the certificate's own first, then its chain, "
            "and the key that belongs to it, without a password"
        ) from error
    return context


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error) or "they are no PEM"


def _no_password() -> str:
    """Stand in for a terminal, which OpenSSL would ask otherwise."""
    return ""


def _require_readable(file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{file} ([server] certificate or key) cannot be read: {error.strerror}; "
        "check path and rights: the service's user must be able to read it"
    )


def _shown_in(files: CertificateFiles) -> x509.Certificate:
    """Return the certificate that browsers are shown."""
    try:
        return x509.load_pem_x509_certificates(files.certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"[server] certificate {files.certificate} holds no certificate as PEM: {error}"
        ) from error


def _state_of(files: CertificateFiles) -> tuple[tuple[int, int, int], ...]:
    """Return what changes when a file does."""
    found = []
    for file in (files.certificate, files.key):
        try:
            status = file.stat()
        except OSError as error:
            raise _unreadable(file, error) from error
        found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
