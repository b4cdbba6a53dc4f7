"""The control interface of the simulated fax server: HTTP, loopback only."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.fax import pages
from simulators.fax.server import FaxSimulator

FAULTS = (
    "freeze", "thaw", "cut", "refuse", "admit", "scheduler_down", "scheduler_up", "disk_full",
    "disk_free", "drop_transfer", "lose_answer", "cut_call", "line_down", "line_up",
)  # fmt: skip
MAX_BODY = 100_000_000
_PAGE_S = 10
_KNOWN = ("file", "caller", "caller_name", "station", "called", "error", "seconds", "arriving")


class RequestError(Exception):
    """The request is wrong; the text says how it should be."""


def application(server: FaxSimulator) -> web.Application:
    """Return the control interface."""
    control = Control(server)
    app = web.Application(middlewares=[_errors_as_json], client_max_size=MAX_BODY)
    app.router.add_get("/", control.state)
    app.router.add_get("/jobs", control.jobs)
    app.router.add_get("/sent", control.sent)
    app.router.add_get("/sent/{name}", control.sent_pages)
    app.router.add_get("/journal", control.journal)
    app.router.add_post("/receive", control.receive)
    app.router.add_post("/fault", control.fault)
    return app


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPNotFound:
        text = f"nothing at {request.path}; GET /, /jobs, /sent, /sent/1-1.tif, /journal, "
        return web.json_response({"error": text + "POST /receive, /fault"}, status=404)


class Control:
    """Acts on the simulator as far ends and misfortune do."""

    def __init__(self, server: FaxSimulator) -> None:
        self._server = server

    async def state(self, _request: web.Request) -> web.Response:
        """What runs here."""
        scheduler = self._server.scheduler
        return web.json_response({
            "port": self._server.port, "frozen": self._server.frozen, "scheduler": scheduler.up,
            "lines": [{"name": line.name, "state": line.state, "works": line.works,
                       "job": line.job.id if line.job else None, "busy_s": line.busy_s}
                      for line in scheduler.lines],
            "jobs": len(self._server.spool.jobs),
            "received": len(self._server.spool.receptions),
        })  # fmt: skip

    async def jobs(self, _request: web.Request) -> web.Response:
        """Every job."""
        return web.json_response([job.told() for job in self._server.spool.jobs.values()])

    async def sent(self, _request: web.Request) -> web.Response:
        """What the far ends got whole, oldest first."""
        told = [one for one in self._server.spool.journal() if one["what"] == "sent"]
        return web.json_response(told)

    async def sent_pages(self, request: web.Request) -> web.Response:
        """The pages of one as a TIFF."""
        path = self._server.spool.root / "sent" / Path(request.match_info["name"]).name
        if not path.is_file():
            raise RequestError(f"nothing was sent as {path.name}; GET /sent shows all")
        return web.Response(body=path.read_bytes(), content_type="image/tiff")

    async def journal(self, _request: web.Request) -> web.Response:
        """Everything that was noted."""
        return web.json_response(self._server.spool.journal())

    async def receive(self, request: web.Request) -> web.Response:
        """Let a fax arrive: a TIFF or PDF, from a station and number, at a DID."""
        values = await self._fax_of(request)
        content = values.pop("file")
        spool = self._server.spool
        reception = spool.new_reception(
            station=values.get("station", ""), caller=values.get("caller", ""),
            caller_name=values.get("caller_name", ""), called=values.get("called", ""),
            error=values.get("error", ""), arriving=bool(values.get("arriving")),
            line=self._server.scheduler.lines[0].name,
        )  # fmt: skip
        await asyncio.to_thread(self._write, reception.name, content, values)
        reception.pages = values["pages"]
        reception.seconds = int(values.get("seconds") or reception.pages * _PAGE_S)
        spool.keep_reception(reception)
        spool.note("received", file=reception.name, pages=reception.pages,
                   caller=reception.caller)  # fmt: skip
        self._tell(reception.name, reception.station, reception.pages)
        return web.json_response({"file": reception.name, "pages": reception.pages})

    async def fault(self, request: web.Request) -> web.Response:
        """Let something befall the server."""
        values = await _json(request)
        kind = values.get("kind")
        if kind not in FAULTS:
            raise RequestError(f"'kind' is one of {', '.join(FAULTS)}")
        self._befall(kind, values)
        return web.json_response({})

    def _befall(self, kind: str, values: dict[str, Any]) -> None:
        server, scheduler = self._server, self._server.scheduler
        deeds: dict[str, Callable[[], object]] = {
            "freeze": server.freeze, "thaw": server.thaw, "cut": server.cut,
            "refuse": lambda: setattr(server, "refuses", True),
            "admit": lambda: setattr(server, "refuses", False),
            "scheduler_down": lambda: setattr(scheduler, "up", False),
            "scheduler_up": lambda: setattr(scheduler, "up", True),
            "disk_full": lambda: setattr(server, "disk_full", True),
            "disk_free": lambda: setattr(server, "disk_full", False),
            "drop_transfer": lambda: server.drops.append(int(values.get("after", 100))),
            "lose_answer": lambda: setattr(server, "lose_answers", int(values.get("times", 1))),
            "cut_call": lambda: scheduler.cut(str(values.get("line", "ttyFAX0"))),
            "line_down": lambda: self._work(values, works=False),
            "line_up": lambda: self._work(values, works=True),
        }  # fmt: skip
        deeds[kind]()
        scheduler.look()

    def _work(self, values: dict[str, Any], *, works: bool) -> None:
        for line in self._server.scheduler.lines:
            if values.get("line", line.name) == line.name:
                line.works = works

    async def _fax_of(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "multipart/form-data":
            form = await request.post()
            values: dict[str, Any] = {
                name: field.file.read() if isinstance(field, web.FileField) else field
                for name, field in form.items()
            }
        else:
            values = await _json(request)
            try:
                values["file"] = base64.b64decode(str(values.get("file", "")), validate=True)
            except binascii.Error as error:
                raise RequestError(f"'file' is no base64: {error}") from error
        unknown = sorted(set(values) - set(_KNOWN))
        if unknown:
            raise RequestError(f"unknown: {', '.join(unknown)}; known: {', '.join(_KNOWN)}")
        if not values.get("file"):
            raise RequestError("'file' is missing: a TIFF or a PDF")
        return values

    def _write(self, name: str, content: bytes, values: dict[str, Any]) -> None:
        """Write the file as the server does: in its description who sent it, and to whom."""
        path = self._server.spool.root / "recvq" / name
        path.write_bytes(content)
        if values.get("error"):  # as broken as it came
            values["pages"] = 1
            return
        try:
            images = pages.images_of(path, 196)
        except pages.Unreadable as error:
            path.unlink()
            raise RequestError("'file' cannot be read: send a TIFF or a PDF") from error
        ids = (values.get("caller", ""), values.get("caller_name", ""), "",
               values.get("called", ""))  # fmt: skip
        description = "\n".join([values.get("station", ""), *ids])
        resolution = images[0].info.get("dpi", (204, 196))[1] if images else 196
        pages.write_tiff(images, path, round(float(resolution)), description)
        values["pages"] = len(images)

    def _tell(self, name: str, station: str, count: int) -> None:
        triggers, com = self._server.triggers, self._server.scheduler.next_call()
        triggers.of_reception(132, "Call started")
        said = f"From {station} (com {com}), {count} pages in 0:00:07, file recvq/{name}"
        triggers.of_reception(135, said)
        triggers.of_reception(136, "Call ended")


async def _json(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    try:
        values = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise RequestError(f"the body is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise RequestError("the body must be a JSON object")
    return values
