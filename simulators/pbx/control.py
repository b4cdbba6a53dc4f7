"""The control interface of the simulated telephone system: JSON over HTTP, loopback only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.pbx.office import TRUNK
from simulators.pbx.phones import MODES, Phone
from simulators.pbx.replay import ReplayError, load, replay
from simulators.pbx.simulator import FaultError, Simulator
from simulators.pbx.transfers import TransferError

FAULTS = ("freeze", "thaw", "cut", "kill", "start", "garbage", "endless", "lose", "slow")
DEEDS = (
    "answer", "hang_up", "decline", "hold", "resume", "transfer", "consult", "complete", "dial",
    "press",
)  # fmt: skip
_NEEDS_CALL = frozenset(DEEDS) - {"dial", "hang_up", "answer", "decline"}
_CALLER = "caller"


class RequestError(Exception):
    """The request is wrong; the text says how it should be."""


def application(simulator: Simulator) -> web.Application:
    """Return the control interface."""
    control = Control(simulator)
    app = web.Application(middlewares=[_errors_as_json])
    app.router.add_get("/", control.state)
    app.router.add_get("/channels", control.channels)
    app.router.add_get("/phones", control.phones)
    app.router.add_get("/phones/{number}", control.phone)
    app.router.add_post("/phones/{number}", control.use)
    app.router.add_post("/calls", control.call)
    app.router.add_post("/fault", control.fault)
    app.router.add_post("/replay", control.replay)
    return app


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (RequestError, ReplayError, TransferError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPNotFound:
        text = f"nothing at {request.path}; GET /, /channels, /phones, POST /calls, /phones/101, "
        return web.json_response({"error": text + "/fault, /replay"}, status=404)


async def _values(request: web.Request, *known: str) -> dict[str, Any]:
    text = await request.text()
    try:
        values = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise RequestError(f"the body is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise RequestError("the body must be a JSON object")
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise RequestError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return values


def _text(values: dict[str, Any], name: str, default: str = "") -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or any(char in value for char in "\r\n\0"):
        raise RequestError(f"{name!r} must be one line of text")
    return value


def _number(values: dict[str, Any], name: str, default: float) -> float:
    value = values.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise RequestError(f"{name!r} must be a number, 0 or more")
    return float(value)


class Control:
    """Acts on the simulator as people and misfortune do."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.office = simulator, simulator.office
        self._tasks: set[asyncio.Task[Any]] = set()

    async def state(self, _request: web.Request) -> web.Response:
        """What runs here."""
        return web.json_response(
            {
                "ami": f"127.0.0.1:{self.simulator.sessions.port}",
                "up": self.simulator.up,
                "frozen": self.simulator.sessions.frozen,
                "extensions": list(self.office.extensions),
                "dids": sorted(self.office.lines),
                "channels": len(self.office.switch.channels),
            }
        )

    async def channels(self, _request: web.Request) -> web.Response:
        """Every channel as events show it."""
        living = self.office.switch.channels.values()
        return web.json_response([channel.fields() for channel in living])

    async def phones(self, _request: web.Request) -> web.Response:
        """Every telephone."""
        return web.json_response([_shown(phone) for phone in self.office.phones.values()])

    async def phone(self, request: web.Request) -> web.Response:
        """One telephone."""
        return web.json_response(_shown(self._phone(request.match_info["number"])))

    async def call(self, request: web.Request) -> web.Response:
        """Let a customer call a DID; the script says what each telephone does."""
        values = await _values(request, "from", "did", "name", "script")
        caller = _text(values, "from", "902125550150")
        did = _text(values, "did", self.office.main)
        if did not in self.office.lines:
            raise RequestError(f"'did' is one of {', '.join(sorted(self.office.lines))}")
        if not self.simulator.up:
            raise RequestError('it is down; POST /fault {"kind": "start"} first')
        script = values.get("script", {})
        if not isinstance(script, dict):
            raise RequestError("'script' must be an object: telephone to mode or steps")
        trunk = self._phone(TRUNK)
        steps = {name: self._plan(name, what) for name, what in script.items()}
        made: list[str] = []

        def begin() -> None:
            made.append(trunk.dial(did, caller, _text(values, "name")).uid)

        self.simulator.act(begin)
        for name, plan in steps.items():
            self._start(self._play(trunk if name == _CALLER else self._phone(name), plan))
        return web.json_response({"uniqueid": made[0] if made else None})

    async def use(self, request: web.Request) -> web.Response:
        """Do something at a telephone, or say what it does when called."""
        phone = self._phone(request.match_info["number"])
        values = await _values(request, "do", "to", "mode", "delay_s", "from", "name")
        self._behave(phone, values)
        if "do" in values:
            self._do(phone, values)
        return web.json_response(_shown(phone))

    async def fault(self, request: web.Request) -> web.Response:
        """Let a fault begin or end."""
        values = await _values(request, "kind", "amount")
        try:
            amount = int(_number(values, "amount", 0))
            await self.simulator.befall(_text(values, "kind"), amount)
        except FaultError:
            raise RequestError(f"'kind' is one of {', '.join(FAULTS)}") from None
        return await self.state(request)

    async def replay(self, request: web.Request) -> web.Response:
        """Send a recording to who is logged in; answered when it is sent."""
        values = await _values(request, "path", "speed")
        events = load(Path(_text(values, "path")))
        speed = _number(values, "speed", 1)
        sent = await replay(events, self.simulator.sessions.broadcast, speed)
        return web.json_response({"events": sent})

    def _phone(self, number: str) -> Phone:
        phone = self.office.phones.get(number)
        if phone is None:
            known = ", ".join(self.office.phones)
            raise RequestError(f"there is no telephone {number[:20]!r}; there are {known}")
        return phone

    def _behave(self, phone: Phone, values: dict[str, Any]) -> None:
        mode = _text(values, "mode", phone.mode)
        if mode not in MODES:
            raise RequestError(f"'mode' is one of {', '.join(MODES)}")
        phone.delay_s = _number(values, "delay_s", phone.delay_s)
        phone.mode = mode

    def _do(self, phone: Phone, values: dict[str, Any]) -> None:
        deed, to = _text(values, "do"), _text(values, "to")
        if deed not in DEEDS:
            raise RequestError(f"'do' is one of {', '.join(DEEDS)}")
        if deed in {"transfer", "consult", "dial", "press"} and not to:
            raise RequestError(f"'to' says where to {deed}")
        if deed in _NEEDS_CALL and not phone.lines:
            raise RequestError(f"{phone.number} has no call; POST /calls first")
        if deed == "complete" and len(phone.lines) < 2:
            raise RequestError(f"{phone.number} asks nobody; do consult first")
        caller, name = _text(values, "from"), _text(values, "name")
        deeds: dict[str, Callable[[], object]] = {
            "answer": phone.answer,
            "hang_up": phone.hang_up,
            "decline": phone.decline,
            "hold": phone.hold,
            "resume": lambda: phone.hold(on=False),
            "transfer": lambda: phone.pass_on(to),
            "consult": lambda: phone.consult(to),
            "complete": phone.complete,
            "dial": lambda: phone.dial(to, caller, name),
            "press": lambda: phone.press(to),
        }
        self.simulator.act(deeds[deed])

    def _plan(self, name: str, what: Any) -> list[dict[str, Any]]:
        """Check a script's part for one telephone; modes hold at once."""
        if name != _CALLER:
            self._phone(name)
        if isinstance(what, str):
            what = {"mode": what}
        if isinstance(what, dict):
            self._behave(self._phone(name), what)
            return []
        if not isinstance(what, list) or not all(isinstance(step, dict) for step in what):
            raise RequestError(f"script {name!r}: a mode, or a list of steps with 'do'")
        if name != _CALLER:
            self._behave(self._phone(name), {"mode": "ring"})
        return what

    async def _play(self, phone: Phone, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            await asyncio.sleep(_number(step, "after_s", 0))
            self._do(phone, {key: value for key, value in step.items() if key != "after_s"})

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _shown(phone: Phone) -> dict[str, Any]:
    return {
        "number": phone.number,
        "name": phone.name,
        "state": phone.state,
        "mode": phone.mode,
        "delay_s": phone.delay_s,
        "calls": len(phone.lines),
        "rings": phone.rings,
        "talk_s": round(phone.talk_s, 3),
    }
