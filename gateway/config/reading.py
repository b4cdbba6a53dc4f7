"""Reads the configuration from TOML, the environment and systemd's credentials."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.config.settings import Config
from gateway.kernel.errors import ConfigError

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

CREDENTIAL = "santral-secret-key"
"""Name of the systemd credential that holds the key (LoadCredential=)."""


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
