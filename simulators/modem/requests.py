"""What tests ask of a modem over HTTP, checked and typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.modem.faults import Fault, FaultKind
from simulators.modem.network import STATUSES, ReportPolicy
from simulators.modem.segments import Coding
from simulators.modem.ussd import Answer
from simulators.modem.voice import FarEnd, Ringing


class RequestError(ValueError):
    """A request that says nothing sensible; the message says what would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Messages that are to arrive."""

    sender: str
    texts: tuple[str, ...] = ()
    pdu: bytes = b""
    gap_ms: float = 0.0
    shuffle: int | None = None
    coding: Coding = Coding.AUTO
    message_class: int | None = None
    memory: str | None = None
    service_centre: str | None = None
    timestamp: str | None = None
    reference: int | None = None
    reference_bits: int = 8
    ports: tuple[int, int] | None = None
    only_parts: tuple[int, ...] = ()


class Fields:
    """The members of a JSON object, taken one by one; what is left over is a mistake."""

    def __init__(self, values: object) -> None:
        if not isinstance(values, dict):
            raise RequestError('the body must be a JSON object, for example {"kind": "hang"}')
        self._values: dict[str, Any] = dict(values)
        self._known: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        return str(self._take(name, str, default))

    def optional_text(self, name: str) -> str | None:
        """A text or nothing."""
        value = self._take(name, (str, type(None)), None, required=False)
        return value if isinstance(value, str) else None

    def number(self, name: str, default: float | None = None) -> float:
        """A number that is not negative."""
        value = self._take(name, (int, float), default)
        return self._positive(name, value)

    def optional_number(self, name: str) -> float | None:
        """A number that is not negative, or nothing."""
        value = self._take(name, (int, float, type(None)), None, required=False)
        return None if value is None else self._positive(name, value)

    def count(self, name: str, default: int) -> int:
        """A whole number that is not negative."""
        return int(self._positive(name, self._take(name, int, default)))

    def optional_count(self, name: str) -> int | None:
        """A whole number that is not negative, or nothing."""
        value = self._take(name, (int, type(None)), None, required=False)
        return None if value is None else int(self._positive(name, value))

    def flag(self, name: str) -> bool:
        """True or false; false when absent."""
        return bool(self._take(name, bool, default=False))

    def list_of(self, name: str, kind: type) -> tuple[Any, ...]:
        """A list of values of one kind; empty when absent."""
        values = self._take(name, list, [])
        if not all(isinstance(value, kind) for value in values):
            raise RequestError(f"{name!r} must be a list of {kind.__name__}")
        return tuple(values)

    def raw(self, name: str, default: object) -> Any:
        """A member of any kind; the caller checks it."""
        return self._take(name, object, default)

    def has(self, name: str) -> bool:
        """Whether a member is there."""
        return name in self._values

    def done(self) -> None:
        """Refuse what nobody took."""
        if self._values:
            unknown, known = sorted(self._values), sorted(self._known)
            raise RequestError(f"unknown members {unknown}; known are {known}")

    def _take(self, name: str, kind: Any, default: object = None, *, required: bool = True) -> Any:
        self._known.append(name)
        if name not in self._values:
            if default is None and required:
                raise RequestError(f"{name!r} is missing")
            return default
        value = self._values.pop(name)
        is_flag = isinstance(value, bool) and kind not in {bool, object}
        if not isinstance(value, kind) or is_flag:
            expected = getattr(kind, "__name__", None) or " or ".join(k.__name__ for k in kind)
            raise RequestError(f"{name!r} must be {expected}, not {value!r}")
        return value

    def _positive(self, name: str, value: float) -> float:
        if not 0 <= value < 1e9:
            raise RequestError(f"{name!r} must be between 0 and 1e9, not {value!r}")
        return value


def reception(values: object) -> Reception:
    """POST /receive."""
    members = Fields(values)
    sender = members.text("from", "+905551112233")
    texts = _texts(members)
    pdu = _octets(members.text("pdu", ""))
    if bool(texts) == bool(pdu):
        raise RequestError("give either 'text', 'texts' or 'pdu'")
    ports = members.list_of("ports", int)
    made = Reception(
        sender=sender,
        texts=texts,
        pdu=pdu,
        gap_ms=members.number("gap_ms", 0),
        shuffle=_seed(members.raw("shuffle", False)),
        coding=_coding(members.text("encoding", "auto")),
        message_class=members.optional_count("class"),
        memory=members.optional_text("memory"),
        service_centre=members.optional_text("sca"),
        timestamp=members.optional_text("scts"),
        reference=members.optional_count("reference"),
        reference_bits=members.count("reference_bits", 8),
        ports=(ports[0], ports[1]) if len(ports) == 2 else None,
        only_parts=members.list_of("only_parts", int),
    )
    members.done()
    return made


def fault(values: object) -> Fault:
    """POST /fault, except for clearing."""
    members = Fields(values)
    kind = _fault_kind(members.text("kind"))
    defaults = Fault(kind=kind)
    mode = members.text("mode", defaults.mode)
    if mode not in {"insert", "flip", "drop"}:
        raise RequestError("'mode' is 'insert', 'flip' or 'drop'")
    made = Fault(
        kind=kind,
        duration_s=members.optional_number("duration_s"),
        times=members.optional_count("times"),
        code=members.count("code", 38 if kind is FaultKind.CMS_ERROR else 100),
        command=_command_name(members.text("command", "")),
        delay_s=members.number("delay_s", 3.0),
        gap_ms=members.number("gap_ms", defaults.gap_ms),
        ratio=members.number("ratio", defaults.ratio),
        mode=mode,
        memory=members.text("memory", ""),
        interval_ms=max(1.0, members.number("interval_ms", defaults.interval_ms)),
        lines=members.list_of("lines", str) or _STORM,
        within=members.flag("within"),
        seed=members.optional_count("seed"),
    )
    members.done()
    if made.times == 0:
        raise RequestError("'times' must be at least 1; leave it out for 'always'")
    return made


# What a modem with much to say says.
_STORM = ("RING", '+CREG: 1,"00C3","9A2B"', "^RSSI:18", "^BOOT:20952548,0,0,0,72", "+CIEV: 2,4")


def ringing(values: object) -> Ringing:
    """POST /call."""
    members = Fields(values)
    made = Ringing(
        peer=members.text("from", "+905559998877"),
        rings=members.count("rings", 3),
        withheld=members.flag("withheld"),
        interval_s=members.optional_number("interval_s"),
        talk_s=members.optional_number("talk_s"),
    )
    members.done()
    return made


def far_end(values: object) -> FarEnd:
    """POST /far_end."""
    members = Fields(values)
    outcome = members.text("outcome", "answer")
    if outcome not in {"answer", "busy", "no_answer", "no_carrier"}:
        raise RequestError("'outcome' is 'answer', 'busy', 'no_answer' or 'no_carrier'")
    made = FarEnd(
        outcome=outcome,
        answer_s=members.number("answer_s", 2.0),
        talk_s=members.optional_number("talk_s"),
    )
    members.done()
    return made


def report_policy(values: object) -> tuple[ReportPolicy, int | None]:
    """POST /reports: the policy, and a seed for its losses."""
    members = Fields(values)
    wanted = members.raw("status", "delivered")
    statuses = tuple(_status(one) for one in (wanted if isinstance(wanted, list) else [wanted]))
    made = ReportPolicy(
        delay_s=members.number("delay_s", 0.2),
        jitter_s=members.number("jitter_s", 0),
        loss=members.number("loss", 0),
        statuses=statuses,
    )
    seed = members.optional_count("seed")
    members.done()
    if made.loss > 1:
        raise RequestError("'loss' is a share between 0 and 1")
    return made, seed


def coverage(values: object) -> dict[str, int | str]:
    """POST /network: what changes about the network here."""
    members = Fields(values)
    readers: dict[str, Callable[[str], int | str]] = {
        "registration": lambda name: members.count(name, 0),
        "signal": lambda name: members.count(name, 0),
        "bit_errors": lambda name: members.count(name, 0),
        "operator": members.text,
        "operator_code": members.text,
        "area": members.text,
        "cell": members.text,
    }
    changes = {name: read(name) for name, read in readers.items() if members.has(name)}
    if members.has("zone_quarters"):
        changes["zone_quarters"] = _zone(members.raw("zone_quarters", 0))
    members.done()
    if int(changes.get("registration", 0)) > 5:
        raise RequestError("'registration' is a +CREG status, 0 to 5")
    return changes


def service_answer(values: object) -> tuple[str | None, Answer, float | None]:
    """POST /ussd: the code (None to tell at once), what it answers, and the delay."""
    members = Fields(values)
    code = members.optional_text("code")
    choices = members.raw("choices", {})
    if not isinstance(choices, dict):
        raise RequestError('\'choices\' must be an object such as {"1": "chosen"}')
    made = Answer(
        status=members.count("status", 0),
        text=members.optional_text("text"),
        choices=tuple((str(key), str(value)) for key, value in choices.items()),
    )
    delay_s = members.optional_number("delay_s")
    members.done()
    return code, made, delay_s


def _texts(members: Fields) -> tuple[str, ...]:
    text, texts = members.optional_text("text"), members.list_of("texts", str)
    count = members.count("count", 1)
    if text is not None and texts:
        raise RequestError("give either 'text' or 'texts'")
    if text is None:
        return texts
    return (text,) if count == 1 else tuple(f"{text} {place + 1}" for place in range(count))


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise RequestError("'pdu' must be hexadecimal, the service centre field first") from None


def _seed(value: object) -> int | None:
    if value is False or value is None:
        return None
    if value is True:
        return 1
    if isinstance(value, int):
        return value
    raise RequestError("'shuffle' is true, false or a seed")


def _coding(name: str) -> Coding:
    try:
        return Coding(name)
    except ValueError:
        raise RequestError(f"'encoding' is one of {[coding.value for coding in Coding]}") from None


def _fault_kind(name: str) -> FaultKind:
    try:
        return FaultKind(name)
    except ValueError:
        known = [kind.value for kind in FaultKind] + ["replug", "restart", "clear"]
        raise RequestError(f"'kind' is one of {known}, not {name!r}") from None


def _command_name(text: str) -> str:
    """`AT+CMGS`, `+cmgs` and `+CMGS` mean the same."""
    return text.upper().removeprefix("AT")


def _status(value: object) -> int:
    if isinstance(value, str) and value in STATUSES:
        return STATUSES[value]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255:
        return value
    raise RequestError(f"'status' is a number to 255 or one of {sorted(STATUSES)}, not {value!r}")


def _zone(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and -48 <= value <= 56:
        return value
    raise RequestError("'zone_quarters' is the zone in quarter hours, -48 to 56")
