"""Styles, scripts and pictures of the pages, under addresses that change with what they hold."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

from aiohttp import web

from gateway.kernel.errors import NotFound

ROOT = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class StaticFiles:
    """Holds them in memory: they are few, and part of the program."""

    def __init__(self, root: Path = ROOT) -> None:
        self._files = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
        whole = hashlib.sha256()
        for name, body in self._files.items():
            whole.update(f"{name}\0{len(body)}\0".encode() + body)
        self.edition = whole.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the address of a file; raises KeyError for one that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.edition}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        """Send a file; one of another edition, which an open page may ask for, as it is now."""
        name = request.match_info["name"]
        body = self._files.get(name)
        if body is None:
            raise NotFound(f"there is no file {name[:100]!r}")
        current = request.match_info["edition"] == self.edition
        headers = {"Cache-Control": _FOR_EVER if current else "no-store"}
        return web.Response(body=body, content_type=_type_of(name), charset=None, headers=headers)


def _type_of(name: str) -> str:
    suffix = Path(name).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
