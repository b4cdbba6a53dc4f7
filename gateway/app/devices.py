"""Devices that a command tries, records or reads without a service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drivers.asterisk.capture import capture
from drivers.asterisk.driver import probe as probe_asterisk
from drivers.asterisk.recording import explain
from drivers.modem.driver import probe
from gateway.calls.port import PbxSettings, PbxStatus
from gateway.calls.routing_port import AgiSettings
from gateway.calls.telling import describe_call
from gateway.config import Config
from gateway.fax.port import HylafaxSettings, Removal
from gateway.sms.port import ModemSettings, ModemStatus

_NOT_THE_DRIVERS = {
    "secret", "recordings", "recordings_here", "recordings_delete", "agi_bind", "agi_port",
    "agi_peers",
}  # fmt: skip


def pbx_settings(config: Config) -> list[PbxSettings]:
    """Return the telephone systems that are configured."""
    return [
        PbxSettings(
            **section.model_dump(exclude=_NOT_THE_DRIVERS),
            secret=section.secret.get_secret_value(),
        )
        for section in config.pbx
    ]


def agi_settings(config: Config) -> list[AgiSettings]:
    """Return where dialplans may ask who calls."""
    return [
        AgiSettings(
            pbx=section.id,
            bind=str(section.agi_bind),
            port=section.agi_port,
            peers=section.agi_allowed,
        )
        for section in config.pbx
        if section.agi_bind
    ]


def fax_server_settings(config: Config, arriving: Path) -> list[HylafaxSettings]:
    """Return the fax servers that are configured."""
    return [
        HylafaxSettings(
            id=section.id, arriving=arriving, station_id=config.fax.number,
            received=Removal(section.received), host=section.host, port=section.port,
            user=section.user, password=section.password.get_secret_value(),
            admin_password=section.admin_password.get_secret_value(), events=section.events,
            poll_s=section.poll_s,
        )
        for section in config.fax_server
    ]  # fmt: skip


async def probe_modem(settings: ModemSettings) -> ModemStatus:
    """Ask a device who it is, without receiving or deleting anything."""
    return await probe(settings)


async def probe_pbx(settings: PbxSettings) -> PbxStatus:
    """Log in to a telephone system, see what our user may do, and leave."""
    return await probe_asterisk(settings)


async def record_pbx(settings: PbxSettings, path: Path, seconds: float) -> int:
    """Write down what a telephone system says; return how many bytes."""
    return await capture(settings, path, seconds)


def explain_recording(path: Path) -> list[dict[str, Any]]:
    """Return the calls that a recording of AMI tells of."""
    return [describe_call(call) for call in explain(path)]
