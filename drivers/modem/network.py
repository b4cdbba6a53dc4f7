"""Registration, operator and signal as a modem tells them (27.007 §7.2, §7.3, §8.5)."""

from __future__ import annotations

from enum import StrEnum

from drivers.modem import at_values
from drivers.modem.at_client import AtClient
from drivers.modem.at_errors import AtRefused
from gateway.sms.port import ModemCondition


class Registration(StrEnum):
    """Where a modem stands with the network."""

    NONE = "not registered"
    HOME = "home"
    SEARCHING = "searching"
    DENIED = "denied"
    UNKNOWN = "unknown"
    ROAMING = "roaming"
    EMERGENCY = "emergency calls only"

    @property
    def registered(self) -> bool:
        """Tell whether messages can be sent."""
        return self in {Registration.HOME, Registration.ROAMING}

    @property
    def condition(self) -> tuple[ModemCondition, str, str]:
        """The condition that follows from it, with reason and remedy."""
        if self.registered:
            return ModemCondition.READY, "", ""
        if self in {Registration.DENIED, Registration.EMERGENCY}:
            detail = "the network refuses this SIM"
            return ModemCondition.DENIED, detail, "ask the operator whether the SIM is active"
        detail = f"no network: {self.value}"
        return ModemCondition.NO_NETWORK, detail, "check the antenna and the coverage"


# 27.007 §7.2: <stat>; 6 and 7 are for messages only, 9 and 10 tell what calls would do.
_STATES = {
    0: Registration.NONE,
    1: Registration.HOME,
    2: Registration.SEARCHING,
    3: Registration.DENIED,
    4: Registration.UNKNOWN,
    5: Registration.ROAMING,
    6: Registration.HOME,
    7: Registration.ROAMING,
    8: Registration.EMERGENCY,
    9: Registration.HOME,
    10: Registration.ROAMING,
}
# Modems on LTE alone may be unknown to +CREG.
_DOMAINS = ("+CREG", "+CEREG", "+CGREG")


async def registration(client: AtClient) -> Registration:
    """Ask where the modem stands; raises AtError, but for refusals."""
    first: Registration | None = None
    for domain in _DOMAINS:
        found = await _asked(client, domain)
        if found is not None and found.registered:
            return found
        first = first or found
    return first or Registration.UNKNOWN


def told(line: str) -> Registration | None:
    """Read an unsolicited `+CREG: 1` or `+CREG: 1,"00C3","9A2B"`; None for other lines."""
    if not line.startswith("+CREG:"):
        return None
    found = at_values.numbers(line)
    return _STATES.get(found[0]) if found and found[0] is not None else None


async def signal_dbm(client: AtClient) -> int | None:
    """Ask for the signal's strength; None while unknown; raises AtError, but for refusals."""
    lines = await optional(client, "AT+CSQ")
    found = at_values.numbers(lines[0]) if lines else []
    strength = found[0] if found else None
    if strength is None:
        return None
    if strength <= 31:
        return 2 * strength - 113
    return strength - 216 if 100 <= strength <= 191 else None  # TD-SCDMA and UMTS


async def operator(client: AtClient) -> str:
    """Ask for the operator's name; raises AtError, but for refusals."""
    await optional(client, "AT+COPS=3,0")
    lines = await optional(client, "AT+COPS?")
    values = at_values.fields(lines[0]) if lines else []
    return _readable(values[2]) if len(values) > 2 else ""


async def optional(
    client: AtClient, line: str, *, timeout_s: float | None = None
) -> list[str] | None:
    """Run a command that not every modem has; None where it is refused; raises AtError else."""
    try:
        return await client.command(line, timeout_s=timeout_s)
    except AtRefused:
        return None


async def _asked(client: AtClient, domain: str) -> Registration | None:
    lines = await optional(client, f"AT{domain}?")
    found = at_values.numbers(lines[0]) if lines else []
    return _STATES.get(found[1]) if len(found) > 1 and found[1] is not None else None


def _readable(name: str) -> str:
    """Return a name; with UCS2 selected it comes as hexadecimal digits."""
    if len(name) >= 8 and len(name) % 4 == 0 and name[:2] in {"00", "04"}:
        try:
            return bytes.fromhex(name).decode("utf-16-be")
        except (ValueError, UnicodeDecodeError):
            return name
    return name
