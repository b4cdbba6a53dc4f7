"""How the service is reached over TCP: HTTPS, its certificate, its names and its proxies."""

from __future__ import annotations

import logging

from gateway.config import Config
from gateway.kernel.runtime import Runtime
from gateway.web.gate import Gate
from gateway.web.generated_certificate import GeneratedCertificate
from gateway.web.hosts import Hosts
from gateway.web.remote import Proxies, is_loopback
from gateway.web.sessions import SessionKeeper
from gateway.web.tls import Certificates, GivenFiles, Source

logger = logging.getLogger(__name__)


def compose(config: Config, runtime: Runtime, sessions: SessionKeeper, *, tcp: bool) -> Gate:
    """Return the way in; raises ConfigError for a certificate that cannot be used."""
    server = config.server
    return Gate(
        proxies=Proxies(server.trusted_proxies),
        hosts=Hosts((*server.names, server.bind)),
        certificates=_certificates(config, runtime) if tcp else None,
        sessions=sessions,
    )


def _certificates(config: Config, runtime: Runtime) -> Certificates | None:
    """Return the certificate; None where plain HTTP is right: only this machine is served."""
    server, source = config.server, _source(config, runtime)
    if source is None:
        return None
    made = Certificates(source, runtime.clock, runtime.health)
    if made.generated:
        logger.warning(
            "%s is served with a generated certificate, SHA-256 fingerprint %s; "
            "install your own with [server] certificate and key", server.bind, made.fingerprint,
        )  # fmt: skip
    return made


def _source(config: Config, runtime: Runtime) -> Source | None:
    server = config.server
    if server.certificate is not None:
        return GivenFiles(server.certificate, server.key)
    if is_loopback(server.bind):
        return None
    return GeneratedCertificate(config.store.data, server.names, server.bind, runtime.clock)
