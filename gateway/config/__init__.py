"""Typed settings of one instance, from TOML, the environment and systemd's credentials."""

from gateway.config.reading import ENVIRONMENT, load
from gateway.config.settings import Config

__all__ = ["ENVIRONMENT", "Config", "load"]
