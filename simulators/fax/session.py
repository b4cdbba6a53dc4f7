"""One client's control connection: commands in, replies out (hfaxd(8))."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from simulators.fax.file_commands import FORMS, FileCommands
from simulators.fax.job_commands import JobCommands

VERSION = "(HylaFAX (tm) Version 6.0.7)"
MAX_LINE = 8192
BUFFER = 511
"""Bytes that are read of a line; what is more is taken for another command."""
_OPEN = frozenset({"USER", "PASS", "QUIT", "HELP", "SYST", "NOOP", "REIN"})
"""Commands that need no login."""
_UNIMPLEMENTED = frozenset({"ACCT", "ALLO", "RNFR", "RNTO"})


class Session(FileCommands, JobCommands):
    """A client."""

    async def run(self) -> None:
        """Answer until the client leaves."""
        self._say(220, f"vm server {VERSION} ready.")
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                line = await self._reader.readuntil(b"\n")
                await self._server.thawed()
                for start in range(0, len(line), BUFFER):
                    part = line[start : start + BUFFER].decode("utf-8", "replace")
                    await self._answer(part.rstrip("\r\n"))
                if self._writer.is_closing():
                    break
        await self._transfers.close()
        self._writer.close()

    async def _answer(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        name, table = word.upper(), self._table()
        if name in _UNIMPLEMENTED:
            self._say(502, f"{name}: Command not implemented.")
        elif name not in table:
            self._say(500, f"{name}: Command not recognized.")
        elif not self._in and name not in _OPEN:
            self._say(530, "Please login with USER and PASS.")
        else:
            await table[name](rest)

    def _table(self) -> dict[str, Callable[[str], Awaitable[None]]]:
        plain = {
            "NOOP": (200, "NOOP command successful."), "SYST": (215, "UNIX Type: L8 Version: SVR4"),
            "ABOR": (225, "ABOR command successful."),
            "PWD": (257, '"/" is the current directory.'),
            "CWD": (250, "CWD command successful."), "REIN": (220, "Service ready for new user."),
            "HELP": (214, "Direct comments to FaxMaster@vm."), "STAT": (211, "End of status"),
        }  # fmt: skip
        table: dict[str, Callable[[str], Awaitable[None]]] = {
            name: self._plain(code, text) for name, (code, text) in plain.items()
        }
        return table | {
            "USER": self._user_is, "PASS": self._password, "ADMIN": self._admin_is,
            "QUIT": self._quit, "TZONE": self._zone, "FORM": self._set_form, "TYPE": self._set_type,
            "MODE": self._set_mode, "STRU": self._structure, "IDLE": self._idle,
            "PORT": self._port, "EPRT": self._eport, "PASV": self._pasv, "EPSV": self._epsv,
            "STOT": self._store, "STOU": self._store, "SIZE": self._size, "MDTM": self._time,
            "DELE": self._delete, "RETR": self._retrieve, "LIST": self._list, "NLST": self._names,
            "SITE": self._site, "JNEW": self._new, "JGNEW": self._new_group, "JOB": self._select,
            "JPARM": self._parameter, "JSUBM": self._submit, "JSUSP": self._suspend,
            "JKILL": self._kill, "JINTR": self._kill, "JDELE": self._job_delete,
            "JWAIT": self._wait, "VRFY": self._verify,
            **{name: self._format(name) for name in self._formats},
        }  # fmt: skip

    def _plain(self, code: int, text: str) -> Callable[[str], Awaitable[None]]:
        async def said(_rest: str) -> None:
            self._say(code, text)

        return said

    def _format(self, name: str) -> Callable[[str], Awaitable[None]]:
        async def set_or_told(rest: str) -> None:
            if not rest:
                self._say(200, self._formats[name])
                return
            self._formats[name] = rest.strip().strip('"')
            self._say(200, f"{name} command successful.")

        return set_or_told

    # Who it is

    async def _user_is(self, rest: str) -> None:
        self._user, self._admin = rest.strip() or "anonymous", False
        config = self._server.config
        if self._server.refuses:
            self._in = False
            self._say(530, f"User {self._user} access denied.")
        elif config.password or (config.user and config.user != self._user):
            self._in = False
            self._say(331, f"Password required for {self._user}.")
        else:
            self._in = True
            self._say(230, f"User {self._user} logged in.")

    async def _password(self, rest: str) -> None:
        config = self._server.config
        fits = rest == config.password and config.user in {"", self._user}
        self._in = bool(self._user) and fits
        if self._in:
            self._say(230, f"User {self._user} logged in.")
        else:
            self._say(530, "Login incorrect.")

    async def _admin_is(self, rest: str) -> None:
        self._admin = not self._server.config.admin or rest == self._server.config.admin
        if self._admin:
            self._say(230, "Administrative privileges established.")
        else:
            self._say(530, "Password incorrect.")

    async def _quit(self, _rest: str) -> None:
        self._say(221, "Goodbye.")
        self._writer.close()

    # How it is spoken

    async def _zone(self, rest: str) -> None:
        named = "GMT" if rest.strip().upper() == "GMT" else "UTC"
        self._say(200, f"Using time values in {named}." if rest
                  else "Time values are handled in GMT.")  # fmt: skip

    async def _set_form(self, rest: str) -> None:
        name = rest.strip().upper()
        if name not in FORMS:
            self._say(504, f"Form {rest} not recognized.")
            return
        self._form = name
        self._say(200, f"Format set to {name}.")

    async def _set_type(self, rest: str) -> None:
        self._type = rest.strip().upper()[:1]
        self._say(200, f"Type set to {'Image' if self._type in {'I', 'L'} else 'ASCII'}.")

    async def _set_mode(self, rest: str) -> None:
        self._transfers.zipped = rest.strip().upper() == "Z"
        self._say(200, f"Mode set to {'ZIP' if self._transfers.zipped else 'Stream'}.")

    async def _structure(self, rest: str) -> None:
        if rest.strip().upper() == "F":
            self._say(200, "Structure set to File.")
        else:
            self._say(504, f"Structure {rest} not supported.")

    async def _idle(self, rest: str) -> None:
        self._say(213, f"Idle timeout set to {rest}." if rest else "900 seconds.")

    async def _port(self, rest: str) -> None:
        self._set_target("PORT", self._transfers.to_port(rest.strip()))

    async def _eport(self, rest: str) -> None:
        self._set_target("EPRT", self._transfers.to_eport(rest.strip()))

    def _set_target(self, name: str, good: bool) -> None:
        if good:
            self._say(200, f"{name} command successful.")
        else:
            self._say(500, f"'{name}': Syntax error.")

    async def _pasv(self, _rest: str) -> None:
        port = await self._transfers.listen()
        self._say(227, f"Entering passive mode (127,0,0,1,{port // 256},{port % 256})")

    async def _epsv(self, rest: str) -> None:
        if rest:
            self._say(500, f"'EPSV {rest}': Syntax error, expecting <CRLF>.")
            return
        port = await self._transfers.listen()
        self._say(229, f"Entering Extended Passive Mode (|||{port}|)")
