"""The simulator's state as JSON values, for the control interface."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from simulators.modem.errors import PduError
from simulators.modem.pdu import Body, Submit
from simulators.modem.sent import Submission
from simulators.modem.storage import Status
from simulators.modem.timestamps import Validity
from simulators.modem.user_data import coding_scheme

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

# JSON objects at the border; their members are written down here and nowhere else.
Json = dict[str, Any]


def modem_view(modem: Modem) -> Json:
    """Who a modem is and where it is found."""
    return {
        "device": modem.device.name,
        "number": modem.identity.number,
        "imei": modem.identity.imei,
        "imsi": modem.identity.imsi,
        "profile": modem.profile.name,
        "journal": str(modem.journal.path),
    }


def submission_view(submission: Submission) -> Json:
    """One submitted message, decoded."""
    decoded = submission.decoded
    view: Json = {
        "id": submission.message,
        "time": _moment(submission.time_s),
        "via": submission.via,
        "to": decoded.destination.number,
        "to_type": decoded.destination.type,
        "service_centre": submission.service_centre,
        "reference": submission.reference,
        "pdu_reference": decoded.reference,
        "accepted": submission.accepted,
        "error": submission.error or None,
        "pdu": submission.tpdu.hex().upper(),
        "length": len(submission.tpdu),
        "pid": decoded.pid,
        "reports": [
            {"time": _moment(report.time_s), "status": report.status, "lost": report.lost}
            for report in submission.reports
        ],
    }
    if isinstance(decoded, Submit):
        view |= _submit_view(decoded)
    return view


def body_view(body: Body) -> Json:
    """A text with its coding and header."""
    scheme = coding_scheme(body.dcs)
    try:
        header = body.header()
    except PduError:
        header = None
    concatenation = header.concatenation if header else None
    return {
        "text": body.text(),
        "encoding": scheme.encoding.value,
        "dcs": body.dcs,
        "class": scheme.message_class,
        "flash": scheme.flash,
        "udh": body.octets[: body.header_size].hex().upper() or None,
        "concat": None
        if concatenation is None
        else {
            "reference": concatenation.reference,
            "total": concatenation.total,
            "part": concatenation.part,
            "bits": concatenation.bits,
        },
        "ports": header.ports if header else None,
        "single_shift": header.single if header else 0,
        "locking_shift": header.locking if header else 0,
    }


def joined_view(submissions: list[Submission]) -> list[Json]:
    """Accepted messages with their parts put together; what lacks parts says which."""
    groups: dict[tuple[object, ...], list[tuple[Submission, Submit]]] = {}
    for place, submission in enumerate(submissions):
        if not submission.accepted or not isinstance(submission.decoded, Submit):
            continue
        groups.setdefault(_group(place, submission.decoded), []).append(
            (submission, submission.decoded)
        )
    return [_joined(parts) for parts in groups.values()]


def state_view(modem: Modem) -> Json:
    """Everything about a modem that tests want to look at."""
    radio = modem.radio
    return modem_view(modem) | {
        "plugged": modem.device.plugged,
        "client": modem.device.open,
        "storage": {name: _storage_view(modem, name) for name in modem.storage.names()},
        "selected": modem.selected,
        "registration": radio.registration,
        "signal": radio.signal[0],
        "operator": radio.coverage.operator,
        "functionality": radio.functionality,
        "sim": {
            "lock": modem.sim.lock.value,
            "pin_tries": modem.sim.pin_tries,
            "puk_tries": modem.sim.puk_tries,
        },
        "settings": _settings_view(modem),
        "faults": [
            {"kind": fault.kind.value, "times": fault.times, "duration_s": fault.duration_s}
            for fault in modem.faults.active()
        ],
        "held": modem.arrivals.held,
        "awaiting_acknowledgement": modem.arrivals.awaits_acknowledgement,
        "prompt": modem.session.terminal.collecting,
        "call": _call_view(modem),
        "counters": {
            "commands": modem.session.commands,
            "accepted": modem.sent.accepted,
            "refused": modem.sent.refused,
            "lost_bytes": modem.device.lost_bytes,
            "journal": dict(modem.journal.counts),
        },
    }


def _storage_view(modem: Modem, name: str) -> Json:
    taken = modem.storage.taken(name)
    return {
        "used": modem.storage.used(name),
        "capacity": modem.storage.capacity(name),
        "indexes": [place.shown_index for place in taken],
        "unread": sum(place.memory.slots[place.index].status is Status.UNREAD for place in taken),
    }


def _settings_view(modem: Modem) -> Json:
    settings = modem.settings
    indications = settings.indications
    return {
        "echo": settings.echo,
        "verbose": settings.verbose,
        "quiet": settings.quiet,
        "cmee": settings.error_level,
        "cmgf": int(settings.text_mode),
        "cscs": settings.character_set,
        "csms": settings.message_service,
        "csdh": int(settings.show_details),
        "cnmi": [
            indications.mode,
            indications.messages,
            indications.broadcasts,
            indications.reports,
            indications.buffer,
        ],
        "creg": settings.registration_reports.get("+CREG", 0),
        "clip": int(settings.caller_line),
        "crc": int(settings.extended_ring),
        "cusd": int(settings.ussd_reports),
        "csca": modem.service_centre,
    }


def _call_view(modem: Modem) -> Json | None:
    call = modem.line.call
    if call is None:
        return None
    return {"id": call.call, "peer": call.peer, "state": call.state, "incoming": call.incoming}


def _submit_view(submit: Submit) -> Json:
    return body_view(submit.body) | {
        "report_requested": submit.report_requested,
        "reject_duplicates": bool(submit.first_octet & 0x04),
        "reply_path": bool(submit.first_octet & 0x80),
        "validity": _validity_view(submit),
    }


def _validity_view(submit: Submit) -> Json:
    try:
        validity = submit.validity()
    except PduError:
        return {"format": "broken", "octets": submit.validity_octets.hex()}
    return _period(validity)


def _period(validity: Validity) -> Json:
    until = validity.until.isoformat() if validity.until else None
    return {"format": validity.format.value, "seconds": validity.seconds, "until": until}


def _group(place: int, submit: Submit) -> tuple[object, ...]:
    header = submit.body.header()
    if header is None or header.concatenation is None:
        return ("single", place)
    concatenation = header.concatenation
    key = (submit.destination, concatenation.reference, concatenation.total, concatenation.bits)
    return ("parts", *key)


def _joined(parts: list[tuple[Submission, Submit]]) -> Json:
    first, submit = parts[0]
    header = submit.body.header()
    total = header.concatenation.total if header and header.concatenation else 1
    by_part: dict[int, Submit] = {}
    for _, one in parts:
        one_header = one.body.header()
        place = one_header.concatenation.part if one_header and one_header.concatenation else 1
        by_part.setdefault(place, one)
    return {
        "to": first.decoded.destination.number,
        "text": "".join(by_part[place].body.text() for place in sorted(by_part)),
        "parts": len(by_part),
        "total": total,
        "missing": [place for place in range(1, total + 1) if place not in by_part],
        "doubled": len(parts) - len(by_part),
        "ids": [submission.message for submission, _ in parts],
        "references": [submission.reference for submission, _ in parts],
    }


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat()
