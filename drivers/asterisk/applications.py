"""What the dialplan does with a call beside joining people: mailboxes, faxes, recordings (pure)."""

from __future__ import annotations

from drivers.asterisk.ledger import Ledger
from drivers.asterisk.messages import Message

_VOICEMAIL = frozenset({"VoiceMail", "MiniVM", "MinivmRecord"})
_FAX = frozenset({"ReceiveFAX", "SendFAX", "RxFAX", "TxFAX"})


def executed(ledger: Ledger, event: Message, now: float) -> None:
    """Take that a channel executes an application (Newexten)."""
    application = event.get("Application", "")
    if application == "Dial" or event.get("Uniqueid", "") in ledger.dialling:
        ledger.dials(event, now)
    if application not in _VOICEMAIL and application not in _FAX:
        return
    channel = ledger.channel(event, now)
    if channel is not None:
        call = ledger.calls[channel.call]
        call.voicemail = call.voicemail or application in _VOICEMAIL
        call.fax = call.fax or application in _FAX
        ledger.changed(call)


def variable(ledger: Ledger, event: Message, now: float) -> None:
    """Take a variable's value (VarSet), where it names a recording."""
    if event.get("Variable") == "MIXMONITOR_FILENAME":
        records(ledger, event, now)


def records(ledger: Ledger, event: Message, now: float) -> None:
    """Take that a call is being recorded."""
    channel = ledger.channel(event, now)
    path = event.get("Value") or event.get("Filename") or ""
    if channel is not None and path:
        ledger.calls[channel.call].recording = path


def faxes(ledger: Ledger, event: Message, now: float) -> None:
    """Take that a fax is sent or received (SendFAX, ReceiveFAX)."""
    channel = ledger.channel(event, now)
    if channel is not None:
        ledger.calls[channel.call].fax = True
