"""The network behind the modems: one service centre, joining them and reporting deliveries."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem import pdu, timestamps
from simulators.modem.arrivals import Arrival, Outcome
from simulators.modem.journal import Event
from simulators.modem.pdu import Deliver, StatusReport, Submit
from simulators.modem.sent import ReportOutcome, Submission

if TYPE_CHECKING:
    from simulators.modem.modem import Modem
    from simulators.modem.voice import Line

# TP-Status, 23.040 §9.2.3.15
STATUSES = {
    "delivered": 0x00,
    "forwarded": 0x01,
    "replaced": 0x02,
    "congestion": 0x20,
    "temporary": 0x22,
    "failed": 0x40,
    "incompatible": 0x41,
    "rejected": 0x42,
    "not_obtainable": 0x43,
    "expired": 0x46,
    "deleted": 0x48,
    "unknown_recipient": 0x49,
    "given_up": 0x62,
}

_COUNTRY = "90"
_DELIVER_FLAGS = pdu.NO_MORE_MESSAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPolicy:
    """What reports the messages of one modem get: each status in turn, `delay_s` apart."""

    delay_s: float = 0.2
    jitter_s: float = 0.0
    loss: float = 0.0
    statuses: tuple[int, ...] = (0,)


class Network:
    """The subscribers of one process."""

    def __init__(self) -> None:
        self._modems: dict[str, Modem] = {}
        self._random = random.Random()

    def attach(self, modem: Modem) -> None:
        """Make a modem reachable by its number."""
        self._modems[plain_number(modem.identity.number)] = modem

    def modem_of(self, number: str) -> Modem | None:
        """The subscriber with a number, however it is written."""
        return self._modems.get(plain_number(number))

    def line_of(self, number: str) -> Line | None:
        """The voice line behind a number."""
        modem = self.modem_of(number)
        return modem.line if modem else None

    def carry(self, sender: Modem, submission: Submission) -> None:
        """Take an accepted submission to where it goes."""
        submit = submission.decoded
        if not isinstance(submit, Submit):
            return
        recipient = None if submit.destination.alphanumeric else self._recipient(submit)
        if recipient is None:
            if submit.report_requested:
                self._report(sender, submission, sender.report_policy)
            return
        loop = asyncio.get_running_loop()
        loop.call_soon(self._deliver, sender, recipient, submission, submit)

    def seed(self, seed: int) -> None:
        """Make losses and jitter repeatable."""
        self._random.seed(seed)

    def _recipient(self, submit: Submit) -> Modem | None:
        return self._modems.get(plain_number(submit.destination.number))

    def _deliver(
        self, sender: Modem, recipient: Modem, submission: Submission, submit: Submit
    ) -> None:
        lifetime_s = timestamps.lifetime_s(submit.validity(), sender.radio.now())
        expires_s = None
        if lifetime_s is not None:
            expires_s = asyncio.get_running_loop().time() + max(lifetime_s, 0)

        def settled(outcome: Outcome) -> None:
            if submit.report_requested:
                policy = sender.report_policy
                if outcome is Outcome.EXPIRED:
                    policy = ReportPolicy(delay_s=policy.delay_s, statuses=(STATUSES["expired"],))
                self._report(sender, submission, policy)

        recipient.arrivals.offer(
            Arrival(
                message=submission.message,
                service_centre=sender.service_centre_field(),
                tpdu=_delivery(submit, sender),
                expires_s=expires_s,
                settled=settled,
            )
        )

    def _report(self, sender: Modem, submission: Submission, policy: ReportPolicy) -> None:
        loop = asyncio.get_running_loop()
        due_s = 0.0
        for status in policy.statuses:
            due_s += policy.delay_s + self._random.random() * policy.jitter_s
            lost = self._random.random() < policy.loss
            loop.call_later(due_s, self._send_report, sender, submission, status, lost)

    def _send_report(self, sender: Modem, submission: Submission, status: int, lost: bool) -> None:
        outcome = ReportOutcome(time_s=sender.clock(), status=status, lost=lost)
        submission.reports.append(outcome)
        event = Event.REPORT_LOST if lost else Event.REPORTED
        reference = submission.reference or 0
        sender.journal.write(event, submission.message, reference=reference, status=status)
        if lost or not isinstance(submission.decoded, Submit):
            return
        moment = sender.radio.now()
        report = StatusReport(
            first_octet=pdu.REPORT | pdu.NO_MORE_MESSAGES,
            reference=reference,
            recipient=submission.decoded.destination,
            timestamp=moment,
            discharged=moment,
            status=status,
        )
        sender.arrivals.offer(
            Arrival(
                message=submission.message,
                service_centre=sender.service_centre_field(),
                tpdu=pdu.encode_status_report(report),
            )
        )


def plain_number(number: str) -> str:
    """A number as digits with the country code, to compare by."""
    if number.startswith("+"):
        return number[1:]
    if number.startswith("00"):
        return number[2:]
    if number.startswith("0"):
        return _COUNTRY + number[1:]
    return number


def _delivery(submit: Submit, sender: Modem) -> bytes:
    """What the recipient gets of a SUBMIT."""
    has_header = pdu.USER_DATA_HEADER if submit.body.has_header else 0
    deliver = Deliver(
        first_octet=_DELIVER_FLAGS | has_header | (submit.first_octet & pdu.REPLY_PATH),
        originator=addresses.address_of(sender.identity.number),
        pid=submit.pid,
        timestamp=sender.radio.now(),
        body=submit.body,
    )
    return pdu.encode_deliver(deliver)
