"""The command `santral`."""

from gateway.cli.command import main

__all__ = ["main"]
