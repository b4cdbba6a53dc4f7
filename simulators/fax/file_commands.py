"""Commands about files, listings and the event stream."""

from __future__ import annotations

import asyncio
import contextlib
import time

from simulators.fax import listings
from simulators.fax.talk import Talk
from simulators.fax.transfers import NoConnection

MAX_DOCUMENT = 200_000_000
FORMS = {"PS": "ps", "PDF": "pdf", "TIFF": "tif", "POSTSCRIPT": "ps", "PCL": "pcl"}


class FileCommands(Talk):
    """STOT, RETR, LIST, SITE TRIGGER and their like."""

    async def _store(self, _rest: str) -> None:
        if self._server.disk_full:
            self._say(452, "Error writing file: No space left on device.")
            return
        name = self._spool.new_document(FORMS[self._form])
        self._say(150, f"FILE: {name} (Opening new data connection).")
        drop = self._server.drops.pop() if self._server.drops else None
        try:
            content = await self._transfers.receive(MAX_DOCUMENT, drop)
        except NoConnection as error:
            self._say(425, f"Cannot build data connection: {error}.")
            return
        (self._spool.root / name.lstrip("/")).write_bytes(content)
        # Also of what broke off: the client has to ask for the size.
        self._say(226, f"Transfer complete (FILE: {name}).")

    async def _size(self, rest: str) -> None:
        path = self._spool.path(rest.strip())
        if path is None:
            self._say(550, f"{rest}: No such file or directory.")
        else:
            self._say(213, str(path.stat().st_size))

    async def _time(self, rest: str) -> None:
        path = self._spool.path(rest.strip())
        if path is None:
            self._say(550, f"{rest}: No such file or directory.")
            return
        reception = self._spool.receptions.get(path.name)
        at = reception.at if reception else path.stat().st_mtime
        self._say(213, time.strftime("%Y%m%d%H%M%S", time.gmtime(at)))

    async def _delete(self, rest: str) -> None:
        name = rest.strip()
        path = self._spool.path(name)
        if path is None:
            self._say(550, f"{name}: No such file or directory.")
        elif path.parent.name == "recvq":
            if not self._admin:
                self._say(550, f"{name}: Operation not permitted.")
                return
            self._spool.drop_reception(path.name)
            self._spool.note("removed", file=path.name)
            self._say(250, "DELE command successful.")
        else:
            path.unlink()
            self._say(250, "DELE command successful.")

    async def _retrieve(self, rest: str) -> None:
        name = rest.strip()
        content = listings.made_file(self._server, name)
        path = self._spool.path(name)
        if content is None and path is not None:
            hidden = self._server.config.private and path.parent.name == "recvq"
            if hidden and not self._admin:
                self._say(550, f"{name}: Permission denied.")
                return
            content = path.read_bytes()
            if path.parent.name == "recvq":
                self._spool.note("fetched", file=path.name)
        if content is None:
            self._say(550, f"{name}: No such file or directory.")
            return
        await self._send(content, f"{name} ({len(content)} bytes)")

    async def _list(self, rest: str) -> None:
        await self._send_list(rest.strip() or ".", names_only=False)

    async def _names(self, rest: str) -> None:
        await self._send_list(rest.strip() or ".", names_only=True)

    async def _send_list(self, what: str, *, names_only: bool) -> None:
        if "%q" in self._formats["RCVFMT"] and what == "recvq":
            self.hang_up()  # the real one's child dies of it
            return
        hidden = self._server.config.private and not self._admin
        lines = listings.lines(self._server, what, self._formats, hidden=hidden,
                               names_only=names_only)  # fmt: skip
        if lines is None:
            self._say(550, f"{what}: No such file or directory.")
            return
        text = "".join(line + "\r\n" for line in lines)
        await self._send(text.encode(), f'"{what}"')

    async def _send(self, content: bytes, what: str) -> None:
        self._say(150, f"Opening new data connection for {what}.")
        drop = self._server.drops.pop() if self._server.drops else None
        try:
            await self._transfers.send(content if drop is None else content[:drop])
        except (NoConnection, OSError) as error:
            self._say(425, f"Cannot build data connection: {error}.")
            return
        self._say(226, "Transfer complete.")

    async def _site(self, rest: str) -> None:
        word, _, argument = rest.partition(" ")
        if word.upper() == "TRIGGER":
            await self._trigger(argument.strip())
        elif word.upper() == "LOCKWAIT":
            self._say(213, f"Lock timeout set to {argument}.")
        else:
            self._say(500, f"'SITE {rest}': Syntax error, expecting <SP>.")

    async def _trigger(self, spec: str) -> None:
        told: asyncio.Queue[bytes] = asyncio.Queue(10_000)

        def tell(line: bytes) -> None:
            if not told.full():
                told.put_nowait(bytes(64) if self._type == "I" else line)

        try:
            ticket = self._server.triggers.add(spec, tell)
        except ValueError:
            self._say(504, f'Trigger "{spec}": bad specification.')
            return
        try:
            async with self._transfers.opened() as (_reader, writer):
                self._say(150, f'Opening new data connection for trigger "{spec}".')
                await self._stream(told, writer, silent=self._transfers.passive)
        except NoConnection as error:
            self._say(425, f"Cannot build data connection: {error}.")
        finally:
            self._server.triggers.remove(ticket)

    async def _stream(
        self, told: asyncio.Queue[bytes], writer: asyncio.StreamWriter, *, silent: bool
    ) -> None:
        """Tell events until the client asks for something else, or is gone."""
        asked = asyncio.create_task(self._reader.readuntil(b"\n"))
        try:
            while not asked.done():
                event = asyncio.create_task(told.get())
                await asyncio.wait({asked, event}, return_when=asyncio.FIRST_COMPLETED)
                if not event.done():
                    event.cancel()
                    continue
                await self._server.thawed()
                if not silent:  # after PASV the real one writes to nobody
                    writer.write(event.result())
                    await writer.drain()
        finally:
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
                await asked
        self._say(226, "Transfer complete.")
