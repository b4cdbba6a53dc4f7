"""The names that we answer to: a page elsewhere must not reach us by a name of its own.

A stranger's page can make its own name point at our address (DNS rebinding) and would then be the
same origin as we are to its visitor's browser. An address in the place of a name cannot be made to
point anywhere, so that it needs no list.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address

from gateway.kernel.errors import BadRequest


class Misdirected(BadRequest):
    """The request was meant for somebody else (RFC 9110 §15.5.20)."""


class Hosts:
    """Knows our names."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = frozenset(_plain(name) for name in (*names, "localhost", machine_name()))

    def require(self, header: str) -> None:
        """Raise Misdirected unless a Host header names us; none at all is no browser's."""
        host = _host_in(header)
        if host and host not in self._names and not _is_address(host):
            raise Misdirected(
                f"{header[:100]!r} is no name of this service; "
                "an administrator adds it to [server] names"
            )


def machine_name() -> str:
    """Return what this machine calls itself."""
    return _plain(socket.gethostname())


def _host_in(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return _plain(header.partition(":")[0])


def _plain(name: str) -> str:
    return name.strip().lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
