"""Typed settings of one instance, from TOML, the environment and systemd's credentials."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from gateway.kernel.errors import ConfigError
from gateway.kernel.numbers import NumberingPlan

DEFAULT_FILES = (Path("santral.toml"), Path("/etc/santral/santral.toml"))

ENVIRONMENT = {
    "SANTRAL_BIND": ("server", "bind"),
    "SANTRAL_PORT": ("server", "port"),
    "SANTRAL_SOCKET": ("server", "socket"),
    "SANTRAL_DATA": ("store", "data"),
    "SANTRAL_DATABASE_URL": ("store", "url"),
    "SANTRAL_SECRET_KEY": ("store", "secret_key"),
    "SANTRAL_REGION": ("site", "region"),
    "SANTRAL_ZONE": ("site", "zone"),
    "SANTRAL_LOG_LEVEL": ("logs", "level"),
}
"""Environment variables that override the file, and the keys they stand for."""

HOST_NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,62}\.?){0,30}$"

CREDENTIAL = "santral-secret-key"
"""Name of the systemd credential that holds the key (LoadCredential=)."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Section):
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


class StoreSection(_Section):
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


class Site(_Section):
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


class Sms(_Section):
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


class Logs(_Section):
    """What is written to standard error."""

    level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"


class ModemSeed(_Section):
    """A modem that the first start puts into the settings."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    device: Annotated[str, Field(min_length=1)]
    pin: SecretStr = SecretStr("")
    profile: str = ""
    smsc: str = ""
    number: str = ""


class RecordingsSection(_Section):
    """What holds for our copies of recordings, which lie in `recordings` in the data folder."""

    max_mb: Annotated[int, Field(ge=1, le=100_000)] = 500
    """How large one may be, in millions of bytes."""


class PbxSection(_Section):
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


class Config(_Section):
    """Everything that must be known before the database is open."""

    server: Server = Server()
    store: StoreSection = StoreSection()
    site: Site = Site()
    sms: Sms = Sms()
    logs: Logs = Logs()
    modem: tuple[ModemSeed, ...] = ()
    pbx: tuple[PbxSection, ...] = ()
    recordings: RecordingsSection = RecordingsSection()

    @field_validator("pbx")
    @classmethod
    def _own_agi_ports(cls, value: tuple[PbxSection, ...]) -> tuple[PbxSection, ...]:
        taken = [(one.agi_bind, one.agi_port) for one in value if one.agi_bind]
        twice = next((port for bind, port in taken if taken.count((bind, port)) > 1), None)
        if twice is not None:
            msg = f"agi_port {twice} is given to two telephone systems; choose another for one"
            raise ValueError(msg)
        return value

    @property
    def database_url(self) -> str:
        """Return the URL of the database in force."""
        return self.store.url or f"sqlite:///{(self.store.data / 'santral.db').absolute()}"

    @property
    def socket_path(self) -> Path:
        """Return where the command line reaches the running service."""
        return Path(self.server.socket or self.store.data / "santral.sock")

    @property
    def lock_path(self) -> Path:
        """Return the file whose lock says that an instance owns this data."""
        return self.store.data / "santral.lock"

    @property
    def recordings_folder(self) -> Path:
        """Return where our copies of recordings lie."""
        return self.store.data / "recordings"

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the office."""
        return ZoneInfo(self.site.zone)

    @property
    def numbering_plan(self) -> NumberingPlan:
        """Return how numbers are read at this site."""
        return NumberingPlan(region=self.site.region, area=self.site.area, own=self.site.numbers)


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration; raises ConfigError that names file, key and remedy."""
    environment = os.environ if environment is None else environment
    chosen = path or next((file for file in DEFAULT_FILES if file.exists()), None)
    tree = _read(chosen) if chosen else {}
    for variable, (section, key) in ENVIRONMENT.items():
        if variable in environment:
            _section(tree, section, chosen)[key] = environment[variable]
    credential = _credential(environment)
    if credential:
        _section(tree, "store", chosen)["secret_key"] = credential
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_explain(error, chosen, environment)) from None


def _section(tree: dict[str, Any], name: str, path: Path | None) -> dict[str, Any]:
    section = tree.setdefault(name, {})
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: {name} must be a table, written as [{name}]")
    return section


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}; check path and rights"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from error


def _credential(environment: Mapping[str, str]) -> str:
    folder = environment.get("CREDENTIALS_DIRECTORY")
    file = Path(folder) / CREDENTIAL if folder else None
    return file.read_text(encoding="utf-8").strip() if file and file.exists() else ""


def _explain(error: ValidationError, path: Path | None, environment: Mapping[str, str]) -> str:
    lines = []
    for fault in error.errors():
        key = tuple(str(part) for part in fault["loc"])
        variable = next(
            (
                name
                for name, place in ENVIRONMENT.items()
                if place == key[:2] and name in environment
            ),
            None,
        )
        where = f"environment variable {variable}" if variable else f"{path}: {'.'.join(key)}"
        remedy = "remove it or mend its spelling" if fault["type"] == "extra_forbidden" else ""
        lines.append(": ".join(part for part in (where, fault["msg"], remedy) if part))
    return "\n".join(lines)
