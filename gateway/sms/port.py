"""What a modem driver offers to the SMS feature, and what it hands over.

Errors of a driver's methods: `Temporary` (surely not submitted, worth another try), `Permanent`
(surely not submitted, hopeless), `Uncertain` (may have been submitted). Nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.sms.alphabet import NationalLanguage


class TextCoding(StrEnum):
    """How the user data of a segment is coded (3GPP 23.038)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    BINARY = "binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concatenation:
    """Which part of a longer message a segment is (3GPP 23.040 §9.2.3.24.1 and .8)."""

    reference: int
    total: int
    number: int
    wide: bool = False
    """True for a 16-bit reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingSegment:
    """One short message to be submitted."""

    recipient: str
    """`+` and digits for an international number, bare digits for a short one."""
    text: str
    coding: TextCoding
    locking: NationalLanguage = NationalLanguage.DEFAULT
    single: NationalLanguage = NationalLanguage.DEFAULT
    concatenation: Concatenation | None = None
    flash: bool = False
    report: bool = True
    validity_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReceipt:
    """The network took a segment: `reference` is TP-MR, 0..255, as +CMGS told it."""

    reference: int


class Slot(StrEnum):
    """How a received PDU is held at its source until it is acknowledged."""

    STORED = "stored"
    """In a memory of the modem; acknowledged by deletion."""
    DIRECT = "direct"
    """Routed without storage (+CMT, +CDS); acknowledged by AT+CNMA where the modem wants it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where exactly a received PDU lies; the same place and bytes again is the same PDU again."""

    modem_id: str
    store: str
    """Which physical memory: the SIM's IMSI for SM, the modem's IMEI for others, then the name."""
    slot: Slot
    index: int = 0
    digest: str = ""
    """Hex digest of the PDU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSegment:
    """One SMS-DELIVER, decoded."""

    source: Source
    sender: str
    """`+` and digits, a short number, or an alphanumeric name."""
    alphanumeric: bool = False
    text: str
    coding: TextCoding
    sent_at: datetime | None
    """The service centre's time stamp in UTC; None when the PDU held none that is valid."""
    concatenation: Concatenation | None = None
    flash: bool = False
    smsc: str = ""
    data: bytes = b""
    """The octets of a binary message."""


class ReportOutcome(StrEnum):
    """What a delivery report says (3GPP 23.040 §9.2.3.15)."""

    DELIVERED = "delivered"
    PENDING = "pending"
    """The service centre still tries."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """One SMS-STATUS-REPORT."""

    source: Source
    reference: int
    recipient: str
    outcome: ReportOutcome
    status: int
    """TP-ST, 0..255."""
    submitted_at: datetime | None
    discharged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadablePdu:
    """Something lay in a memory that is no message we can read; kept raw, never lost silently."""

    source: Source
    raw: str
    reason: str


class LateSubmit(StrEnum):
    """What an answer that came after its submit was given up says."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswer:
    """A submit was given up as uncertain, and the modem answered it after all."""

    modem_id: str
    token: str
    """The token that was given with the submit."""
    outcome: LateSubmit
    reference: int = 0


class ModemCondition(StrEnum):
    """A modem's health as a person understands it."""

    READY = "ready"
    STARTING = "starting"
    ABSENT = "absent"
    """The device is not there (unplugged, wrong path)."""
    SILENT = "silent"
    """The device is there but does not answer (hung, not a modem)."""
    PIN_NEEDED = "pin_needed"
    PIN_WRONG = "pin_wrong"
    """The configured PIN was refused once; it is not tried again until changed."""
    PUK_NEEDED = "puk_needed"
    NO_SIM = "no_sim"
    NO_NETWORK = "no_network"
    DENIED = "denied"
    """The network refuses this SIM."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemStatus:
    """What is known of one modem right now."""

    modem_id: str
    condition: ModemCondition
    detail: str = ""
    """What is wrong, in words."""
    remedy: str = ""
    """What to do about it, in words."""
    device: str = ""
    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    imsi: str = ""
    profile: str = ""
    operator: str = ""
    registration: str = ""
    signal_dbm: int | None = None
    smsc: str = ""
    storage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Memory name to (used, total)."""

    @property
    def ready(self) -> bool:
        """Tell whether it can send."""
        return self.condition is ModemCondition.READY


class ModemSink(Protocol):
    """Where a driver hands over what it received. A method returns once the fact is durable."""

    async def received(self, segments: list[ReceivedSegment]) -> None:
        """Commit received segments; only then may the driver delete them at their source."""
        ...

    async def reported(self, reports: list[DeliveryReport]) -> None:
        """Commit delivery reports; only then may the driver delete them at their source."""
        ...

    async def unreadable(self, pdus: list[UnreadablePdu]) -> None:
        """Commit PDUs that could not be read; only then may the driver delete them."""
        ...

    async def acknowledged(self, sources: list[Source]) -> None:
        """Note that these are gone at their source, so that the place may be used again."""
        ...

    async def answered_late(self, answer: LateAnswer) -> None:
        """Settle an uncertain submit."""
        ...

    def status_changed(self, status: ModemStatus) -> None:
        """Note a new status; must not block."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemSettings:
    """One modem as the administrator configured it."""

    id: str
    device: str
    """A path (best /dev/serial/by-id/...), or a pyserial URL such as socket://host:port."""
    baud_rate: int = 115200
    pin: str = field(default="", repr=False)
    profile: str = ""
    """Empty: chosen by what the modem says of itself."""
    smsc: str = ""
    """Empty: the one on the SIM."""
    submit_timeout_s: float = 60.0
    sweep_interval_s: float = 60.0
    poll_interval_s: float = 10.0


class Modem(Protocol):
    """One modem, held by one task."""

    @property
    def status(self) -> ModemStatus:
        """Return what is known right now, without I/O."""
        ...

    async def run(self) -> None:
        """Hold the modem until cancelled: open, initialise, receive, poll, reopen."""
        ...

    async def ready(self) -> None:
        """Wait until the modem can send."""
        ...

    async def submit(self, segment: OutgoingSegment, token: str) -> SubmitReceipt:
        """Submit one segment; raises Temporary, Permanent or Uncertain."""
        ...

    async def ussd(self, code: str, *, timeout_s: float = 30.0) -> str:
        """Send a USSD code such as `*100#` and return the network's text."""
        ...


class ModemFactory(Protocol):
    """Makes a driver for a configured modem."""

    def __call__(self, settings: ModemSettings, sink: ModemSink) -> Modem:
        """Return a modem that does nothing until `run` is awaited."""
        ...
