"""Where a request comes from, and which names are ours."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web
from multidict import CIMultiDict

from gateway.web.hosts import Hosts, Misdirected
from gateway.web.remote import Proxies, Remote, is_loopback

PROXIES = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


def came(peer: str, headers: Sequence[tuple[str, str]] = (), *, tls: bool = False) -> Remote:
    request = SimpleNamespace(
        remote=peer, secure=tls, scheme="https" if tls else "http", headers=CIMultiDict(headers)
    )
    return PROXIES.remote_of(cast("web.BaseRequest", request))


FORGED = [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https")]


def test_a_stranger_forwards_nothing() -> None:
    assert came("192.0.2.9", FORGED) == Remote(address="192.0.2.9", secure=False)


def test_a_trusted_proxy_tells_address_and_scheme() -> None:
    told = [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https")]
    assert came("10.1.1.1", told) == Remote(address="192.0.2.9", secure=True)


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["127.0.0.1, 192.0.2.9"], "192.0.2.9"),
        (["127.0.0.1", "192.0.2.9, 10.2.2.2"], "192.0.2.9"),
        (["192.0.2.9:4711"], "192.0.2.9"),
        (["[2001:db8::5]:4711"], "2001:db8::5"),
        (["2001:db8::5, fd00::1"], "2001:db8::5"),
        (["::ffff:192.0.2.9"], "192.0.2.9"),
        (["192.0.2.9, unknown"], "10.1.1.1"),
        (["<script>"], "10.1.1.1"),
        (["10.3.3.3"], "10.3.3.3"),
        ([], "10.1.1.1"),
        (["192.0.2.9" + ", 10.2.2.2" * 100], "10.2.2.2"),
    ],
)
def test_the_nearest_address_that_is_no_proxys_counts(forwarded: list[str], address: str) -> None:
    assert came("10.1.1.1", [("X-Forwarded-For", one) for one in forwarded]).address == address


@pytest.mark.parametrize(
    ("told", "secure"),
    [(["http"], False), (["https"], True), (["https, http"], False), (["HTTPS"], True), ([], True)],
)
def test_the_nearest_proxys_scheme_counts(told: list[str], secure: bool) -> None:
    headers = [("X-Forwarded-Proto", one) for one in told]
    assert came("10.1.1.1", headers, tls=True).secure is secure


@pytest.mark.parametrize(
    ("remote", "private"),
    [
        (Remote(address="127.0.0.1", secure=False), True),
        (Remote(address="::1", secure=False), True),
        (Remote(address="192.0.2.1", secure=False), False),
        (Remote(address="", secure=False), False),
        (Remote(address="192.0.2.1", secure=True), True),
    ],
)
def test_plain_http_is_private_on_this_machine_only(remote: Remote, private: bool) -> None:
    assert remote.private is private


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("", False), ("10.0.0.1", False), ("office", False)],
)  # fmt: skip
def test_which_binds_serve_this_machine_only(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "header",
    ["localhost", "LOCALHOST:8080", "santral.example.com", "Santral.Example.Com.:8443", "",
     "127.0.0.1:8080", "192.0.2.7", "[::1]:8080", "[2001:db8::1]"],
)  # fmt: skip
def test_our_names_and_addresses_are_answered_to(header: str) -> None:
    Hosts(["santral.example.com"]).require(header)


@pytest.mark.parametrize(
    "header",
    ["evil.example", "evil.example:8080", "santral.example.com.evil.example", "localhost.evil",
     "x@localhost", "127.0.0.1.evil.example", "[evil]", "0x7f.1.evil"],
)  # fmt: skip
def test_other_names_are_not(header: str) -> None:
    with pytest.raises(Misdirected, match="names"):
        Hosts(["santral.example.com"]).require(header)
