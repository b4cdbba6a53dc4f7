"""Where a request comes from: told by its connection, or by a proxy that is trusted to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from aiohttp import web

Network = IPv4Network | IPv6Network
MAX_HOPS = 32
"""Addresses of X-Forwarded-For that are looked at, from the nearest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Who sent a request, and whether others could listen."""

    address: str
    """Empty where there is none: a Unix socket."""
    secure: bool
    """It came by HTTPS, here or at the proxy."""

    @property
    def scheme(self) -> str:
        """Return the scheme that its browser sees."""
        return "https" if self.secure else "http"

    @property
    def private(self) -> bool:
        """Tell whether nobody on the way could read it."""
        found = _parsed(self.address)
        return self.secure or (found is not None and found.is_loopback)


class Proxies:
    """The proxies whose word is taken; what a stranger forwards is his own invention."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def remote_of(self, request: web.BaseRequest) -> Remote:
        """Return where a request comes from."""
        peer = _parsed(request.remote or "")
        if peer is None or not self._trusts(peer):
            return Remote(address=str(peer or ""), secure=request.secure)
        told = request.headers.getall("X-Forwarded-Proto", [])
        scheme = told[-1].rpartition(",")[2].strip().lower() if told else request.scheme
        return Remote(address=str(self._behind(peer, request)), secure=scheme == "https")

    def _behind(
        self, peer: IPv4Address | IPv6Address, request: web.BaseRequest
    ) -> IPv4Address | IPv6Address:
        """Return the nearest address that is no trusted proxy's."""
        told = ",".join(request.headers.getall("X-Forwarded-For", []))
        nearest = peer
        for written in reversed(told.split(",")[-MAX_HOPS:]):
            found = _parsed(written.strip())
            if found is None:
                return nearest
            nearest = found
            if not self._trusts(found):
                return found
        return nearest

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(
            address in network for network in self._networks if network.version == address.version
        )


def _parsed(written: str) -> IPv4Address | IPv6Address | None:
    """Return an address; one of IPv4 inside IPv6 is that of IPv4 (RFC 4291 §2.5.5.2)."""
    bare = written.removeprefix("[").partition("]")[0] if written.startswith("[") else written
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_loopback(host: str) -> bool:
    """Tell whether what listens at a host is reached from this machine only."""
    found = _parsed(host)
    return host == "localhost" if found is None else found.is_loopback
