"""The sections of the configuration, each typed and with its defaults."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)

HOST_NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,62}\.?){0,30}$"


class Section(BaseModel):
    """Root of every section: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where the service listens."""

    bind: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    socket: str = ""
    """The command line's Unix socket; empty: `santral.sock` in the data folder."""
    names: tuple[Annotated[str, Field(pattern=HOST_NAME)], ...] = ()
    """The names by which browsers reach it."""
    certificate: Path | None = None
    """PEM, its chain behind it; none: a generated one, where not this machine alone is served."""
    key: Path | None = None
    """PEM without a password; none: it stands in the certificate's file."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Whose word is taken on where a request comes from (X-Forwarded-For, X-Forwarded-Proto)."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.key is not None and self.certificate is None:
            msg = "key is given without certificate; give both"
            raise ValueError(msg)
        return self


class StoreSection(Section):
    """Where state is kept."""

    data: Path = Path("var")
    url: str = ""
    """A SQLAlchemy URL; empty: `santral.db` in the data folder."""
    secret_key: SecretStr = SecretStr("")
    events_days: Annotated[int, Field(ge=1, le=3650)] = 7
    """How long the event log is kept for readers that were away."""

    @field_validator("url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:", "postgresql:", "postgresql+asyncpg:")):
            msg = "must begin with sqlite:/// or postgresql://"
            raise ValueError(msg)
        return value


class Site(Section):
    """How numbers are written here."""

    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "TR"
    area: Annotated[str, Field(pattern="^[0-9]*$")] = ""
    zone: str = "Europe/Istanbul"
    """The time zone of the office's clock on the wall."""
    numbers: tuple[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{4,15}$")], ...] = ()
    """The company's own lines, or what their numbers begin with: never a customer's."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            msg = f"{value!r} is no time zone; write it as Europe/Istanbul"
            raise ValueError(msg)
        return value


class Sms(Section):
    """What holds for every text message."""

    national_languages: tuple[str, ...] = ("turkish", "spanish", "portuguese")
    """National language shift tables that the networks here carry; empty: UCS-2 instead."""
    incomplete_after_s: Annotated[float, Field(gt=0)] = 86_400.0
    """How long missing parts of a long message are awaited."""

    @field_validator("national_languages")
    @classmethod
    def _known_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(value) - {"turkish", "spanish", "portuguese"}
        if unknown:
            msg = f"unknown: {', '.join(sorted(unknown))}; choose of turkish, spanish, portuguese"
            raise ValueError(msg)
        return value


class Logs(Section):
    """What is written to standard error."""

    level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"


class ModemSeed(Section):
    """A modem that the first start puts into the settings."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    device: Annotated[str, Field(min_length=1)]
    pin: SecretStr = SecretStr("")
    profile: str = ""
    smsc: str = ""
    number: str = ""


class RecordingsSection(Section):
    """What holds for our copies of recordings, which lie in `recordings` in the data folder."""

    max_mb: Annotated[int, Field(ge=1, le=100_000)] = 500
    """How large one may be, in millions of bytes."""


class FaxSection(Section):
    """What holds for every fax."""

    company: Annotated[str, Field(max_length=100)] = ""
    """Who we are: on cover pages, and on top of every page."""
    number: Annotated[str, Field(pattern=r"^\+?[0-9 ()-]{0,24}$")] = ""
    """Our fax number: on cover pages, on top of every page, and what we call ourselves (CSID)."""
    email: Annotated[str, Field(max_length=100)] = ""
    """Our address: on cover pages and letters."""
    language: Literal["tr", "ru", "en"] = "tr"
    """Of cover pages, where nothing else is said."""
    covers: Path | None = None
    """Folder with our own cover pages and the logo; none: those that come with Santral."""
    engine: Literal["automatic", "embedded", "ghostscript"] = "automatic"
    """What draws pages: Ghostscript where it is installed, or always the one or the other."""
    max_pages: Annotated[int, Field(ge=1, le=1000)] = 200
    """Of one fax that is sent."""


class FaxServerSection(Section):
    """A fax server, and who we are to it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 4559
    user: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")] = "santral"
    password: SecretStr = SecretStr("")
    admin_password: SecretStr = SecretStr("")
    """Needed for removing received faxes there, and where they are not readable by everyone."""
    events: bool = True
    """Whether it can reach us for its event stream; else it is asked."""
    poll_s: Annotated[float, Field(ge=0.5, le=600)] = 5.0
    """How often it is asked where it tells nothing by itself."""
    received: Literal["remove", "keep"] = "remove"
    """What is done there with a received fax once it is committed here."""
    lines: Annotated[int, Field(ge=1, le=240)] | None = None
    """How many faxes it sends at once; none: as many as it has modems."""
    prefixes: tuple[Annotated[str, Field(pattern=r"^\+?[0-9]{1,15}$")], ...] = ()
    """It sends only to numbers that begin so; none: to all."""
    pages_per_day: Annotated[int, Field(ge=1)] | None = None
    pages_per_month: Annotated[int, Field(ge=1)] | None = None


class PbxSection(Section):
    """A telephone system, and who we are to it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 5038
    user: Annotated[str, Field(min_length=1)]
    secret: SecretStr
    tls: bool = False
    tls_ca: str = ""
    """File of the authority that signed its certificate."""
    context: str = "from-internal"
    """Where in the dialplan our people's telephones dial from."""
    channel: Annotated[str, Field(pattern=r"^[^\s,&]*\{extension\}[^\s,&]*$")] = "PJSIP/{extension}"
    """How a user's telephone is rung."""
    outside: Annotated[str, Field(pattern="^[0-9*#]{0,6}$")] = ""
    """What is dialled before a number outside the company."""
    ring_s: Annotated[float, Field(ge=5, le=120)] = 30.0
    """How long a user's telephone rings before his dial is given up."""
    recordings: Annotated[str, Field(pattern="^/")] = "/var/spool/asterisk/monitor"
    """Folder on the telephone system's disk in which MixMonitor writes."""
    recordings_here: Path | None = None
    """Where that folder is mounted on this machine; none: recordings must be handed over."""
    recordings_delete: bool = False
    """Whether a recording is deleted there once our copy of it is committed."""
    agi_bind: Literal[""] | IPvAnyAddress = ""
    """Address at which its dialplan asks who calls; empty: it cannot."""
    agi_port: Annotated[int, Field(ge=1, le=65_535)] = 4573
    agi_peers: Annotated[tuple[IPvAnyAddress, ...], Field(max_length=20)] = ()
    """Addresses that may ask; empty: `host` alone."""

    @model_validator(mode="after")
    def _known_peers(self) -> Self:
        if self.agi_bind and not self.agi_allowed:
            msg = (
                f"agi_peers: {self.host!r} is a name; write the address from which its dialplan "
                'asks, as agi_peers = ["192.168.1.10"]'
            )
            raise ValueError(msg)
        return self

    @property
    def agi_allowed(self) -> frozenset[str]:
        """Return the addresses that may ask who calls."""
        if self.agi_peers:
            return frozenset(str(one) for one in self.agi_peers)
        if self.host == "localhost":
            return frozenset({"127.0.0.1", "::1"})
        try:
            return frozenset({str(ip_address(self.host))})
        except ValueError:
            return frozenset()
