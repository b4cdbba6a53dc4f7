"""What AT commands change and ATZ brings back."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Indications:
    """AT+CNMI: how arrivals are told (27.005 §3.4.1)."""

    mode: int = 0
    messages: int = 0
    broadcasts: int = 0
    reports: int = 0
    buffer: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParameters:
    """AT+CSMP: what text mode puts in a SUBMIT."""

    first_octet: int = 17
    validity: str = "167"
    pid: int = 0
    dcs: int = 0


def _registers() -> dict[int, int]:
    """V.250 §6.2 and §6.3: ring count, line end, line feed, backspace, and the dialling times."""
    return {0: 0, 3: 13, 4: 10, 5: 8, 6: 2, 7: 60, 8: 2, 10: 15}


@dataclass(slots=True, kw_only=True)
class Settings:
    """The state of one command interface; a copy of the profile's defaults after ATZ."""

    echo: bool = True
    verbose: bool = True
    quiet: bool = False
    error_level: int = 0
    registers: dict[int, int] = field(default_factory=_registers)
    text_mode: bool = False
    character_set: str = "GSM"
    indications: Indications = field(default_factory=Indications)
    message_service: int = 0
    text_parameters: TextParameters = field(default_factory=TextParameters)
    show_details: bool = False
    registration_reports: dict[str, int] = field(default_factory=dict)
    operator_format: int = 0
    caller_line: bool = False
    extended_ring: bool = False
    ussd_reports: bool = False
    phonebook: str = "SM"
    switches: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Settings:
        """An independent copy."""
        return deepcopy(self)
