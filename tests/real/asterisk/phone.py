"""A SIP telephone on an address of its own, as a person uses it. Loopback only: nothing is lost
there, so it repeats nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tests.real.asterisk.sip import (
    ALLOWED,
    Message,
    Voice,
    describe,
    tag_of,
    token,
    uri_of,
    write,
)

Address = tuple[str, int]
SIP_PORT = 5060


class Dialog:
    """One call as a telephone sees it: calling, incoming, ringing, up, ended."""

    def __init__(self, call_id: str, *, outgoing: bool) -> None:
        self.call_id, self.outgoing = call_id, outgoing
        self.local_tag, self.remote_tag = token(8), ""
        self.sequence, self.invite_sequence, self.branch = 100, 0, ""
        self.target = self.remote = self.local = self.peer = ""
        self.state, self.status, self.given_up = "new", 0, False
        self.at: dict[str, float] = {}
        self.invite: Message | None = None
        self.heard_at: Address | None = None
        self.voice, self.pressing = Voice(), False
        self.streaming: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def become(self, state: str) -> None:
        """Change the state."""
        self.state = state
        self.at.setdefault(state, time.time())
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, *states: str, timeout_s: float = 15.0) -> Dialog:
        """Wait for one of several states."""
        async with asyncio.timeout(timeout_s):
            while self.state not in states:
                await self._changed.wait()
        return self

    @property
    def talk_s(self) -> float:
        """Return how long it was up."""
        return self.at["ended"] - self.at["up"] if "up" in self.at else 0.0


class Phone(asyncio.DatagramProtocol):
    """One telephone; `mode` says what it does when called: answer, ring, busy, decline."""

    def __init__(self, number: str, address: str, pbx: str) -> None:
        self.number, self.address, self.pbx = number, address, (pbx, SIP_PORT)
        self.mode, self.delay_s = "answer", 0.3
        self.dialogs: dict[str, Dialog] = {}
        self.incoming: asyncio.Queue[Dialog] = asyncio.Queue()
        self._answers: dict[tuple[str, int, str], bytes] = {}
        self._waiting: dict[tuple[str, int], asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wire: Any = None
        self._voice: Any = None
        self._voice_port = 0

    async def open(self) -> Phone:
        """Plug it in."""
        loop = asyncio.get_running_loop()
        self._wire, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.address, SIP_PORT)
        )
        self._voice, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(self.address, 0)
        )
        self._voice_port = self._voice.get_extra_info("sockname")[1]
        return self

    async def close(self) -> None:
        """Hang everything up and unplug it."""
        for dialog in list(self.dialogs.values()):
            await self.hang_up(dialog)
        self.unplug()

    def unplug(self) -> None:
        """Unplug it without a word."""
        for task in list(self._tasks):
            task.cancel()
        self._wire.close()
        self._voice.close()

    # what a person does

    async def call(
        self, number: str, *, caller: str = "", name: str = "", withheld: bool = False
    ) -> Dialog:
        """Dial a number; `withheld` has the network know it and nobody see it (RFC 3323)."""
        dialog = Dialog(f"{token(12)}@{self.address}", outgoing=True)
        self.dialogs[dialog.call_id] = dialog
        dialog.target = dialog.remote = dialog.peer = f"sip:{number}@{self.pbx[0]}"
        shown = f'"{name}" ' if name else ""
        dialog.local = f"{shown}<sip:{caller or self.number}@{self.address}>"
        dialog.become("calling")
        dialog.invite_sequence, dialog.branch = self._request(
            "INVITE", dialog, body=describe(self.address, self._voice_port),
            more=(f"P-Asserted-Identity: {dialog.local}", "Privacy: id") if withheld else (),
        )  # fmt: skip
        return dialog

    def answer(self, dialog: Dialog) -> None:
        """Pick up."""
        if dialog.invite is not None and dialog.state in {"incoming", "ringing"}:
            body = describe(self.address, self._voice_port)
            self._respond(dialog.invite, 200, "OK", dialog, body)
            dialog.become("answered")

    def decline(self, dialog: Dialog) -> None:
        """Press the red button while it rings."""
        self._refuse(dialog, 603, "Decline")

    async def hang_up(self, dialog: Dialog) -> None:
        """Hang up, whatever state it is in."""
        if dialog.outgoing and dialog.state in {"calling", "ringing"}:
            tag, dialog.remote_tag, dialog.given_up = dialog.remote_tag, "", True
            self._request(
                "CANCEL", dialog, to=dialog.target, sequence=dialog.invite_sequence,
                branch=dialog.branch,
            )  # fmt: skip
            dialog.remote_tag = tag
        elif dialog.state in {"incoming", "ringing"}:
            self._refuse(dialog, 486, "Busy Here")
        elif dialog.state in {"up", "answered"}:
            self._request("BYE", dialog)
            dialog.become("ended")

    async def hold(self, dialog: Dialog, *, on: bool = True) -> None:
        """Hold, or take back."""
        body = describe(self.address, self._voice_port, "sendonly" if on else "sendrecv")
        await self._ask("INVITE", dialog, body=body)

    async def pass_on(self, dialog: Dialog, number: str, other: Dialog | None = None) -> None:
        """Transfer to a number, or to who is on another line."""
        to = f"sip:{number}@{self.pbx[0]}"
        if other is not None:
            tags = f";to-tag={other.remote_tag};from-tag={other.local_tag}"
            to += "?Replaces=" + quote(other.call_id + tags, safe="")
        referred = f"Referred-By: <sip:{self.number}@{self.address}>"
        await self._ask("REFER", dialog, more=(f"Refer-To: <{to}>", referred))

    async def press(self, dialog: Dialog, digits: str) -> None:
        """Press keys."""
        dialog.pressing = True
        for digit in digits:
            for packet in dialog.voice.key(digit):
                self._voice.sendto(packet, dialog.heard_at)
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
        dialog.pressing = False

    # what the network does

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Take a datagram."""
        if len(data) < 8:
            return
        message = Message.read(data)
        dialog = self.dialogs.get(message.get("call-id"))
        if message.status:
            self._answered(message, dialog)
            return
        method = message.start.partition(" ")[0]
        again = self._answers.get((message.get("call-id"), message.sequence, method))
        if again is not None and method != "ACK":
            self._wire.sendto(again, addr)
        elif method == "INVITE" and dialog is None:
            self._called(message)
        elif dialog is not None:
            self._told(method, message, dialog)

    def _called(self, message: Message) -> None:
        dialog = Dialog(message.get("call-id"), outgoing=False)
        self.dialogs[dialog.call_id] = dialog
        dialog.remote_tag = tag_of(message.get("from"))
        dialog.remote, dialog.peer = uri_of(message.get("contact")), uri_of(message.get("from"))
        dialog.local, dialog.invite = f"<{uri_of(message.get('to'))}>", message
        dialog.heard_at = message.media
        self._respond(message, 100, "Trying", None, keep=False)
        dialog.become("incoming")
        self.incoming.put_nowait(dialog)
        self._start(self._react(dialog))

    def _told(self, method: str, message: Message, dialog: Dialog) -> None:
        if method == "INVITE":
            dialog.heard_at = message.media or dialog.heard_at
            held = "recvonly" if "a=sendonly" in message.body else "sendrecv"
            body = describe(self.address, self._voice_port, held)
            self._respond(message, 200, "OK", dialog, body)
        elif method == "ACK":
            if dialog.state == "answered":
                self._up(dialog)
        else:
            self._respond(message, 200, "OK", dialog)
            if method == "CANCEL" and dialog.invite and dialog.state in {"incoming", "ringing"}:
                self._respond(dialog.invite, 487, "Request Terminated", dialog)
                dialog.become("ended")
            elif method == "BYE":
                dialog.become("ended")

    def _answered(self, message: Message, dialog: Dialog | None) -> None:
        waiting = self._waiting.get((message.get("call-id"), message.sequence))
        if waiting is not None and message.status >= 200 and not waiting.done():
            waiting.set_result(message)
        if dialog is None or message.method != "INVITE":
            return
        dialog.remote_tag = tag_of(message.get("to")) or dialog.remote_tag
        if 180 <= message.status < 200 and dialog.state == "calling":
            dialog.become("ringing")
        elif 200 <= message.status < 300:
            dialog.remote, dialog.heard_at = uri_of(message.get("contact")), message.media
            self._request("ACK", dialog, sequence=message.sequence)
            if dialog.state in {"calling", "ringing"}:
                self._up(dialog)
            if dialog.given_up and dialog.state == "up":  # it was answered as we gave up
                self._request("BYE", dialog)
                dialog.become("ended")
        elif message.status >= 300:
            self._request("ACK", dialog, to=dialog.target or dialog.remote,
                          sequence=message.sequence, branch=dialog.branch)  # fmt: skip
            dialog.status = message.status
            if dialog.state in {"calling", "ringing"}:
                dialog.become("ended")

    # how it is done

    async def _react(self, dialog: Dialog) -> None:
        await asyncio.sleep(0.05)
        if self.mode == "busy":
            self._refuse(dialog, 486, "Busy Here")
            return
        if dialog.invite is not None and dialog.state == "incoming":
            self._respond(dialog.invite, 180, "Ringing", dialog, keep=False)
            dialog.become("ringing")
        if self.mode in {"answer", "decline"}:
            await asyncio.sleep(self.delay_s)
            (self.answer if self.mode == "answer" else self.decline)(dialog)

    def _refuse(self, dialog: Dialog, status: int, reason: str) -> None:
        if dialog.invite is not None and dialog.state in {"incoming", "ringing"}:
            self._respond(dialog.invite, status, reason, dialog)
            dialog.become("ended")

    def _up(self, dialog: Dialog) -> None:
        dialog.become("up")
        self._start(self._speak(dialog))

    async def _speak(self, dialog: Dialog) -> None:
        """Send silence while it is up: without voice Asterisk optimises no Local channel away."""
        while dialog.state == "up":
            if dialog.heard_at and not dialog.pressing:
                self._voice.sendto(dialog.voice.silence(), dialog.heard_at)
            await asyncio.sleep(0.02)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(
        self, method: str, dialog: Dialog, *, body: str = "", more: Sequence[str] = ()
    ) -> None:
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[dialog.call_id, dialog.sequence + 1] = answer
        self._request(method, dialog, body=body, more=more)
        status = (await asyncio.wait_for(answer, 5)).status
        assert status < 300, f"{method} is answered with {status}"

    def _request(
        self,
        method: str,
        dialog: Dialog,
        *,
        to: str = "",
        body: str = "",
        more: Sequence[str] = (),
        sequence: int = 0,
        branch: str = "",
    ) -> tuple[int, str]:
        branch = branch or f"z9hG4bK{token(12)}"
        if not sequence:
            dialog.sequence += 1
            sequence = dialog.sequence
        tag = f";tag={dialog.remote_tag}" if dialog.remote_tag else ""
        headers = [
            f"Via: SIP/2.0/UDP {self.address}:{SIP_PORT};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {dialog.local};tag={dialog.local_tag}",
            f"To: <{dialog.peer}>{tag}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {sequence} {method}",
            *self._about(),
            *more,
        ]
        self._wire.sendto(write(f"{method} {to or dialog.remote} SIP/2.0", headers, body), self.pbx)
        return sequence, branch

    def _respond(
        self,
        message: Message,
        status: int,
        reason: str,
        dialog: Dialog | None,
        body: str = "",
        *,
        keep: bool = True,
    ) -> None:
        to = message.get("to")
        if dialog is not None and not tag_of(to):
            to += f";tag={dialog.local_tag}"
        headers = [f"Via: {via}" for via in message.every("via")]
        headers += [f"{name}: {message.get(name.lower())}" for name in ("From", "Call-ID", "CSeq")]
        raw = write(f"SIP/2.0 {status} {reason}", [*headers, f"To: {to}", *self._about()], body)
        if keep:
            self._answers[message.get("call-id"), message.sequence, message.method] = raw
        self._wire.sendto(raw, self.pbx)

    def _about(self) -> list[str]:
        contact = f"Contact: <sip:{self.number}@{self.address}:{SIP_PORT}>"
        return [contact, f"Allow: {ALLOWED}", "Supported: replaces"]
