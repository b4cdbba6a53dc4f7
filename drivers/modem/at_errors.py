"""What the modem's and the network's refusals mean (27.005 §3.2.5, 27.007 §9.2, 24.011 E-2).

How a submit that was answered by an error is judged:
- The modem says that it failed, so it surely was not submitted; this includes 500 and the
  makers' own codes, which name a failure without its cause. They are worth another try.
- Except where the error itself says that the network was asked and did not answer in time
  (332, 521, +CME ERROR: 31): then the message may have reached the service centre, and only
  the acknowledgement was lost. That is uncertain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from gateway.kernel.errors import GatewayError, Permanent, Temporary, Uncertain


class Family(StrEnum):
    """Which list a number comes from."""

    MESSAGE = "CMS"
    EQUIPMENT = "CME"
    PLAIN = "ERROR"


class Verdict(StrEnum):
    """What an error says of the submit that it answers."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    SENDER = "sender"
    """It is this SIM's fault, for good: another SIM may send it."""
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause, in words."""

    text: str
    verdict: Verdict = Verdict.TEMPORARY
    retry_after_s: float = 0.0


class AtError(Temporary):
    """A command did not succeed."""


class AtRefused(AtError):
    """The modem answered a command with an error."""

    def __init__(self, command: str, result: str) -> None:
        self.result = result
        self.family, self.number = _parsed(result)
        super().__init__(f"{command} was refused: {explain(result)}", code=code_of(result))


class AtTimeout(AtError):
    """The modem did not answer a command in time."""


class AtLost(AtError):
    """The link went away before the answer."""


_T, _P, _U = Verdict.TEMPORARY, Verdict.PERMANENT, Verdict.UNCERTAIN
_S = Verdict.SENDER

_MESSAGE: dict[int, Cause] = {
    # RP causes, 24.011 annex E-2
    1: Cause("the number is not assigned", _P),
    8: Cause("the operator bars messages from this SIM", _S),
    10: Cause("the network bars calls and messages of this SIM", _S),
    17: Cause("network failure"),
    21: Cause("the network rejects the message (credit, limit or block)", _T, 60.0),
    22: Cause("the network's memory capacity is exceeded", _T, 30.0),
    27: Cause("the destination is out of order", _T, 60.0),
    28: Cause("the network does not know this SIM", _S),
    29: Cause("the network rejects the facility", _P),
    30: Cause("the network does not know the subscriber", _P),
    38: Cause("the network is out of order"),
    41: Cause("temporary failure of the network"),
    42: Cause("the network is congested", _T, 10.0),
    47: Cause("the network lacks resources", _T, 10.0),
    50: Cause("the SIM has no subscription for messages", _S),
    69: Cause("the network does not implement this", _P),
    81: Cause("invalid message transfer reference"),
    95: Cause("the network calls the message invalid", _P),
    96: Cause("the message lacks what the network demands", _P),
    97: Cause("the network does not know this type of message", _P),
    98: Cause("the network did not expect a message now"),
    99: Cause("the network does not know a part of the message", _P),
    111: Cause("protocol error in the network"),
    127: Cause("networks do not work together", _T, 30.0),
    # TP-FCS, 23.040 §9.2.3.22
    128: Cause("telematic interworking is not supported", _P),
    129: Cause("messages of type 0 are not supported", _P),
    130: Cause("the message to be replaced is not there", _P),
    143: Cause("the protocol identifier is refused", _P),
    144: Cause("the alphabet is not supported", _P),
    145: Cause("the message class is not supported", _P),
    159: Cause("the data coding is refused", _P),
    160: Cause("the command cannot be carried out", _P),
    161: Cause("the command is not supported", _P),
    175: Cause("the command is refused", _P),
    176: Cause("the message's format is not supported", _P),
    192: Cause("the service centre is busy", _T, 10.0),
    193: Cause("the SIM has no subscription at the service centre", _S),
    194: Cause("the service centre's system fails", _T, 30.0),
    195: Cause("the recipient's number is not valid", _P),
    196: Cause("the recipient is barred", _P),
    197: Cause("the service centre has this message already", _P),
    198: Cause("this form of validity period is not supported", _P),
    199: Cause("a validity period is not supported", _P),
    208: Cause("the SIM's memory is full"),
    209: Cause("the SIM cannot store messages"),
    210: Cause("error in the modem"),
    211: Cause("memory capacity is exceeded"),
    212: Cause("the SIM's toolkit is busy"),
    213: Cause("the SIM refuses the data"),
    255: Cause("error without a cause"),
    # the modem itself, 27.005 §3.2.5
    300: Cause("the modem fails"),
    301: Cause("the modem's message service is reserved", _T, 10.0),
    302: Cause("the modem does not allow it now", _T, 10.0),
    303: Cause("the modem does not support it", _P),
    304: Cause("the modem cannot read the PDU", _P),
    305: Cause("the modem cannot read the text parameters", _P),
    310: Cause("no SIM is inserted", _T, 60.0),
    311: Cause("the SIM wants its PIN", _T, 60.0),
    312: Cause("the SIM is locked to another device", _T, 60.0),
    313: Cause("the SIM fails", _T, 60.0),
    314: Cause("the SIM is busy"),
    315: Cause("it is the wrong SIM", _T, 60.0),
    316: Cause("the SIM wants its PUK", _T, 60.0),
    317: Cause("the SIM wants its PIN2", _T, 60.0),
    318: Cause("the SIM wants its PUK2", _T, 60.0),
    320: Cause("the memory fails"),
    321: Cause("there is no message at this index"),
    322: Cause("the memory is full"),
    330: Cause("the service centre's number is not set; configure it (smsc)", _P),
    331: Cause("there is no network", _T, 10.0),
    332: Cause("the network did not answer in time", _U),
    340: Cause("no acknowledgement was expected"),
    500: Cause("the modem failed without a cause", _T, 10.0),
    # makers' own (SIMCom, Quectel, Sierra Wireless, u-blox)
    512: Cause("the connection for the message failed", _T, 10.0),
    513: Cause("the radio link failed", _T, 10.0),
    514: Cause("the connection was refused", _T, 10.0),
    515: Cause("the modem is busy starting", _T, 5.0),
    516: Cause("wrong length of the PDU", _P),
    517: Cause("the SIM is not ready or the PDU has a wrong character", _T, 5.0),
    518: Cause("a parameter is not valid", _P),
    519: Cause("wrong length or character", _P),
    520: Cause("a character of the text is not valid", _P),
    521: Cause("the modem's timer expired before the network answered", _U),
    522: Cause("not allowed for the moment", _T, 10.0),
    528: Cause("the number is invalid", _P),
    529: Cause("the network rejects the message", _T, 60.0),
    530: Cause("the modem is busy"),
    532: Cause("the SIM is not ready", _T, 5.0),
    535: Cause("the protocol stack is busy"),
}
_EQUIPMENT: dict[int, Cause] = {
    0: Cause("the phone fails"),
    3: Cause("the modem does not allow it now", _T, 10.0),
    4: Cause("the modem does not support it", _P),
    5: Cause("the SIM is locked to another device", _T, 60.0),
    10: Cause("no SIM is inserted", _T, 60.0),
    11: Cause("the SIM wants its PIN", _T, 60.0),
    12: Cause("the SIM wants its PUK", _T, 60.0),
    13: Cause("the SIM fails", _T, 60.0),
    14: Cause("the SIM is busy"),
    15: Cause("it is the wrong SIM", _T, 60.0),
    16: Cause("the code is wrong"),
    17: Cause("the SIM wants its PIN2", _T, 60.0),
    18: Cause("the SIM wants its PUK2", _T, 60.0),
    20: Cause("the memory is full"),
    21: Cause("there is nothing at this index"),
    22: Cause("it was not found"),
    23: Cause("the memory fails"),
    24: Cause("the text is too long", _P),
    25: Cause("the text has characters that are not allowed", _P),
    26: Cause("the number is too long", _P),
    27: Cause("the number has characters that are not allowed", _P),
    30: Cause("there is no network", _T, 10.0),
    31: Cause("the network did not answer in time", _U),
    32: Cause("the network allows emergency calls only", _T, 60.0),
    40: Cause("the device is locked to a network", _T, 60.0),
    48: Cause("the code is wrong"),
    50: Cause("the parameters are wrong", _P),
    100: Cause("the modem failed without a cause", _T, 10.0),
    133: Cause("the service is not supported", _P),
    515: Cause("the modem is busy starting", _T, 5.0),
}
_TABLES = {Family.MESSAGE: _MESSAGE, Family.EQUIPMENT: _EQUIPMENT}

# What modems say in words (AT+CMEE=2), by the number that it stands for.
_MESSAGE_WORDS = {
    "me failure": 300,
    "sms service of me reserved": 301,
    "operation not allowed": 302,
    "operation not supported": 303,
    "invalid pdu mode parameter": 304,
    "invalid text mode parameter": 305,
    "sim not inserted": 310,
    "sim pin required": 311,
    "ph-sim pin required": 312,
    "sim failure": 313,
    "sim busy": 314,
    "sim wrong": 315,
    "sim puk required": 316,
    "memory failure": 320,
    "invalid memory index": 321,
    "memory full": 322,
    "smsc address unknown": 330,
    "no network service": 331,
    "no network": 331,
    "network timeout": 332,
    "no +cnma acknowledgement expected": 340,
    "unknown error": 500,
    "unassigned (unallocated) number": 1,
    "operator determined barring": 8,
    "call barred": 10,
    "short message transfer rejected": 21,
    "destination out of order": 27,
    "destination out of service": 27,
    "unidentified subscriber": 28,
    "unknown subscriber": 30,
    "network out of order": 38,
    "temporary failure": 41,
    "congestion": 42,
    "resources unavailable": 47,
}
_EQUIPMENT_WORDS = {
    "phone failure": 0,
    "operation not allowed": 3,
    "operation not supported": 4,
    "sim not inserted": 10,
    "sim pin required": 11,
    "sim puk required": 12,
    "sim failure": 13,
    "sim busy": 14,
    "sim wrong": 15,
    "incorrect password": 16,
    "memory full": 20,
    "invalid index": 21,
    "not found": 22,
    "memory failure": 23,
    "no network service": 30,
    "network timeout": 31,
    "network not allowed - emergency calls only": 32,
    "unknown": 100,
}
_WORDS = {Family.MESSAGE: _MESSAGE_WORDS, Family.EQUIPMENT: _EQUIPMENT_WORDS}
_RESULT = re.compile(r"\+(CMS|CME) ERROR ?:? ?(.*)")


def explain(result: str) -> str:
    """Return an error result in words, its code with it."""
    cause = _cause(result)
    return f"{cause.text} ({result})" if cause is not None else result


def code_of(result: str) -> str:
    """Return a short code such as `cms-38`, `cme-10` or `error`."""
    family, number = _parsed(result)
    if number is None:
        return "error" if family is Family.PLAIN else f"{family.lower()}-unknown"
    return f"{family.lower()}-{number}"


def submit_error(result: str) -> GatewayError:
    """Return what an error result means for the submit that it answers; see the module."""
    cause = _cause(result) or Cause("the modem refused the message")
    message, code = f"{cause.text} ({result})", code_of(result)
    if cause.verdict in {Verdict.PERMANENT, Verdict.SENDER}:
        return Permanent(message, code=code, of_sender=cause.verdict is Verdict.SENDER)
    if cause.verdict is Verdict.UNCERTAIN:
        return Uncertain(message)
    return Temporary(message, code=code, retry_after_s=cause.retry_after_s)


def is_sim_busy(error: AtRefused) -> bool:
    """Tell whether the SIM is still being read, so that a little later it may work."""
    if error.family is Family.EQUIPMENT:
        return error.number in {14, 515}
    return error.family is Family.MESSAGE and error.number in {314, 515, 517, 532}


def _cause(result: str) -> Cause | None:
    family, number = _parsed(result)
    if number is None:
        return None
    known = _TABLES[family].get(number)
    if known is None and family is Family.MESSAGE:
        return _by_range(number)
    return known


def _by_range(number: int) -> Cause:
    if number < 128:
        return Cause("the network refuses the message")
    if number < 256:
        return Cause("the service centre refuses the message")
    return Cause("the modem failed" if number < 512 else "the modem failed for its maker's reason")


def _parsed(result: str) -> tuple[Family, int | None]:
    found = _RESULT.match(result)
    if found is None:
        return Family.PLAIN, None
    family, said = Family(found.group(1)), found.group(2).strip()
    if said.isascii() and said.isdigit() and len(said) < 6:
        return family, int(said)
    return family, _WORDS[family].get(said.lower())
