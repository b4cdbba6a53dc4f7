"""What distinguishes one make of modem from another, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.kernel.errors import Permanent


class UssdStyle(StrEnum):
    """How a USSD code is written in AT+CUSD."""

    PLAIN = "plain"
    """As it is dialled."""
    UCS2 = "ucs2"
    """As hexadecimal UCS-2, with that character set selected."""
    PACKED = "packed"
    """As hexadecimal octets of packed septets."""


Indication = tuple[int, int, int, int, int]
"""AT+CNMI: mode, mt (messages), bm (broadcasts), ds (reports), bfr (buffer); 27.005 §3.4.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One make of modem. Commands of `start` that are refused are passed over."""

    name: str
    makers: str = ""
    """A regular expression for what AT+CGMI and AT+CGMM say."""
    start: tuple[str, ...] = ()
    """The maker's own commands, after identification."""
    tries_query: str = "AT+CPINR"
    tries_pattern: str = r"\+CPINR: ?SIM PIN,(?P<tries>\d+)"
    """Where the answer tells how many tries the PIN has left."""
    arrivals: tuple[str, ...] = ("SM", "ME", "MT")
    """Where messages are to be stored as they arrive, best first."""
    indications: tuple[Indication, ...] = (
        (2, 1, 0, 2, 0),
        (2, 1, 0, 2, 1),
        (1, 1, 0, 2, 0),
        (1, 1, 0, 2, 1),
        (2, 1, 0, 1, 0),
        (2, 1, 0, 1, 1),
        (1, 1, 0, 1, 0),
        (1, 1, 0, 1, 1),
        (2, 1, 0, 0, 0),
        (2, 1, 0, 0, 1),
        (2, 2, 0, 1, 0),
        (1, 2, 0, 1, 0),
        (1, 2, 0, 1, 1),
        (3, 1, 0, 1, 0),
        (2, 2, 0, 0, 0),
    )
    """Best first: stored, so that nothing depends on our being there; then pushed."""
    ignored: tuple[str, ...] = ()
    """Starts of unsolicited results that mean nothing to us."""
    call_ended: tuple[str, ...] = ("NO CARRIER", "+CEND")
    """Starts of unsolicited results after which nothing rings any more."""
    ussd: UssdStyle = UssdStyle.PLAIN
    pause_after_pin_s: float = 0.0
    """What the modem needs after the PIN before it can be asked anything."""
    reset: str = ""
    """Restarts a modem that hangs; empty where that does more harm than good."""
    keep_link: bool = True
    """AT+CMMS=2 keeps the radio link open between messages that follow each other closely."""


GENERIC = Profile(name="generic")

HUAWEI = Profile(
    name="huawei",
    makers=r"huawei",
    start=("AT^CURC=0",),
    tries_query="AT^CPIN?",
    tries_pattern=r"\^CPIN: ?[^,]*,[^,]*,[^,]*,(?P<tries>\d+)",
    ignored=("^RSSI:", "^BOOT:", "^MODE:", "^SRVST:", "^SIMST:", "^DSFLOWRPT:", "^STIN:", "^HCSQ:"),
    call_ended=("NO CARRIER", "^CEND:"),
    ussd=UssdStyle.PACKED,
)

ZTE = Profile(
    name="zte",
    makers=r"\bzte\b|zte incorporated|zte corporation",
    tries_query="AT+ZPINPUK=?",
    tries_pattern=r"\+ZPINPUK: ?(?P<tries>\d+)",
    ignored=("+ZUSIMR:", "+ZPASR:", "+ZDONR:", "+ZMSRI", "+ZPSTM", "+ZEND"),
    call_ended=("NO CARRIER", "HANGUP"),
)

SIMCOM = Profile(
    name="simcom",
    makers=r"simcom|\bsim(?:800|900|7[0-9]00|868)",
    tries_query="AT+SPIC",
    tries_pattern=r"\+SPIC: ?(?P<tries>\d+)",
    ignored=("CALL READY", "SMS READY", "*PSUTTZ", "+CTZV", "DST:", "+CIEV:", "UNDER-VOLTAGE"),
    call_ended=("NO CARRIER", "MISSED_CALL"),
    pause_after_pin_s=0.2,
    reset="AT+CFUN=1,1",
)

QUECTEL = Profile(
    name="quectel",
    makers=r"quectel",
    tries_query="AT+QPINC?",
    tries_pattern=r'\+QPINC: ?"?SC"?,(?P<tries>\d+)',
    arrivals=("ME", "SM", "MT"),
    ignored=("+QIND:", "+QUSIM:", "+QIURC:", "+CTZV", "CALL READY", "SMS READY"),
    reset="AT+CFUN=1,1",
)

WAVECOM = Profile(
    name="wavecom",
    makers=r"wavecom|sierra wireless",
    start=("AT+WIND=0",),
    tries_query="AT+CPINC",
    tries_pattern=r"\+CPINC: ?(?P<tries>\d+)",
    arrivals=("SM",),
    ignored=("+WIND:",),
    call_ended=("NO CARRIER", "+WIND: 6"),
    reset="AT+CFUN=1",
)

NOKIA = Profile(
    name="nokia",
    makers=r"nokia",
    tries_query="",
    arrivals=("ME", "SM", "MT"),
    keep_link=False,
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (GENERIC, HUAWEI, ZTE, SIMCOM, QUECTEL, WAVECOM, NOKIA)}
)


def chosen(configured: str, manufacturer: str, model: str) -> Profile:
    """Return the profile as configured, or by what the modem says; raises Permanent."""
    if configured:
        if configured not in PROFILES:
            names = ", ".join(PROFILES)
            raise Permanent(f"there is no modem profile {configured!r}; known are {names}")
        return PROFILES[configured]
    said = f"{manufacturer} {model}".lower()
    for profile in PROFILES.values():
        if profile.makers and re.search(profile.makers, said):
            return profile
    return GENERIC


def allowed_indications(test_answer: str) -> list[frozenset[int]]:
    """Return what AT+CNMI=? allows for each value, such as `(0-2),(0,1),(0,2),(0-2),(0,1)`."""
    groups = re.findall(r"\(([^()]*)\)", test_answer)
    return [frozenset(_range(group)) for group in groups]


def indications(profile: Profile, test_answer: str) -> list[Indication]:
    """Return the settings of AT+CNMI worth trying, best first."""
    allowed = allowed_indications(test_answer)
    if len(allowed) < 4:
        return list(profile.indications)
    fitting = [
        wanted
        for wanted in profile.indications
        if all(value in values for value, values in zip(wanted, allowed, strict=False))
    ]
    return fitting or list(profile.indications)


def _range(group: str) -> list[int]:
    values: list[int] = []
    for part in group.split(","):
        low, dash, high = part.strip().partition("-")
        if low.isdigit() and (not dash or high.isdigit()):
            values.extend(range(int(low), min(int(high) if dash else int(low), 99) + 1))
    return values
