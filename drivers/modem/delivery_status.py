"""What the status octet of a delivery report means (TP-ST, 3GPP 23.040 §9.2.3.15)."""

from __future__ import annotations

from typing import Final

from gateway.sms.port import ReportOutcome

_REASONS: Final = {
    0x00: "received by the handset",
    0x01: "forwarded, but the service centre cannot confirm the delivery",
    0x02: "replaced by a newer message in the service centre",
    0x40: "remote procedure error",
    0x41: "incompatible destination",
    0x42: "the handset rejected the connection",
    0x43: "the number cannot be obtained",
    0x44: "the quality of service is not available",
    0x45: "the networks do not work together",
    0x46: "the validity period expired",
    0x47: "deleted by the sender",
    0x48: "deleted by the service centre's administration",
    0x49: "the service centre does not know the message",
}
_TEMPORARY_REASONS: Final = {
    0x0: "congestion",
    0x1: "the handset is busy",
    0x2: "no response from the handset",
    0x3: "the service was rejected",
    0x4: "the quality of service is not available",
    0x5: "error in the handset",
}


def report_outcome(status: int) -> ReportOutcome:
    """Return what a status 0..255 means; reserved values from 0x80 count as rejected."""
    if status < 0x20:
        return ReportOutcome.DELIVERED
    return ReportOutcome.PENDING if status < 0x40 else ReportOutcome.FAILED


def status_text(status: int) -> str:
    """Return a status 0..255 in words, its number included."""
    return f"{_verdict(status)}: {_reason(status)} (status 0x{status:02X})"


def _verdict(status: int) -> str:
    if status < 0x20:
        return "delivered"
    if status < 0x40:
        return "the service centre still tries"
    if 0x60 <= status < 0x80:
        return "failed, the service centre gave up"
    return "failed"


def _reason(status: int) -> str:
    if status in _REASONS:
        return _REASONS[status]
    if 0x20 <= status < 0x40 or 0x60 <= status < 0x80:
        reason = _TEMPORARY_REASONS.get(status & 0x1F)
        if reason is not None:
            return reason
    if status < 0x80 and status & 0x10:
        return "a reason of the service centre's own"
    return "a reserved reason"
