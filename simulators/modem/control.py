"""The control interface of the simulated modems: JSON over HTTP, on the loopback only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from simulators.modem import journal, receptions, requests, views
from simulators.modem.errors import PduError
from simulators.modem.faults import FaultKind
from simulators.modem.modem import Modem
from simulators.modem.requests import RequestError

_Action = Callable[[Modem, object], object]


def application(modems: Sequence[Modem]) -> web.Application:
    """Every modem under its number in the row, the only one under the root as well."""
    app = web.Application(middlewares=[_errors_as_json])
    app.router.add_get("/modems", _lister(modems))
    for place, modem in enumerate(modems):
        _add_routes(app, f"/{place}", modem)
    if len(modems) == 1:
        _add_routes(app, "", modems[0])
    else:
        app.router.add_get("/", _lister(modems))
    return app


def _add_routes(app: web.Application, base: str, modem: Modem) -> None:
    for start in (base, f"{base}/"):  # a base address with its slash may be joined to "/sent"
        for name, look in _LOOKS.items():
            app.router.add_get(f"{start}{name}", _looker(modem, look))
        app.router.add_delete(f"{start}/sent", _looker(modem, _forget_sent))
        for name, action in _ACTIONS.items():
            app.router.add_post(f"{start}{name}", _actor(modem, action))


def _lister(modems: Sequence[Modem]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response([views.modem_view(modem) for modem in modems])

    return answer


def _looker(
    modem: Modem, look: Callable[[Modem, web.Request], object]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(look(modem, request))

    return answer


def _actor(modem: Modem, action: _Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        text = await request.text()
        try:
            values = json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise RequestError(f"the body is not JSON: {error}") from error
        return web.json_response(action(modem, values))

    return answer


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (RequestError, PduError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPNotFound:
        looks, actions = sorted(_LOOKS), sorted(_ACTIONS)
        text = f"nothing at {request.path}; GET {looks} or POST {actions}, after /<modem's place>"
        return web.json_response({"error": text}, status=404)
    except web.HTTPMethodNotAllowed as error:
        allowed = sorted(error.allowed_methods)
        text = f"{request.method} does not work here; use {allowed}"
        return web.json_response({"error": text}, status=405)


def _sent(modem: Modem, request: web.Request) -> object:
    """Accepted messages; `?all=1` shows refused ones too, `?since=ID` what came after one."""
    kept = modem.sent.all()
    since = request.query.get("since")
    if since is not None:
        places = [place for place, one in enumerate(kept) if one.message == since]
        if not places:
            raise RequestError(f"no message {since!r}; 'since' is an 'id' from this list")
        kept = kept[places[0] + 1 :]
    everything = request.query.get("all") in {"1", "true"}
    return [views.submission_view(one) for one in kept if one.accepted or everything]


def _messages(modem: Modem, request: web.Request) -> object:
    return views.joined_view(modem.sent.all())


def _forget_sent(modem: Modem, request: web.Request) -> object:
    modem.sent.clear()
    return {"forgotten": True}


def _state(modem: Modem, request: web.Request) -> object:
    return views.state_view(modem)


def _journal(modem: Modem, request: web.Request) -> object:
    """All entries; `?event=submitted` picks one kind."""
    wanted = request.query.get("event")
    path = Path(modem.journal.path)
    return [
        {
            "number": entry.number,
            "time_s": entry.time_s,
            "event": entry.event.value,
            "message": entry.message,
        }
        | dict(entry.fields)
        for entry in journal.read(path)
        if wanted in {None, entry.event.value}
    ]


def _stored(modem: Modem, request: web.Request) -> object:
    """The messages in the memories."""
    return [
        {
            "memory": name,
            "index": index,
            "status": slot.status.name.lower(),
            "message": slot.message,
            "pdu": (slot.service_centre + slot.tpdu).hex().upper(),
        }
        for name, memory in modem.storage.memories.items()
        for index, slot in sorted(memory.slots.items())
    ]


def _calls(modem: Modem, request: web.Request) -> object:
    return [
        {
            "id": call.call,
            "peer": call.peer,
            "incoming": call.incoming,
            "state": call.state.value,
            "answered": call.answered_s is not None,
            "ended_by": call.ended_by,
        }
        for call in modem.line.history
    ]


def _receive(modem: Modem, values: object) -> object:
    scheduled = receptions.bring(modem, requests.reception(values))
    return {"messages": [asdict(one) for one in scheduled], "held": modem.arrivals.held}


def _call(modem: Modem, values: object) -> object:
    if isinstance(values, dict) and values.get("hangup"):
        if not modem.line.caller_gives_up():
            raise RequestError("there is no call to hang up")
        return {"ended": True}
    ringing = requests.ringing(values)
    if not modem.line.free:
        raise RequestError('the line is busy; wait, or POST {"hangup": true} first')
    if not modem.reachable:
        raise RequestError("the modem is not registered; calls do not reach it")
    return {"id": modem.line.ring(ringing).call}


def _far_end(modem: Modem, values: object) -> object:
    modem.line.far_end = requests.far_end(values)
    return asdict(modem.line.far_end)


def _fault(modem: Modem, values: object) -> object:
    kind = values.get("kind") if isinstance(values, dict) else None
    if kind == "clear":
        _clear(modem, values)
    elif kind == "replug":
        modem.faults.end(FaultKind.UNPLUG)
        modem.replug()
    elif kind == "restart":
        modem.restart()
    else:
        made = requests.fault(values)
        _check_memory(modem, made.memory)
        modem.faults.begin(made)
    faults = [fault.kind.value for fault in modem.faults.active()]
    return {"device": modem.device.name, "plugged": modem.device.plugged, "faults": faults}


def _clear(modem: Modem, values: object) -> None:
    fault = values.get("fault") if isinstance(values, dict) else None
    if fault is None:
        modem.faults.clear()
        modem.replug()
    elif fault in set(FaultKind):
        modem.faults.end(FaultKind(fault))
    else:
        raise RequestError(f"'fault' is one of {[kind.value for kind in FaultKind]}")


def _check_memory(modem: Modem, memory: str) -> None:
    if memory and memory not in modem.storage.memories:
        raise RequestError(f"'memory' is one of {sorted(modem.storage.memories)}")


def _reports(modem: Modem, values: object) -> object:
    modem.report_policy, seed = requests.report_policy(values)
    if seed is not None:
        modem.network.seed(seed)
    return asdict(modem.report_policy)


def _network(modem: Modem, values: object) -> object:
    modem.radio.move(**requests.coverage(values))
    return asdict(modem.radio.coverage)


def _ussd(modem: Modem, values: object) -> object:
    code, answer, delay_s = requests.service_answer(values)
    if delay_s is not None:
        modem.ussd.delay_s = delay_s
    if code is None:
        modem.ussd.tell(answer)
    else:
        modem.ussd.answers[code] = answer
    return {"codes": sorted(modem.ussd.answers)}


def _urc(modem: Modem, values: object) -> object:
    """Any line the test wants to be said, framed as an unsolicited result; or raw bytes."""
    members = requests.Fields(values)
    lines = members.list_of("lines", str)
    raw = members.text("hex", "")
    members.done()
    try:
        octets = bytes.fromhex(raw)
    except ValueError:
        raise RequestError("'hex' must be hexadecimal") from None
    for line in lines:
        modem.session.unsolicited([line])
    if octets:
        modem.session.send_raw(octets)
    return {"sent": len(lines) + bool(octets)}


_LOOKS: dict[str, Callable[[Modem, web.Request], object]] = {
    "/": _state,
    "/sent": _sent,
    "/messages": _messages,
    "/state": _state,
    "/stored": _stored,
    "/journal": _journal,
    "/calls": _calls,
}
_ACTIONS: dict[str, _Action] = {
    "/receive": _receive,
    "/call": _call,
    "/far_end": _far_end,
    "/fault": _fault,
    "/reports": _reports,
    "/network": _network,
    "/ussd": _ussd,
    "/urc": _urc,
}
