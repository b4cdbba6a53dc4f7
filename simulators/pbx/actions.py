"""The manager's actions, answered in Asterisk 16's words."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping

from simulators.pbx import lists, local_channels, transfers
from simulators.pbx.channels import Channel, ChannelState, Fields, Party
from simulators.pbx.dialling import OUTGOING, Dialled
from simulators.pbx.office import Office
from simulators.pbx.sessions import CLASSES, Session, Sessions, User, write
from simulators.pbx.switch import CALL

_NEEDS = {
    "Originate": {"originate"}, "Redirect": {"call"}, "Hangup": {"system", "call"},
    "Park": {"call"}, "Atxfer": {"call"}, "CancelAtxfer": {"call"}, "BlindTransfer": {"call"},
    "CoreShowChannels": {"system", "reporting"}, "Command": {"command"}, "UserEvent": {"user"},
    "Getvar": {"call", "reporting"}, "Setvar": {"call"}, "Status": {"system", "call", "reporting"},
    "CoreStatus": {"system", "reporting"}, "CoreSettings": {"system", "reporting"},
    "ExtensionState": {"call", "reporting"}, "DeviceStateList": {"call", "reporting"},
    "ExtensionStateList": {"call", "reporting"}, "ParkedCalls": {"call"},
    "Parkinglots": {"call"}, "PJSIPShowEndpoints": {"system"},
}  # fmt: skip
"""Classes of which one is needed; an action that is not here needs none."""
_RING_MS = 30_000


class Refusal(Exception):
    """An action is answered with an error."""


class Actions:
    """Answers what sessions ask for."""

    def __init__(self, office: Office, sessions: Sessions, users: Mapping[str, User]) -> None:
        self.office, self.sessions, self.users = office, sessions, users
        self.booted = time.time()
        sessions.ask = self.ask
        office.switch.publish = sessions.publish
        self._tasks: set[asyncio.Task[None]] = set()
        self._do: dict[str, Callable[[Session, Fields], Fields | None]] = {
            "Ping": self._ping, "Events": self._events, "ListCommands": self._list_commands,
            "Originate": self._originate, "Redirect": self._redirect, "Hangup": self._hangup,
            "Park": self._park, "Atxfer": self._atxfer, "CancelAtxfer": self._cancel,
            "BlindTransfer": self._blind, "Getvar": self._getvar, "Setvar": self._setvar,
            "UserEvent": self._user_event, "Command": self._command,
            "ExtensionState": self._extension_state, "CoreStatus": self._core_status,
            "CoreSettings": self._core_settings,
        }  # fmt: skip
        self._names = {name.lower(): name for name in (*self._do, *lists.LISTS)}

    def ask(self, session: Session, fields: Fields) -> None:
        """Answer one action."""
        asked = fields.get("Action", "")
        try:
            answer = self._answered(session, asked, fields)
        except (Refusal, transfers.TransferError) as error:
            answer = {"Response": "Error", "Message": str(error)}
        if answer is not None:
            self._respond(session, fields, answer)

    def _answered(self, session: Session, asked: str, fields: Fields) -> Fields | None:
        action = asked.lower()
        if action == "challenge":
            session.challenge = str(secrets.randbelow(10**9))
            return {"Challenge": session.challenge}
        if action == "login":
            return self._login(session, fields)
        if action == "logoff":
            return {"Response": "Goodbye", "Message": "Thanks for all the fish."}
        if session.user is None:
            raise Refusal("Permission denied")
        name = self._names.get(action)
        if name is None:
            raise Refusal(
                f"Invalid/unknown command: {asked}. "
                "Use Action: ListCommands to show available commands."
            )
        if not session.may(frozenset(_NEEDS.get(name, ()))):
            raise Refusal("Permission denied")
        if name in lists.LISTS:
            self._list(session, fields, name)
            return None
        return self._do[name](session, fields)

    def _respond(self, session: Session, fields: Fields, answer: Fields) -> None:
        head = {"Response": answer.pop("Response", "Success")}
        if "ActionID" in fields:
            head["ActionID"] = fields["ActionID"]
        self.sessions.send(session, write({**head, **answer}))

    def _list(self, session: Session, fields: Fields, name: str) -> None:
        message, items, complete = lists.LISTS[name](self.office, fields)
        about = {"ActionID": fields["ActionID"]} if "ActionID" in fields else {}
        self._respond(session, fields, {"EventList": "start", "Message": message})
        for event, item in items:
            self.sessions.send(session, write({"Event": event, **about, **item}))
        end = {"EventList": "Complete", "ListItems": str(len(items))}
        self.sessions.send(session, write({"Event": complete, **about, **end}))

    def _login(self, session: Session, fields: Fields) -> Fields | None:
        user = self.users.get(fields.get("Username", ""))
        if not session.authentic(fields, user):
            raise Refusal("Authentication failed")
        session.user = user
        session.events = fields.get("Events", "").lower() != "off"
        self._respond(session, fields, {"Message": "Authentication accepted"})
        if session.hears("system,all"):
            uptime = str(int(time.time() - self.booted))
            booted = {"Event": "FullyBooted", "Privilege": "system,all", "Uptime": uptime,
                      "LastReload": uptime, "Status": "Fully Booted"}  # fmt: skip
            self.sessions.send(session, write(booted))
        return None

    # what needs no call

    def _ping(self, _session: Session, _fields: Fields) -> Fields:
        return {"Ping": "Pong", "Timestamp": f"{time.time():.6f}"}

    def _events(self, session: Session, fields: Fields) -> Fields:
        session.events = fields.get("EventMask", "").lower() not in {"off", "false", "no"}
        return {"Events": "On" if session.events else "Off"}

    def _list_commands(self, session: Session, _fields: Fields) -> Fields:
        allowed = sorted(
            name for name in self._names.values() if session.may(frozenset(_NEEDS.get(name, ())))
        )
        return {name: f"{name}.  (Priv: {_classes(name)})"
                for name in ("Challenge", "Login", "Logoff", *allowed)}  # fmt: skip

    def _user_event(self, _session: Session, fields: Fields) -> Fields:
        told = {key: value for key, value in fields.items() if key not in {"Action", "ActionID"}}
        self.office.switch.tell("UserEvent", "user,all", told)
        return {"Message": "Event Sent"}

    def _command(self, _session: Session, fields: Fields) -> Fields:
        command = fields.get("Command", "")
        output = lists.command(self.office, command, self.booted)
        if output is None:
            hint = f"(type 'core show help {command}' for other possible commands)"
            return {"Response": "Error", "Message": "Command output follows",
                    "Output": f"No such command '{command}' {hint}"}  # fmt: skip
        return {"Message": "Command output follows", "Output": "\r\nOutput: ".join(output)}

    def _extension_state(self, _session: Session, fields: Fields) -> Fields:
        exten = fields.get("Exten", "")
        phone = self.office.phones.get(exten)
        state = self.office.device_state(phone.device) if phone else ""
        number, text = lists.EXTENSION_STATES.get(state, ("-1", "Unknown"))
        return {"Message": "Extension Status", "Exten": exten,
                "Context": fields.get("Context", ""), "Hint": phone.device if phone else "",
                "Status": number, "StatusText": text}  # fmt: skip

    def _core_status(self, _session: Session, _fields: Fields) -> Fields:
        day, clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.booted)).split()
        return {"CoreStartupDate": day, "CoreStartupTime": clock, "CoreReloadDate": day,
                "CoreReloadTime": clock,
                "CoreCurrentCalls": str(len(self.office.switch.channels))}  # fmt: skip

    def _core_settings(self, _session: Session, _fields: Fields) -> Fields:
        return {"AMIversion": "5.0.4", "AsteriskVersion": "16.28.0", "SystemName": "",
                "CoreMaxCalls": "0", "CoreMaxLoadAvg": "0.000000", "CoreRunUser": "",
                "CoreRunGroup": "", "CoreMaxFilehandles": "0", "CoreRealTimeEnabled": "No",
                "CoreCDRenabled": "No", "CoreHTTPenabled": "No"}  # fmt: skip

    # what is done with a call

    def _redirect(self, _session: Session, fields: Fields) -> Fields:
        missing = f"Channel does not exist: {fields.get('Channel', '')}"
        channel = self._channel(fields, missing)
        context, exten = self._place(fields, "Channel not specified")
        self.office.switch.send(channel, context, exten)
        return {"Message": "Redirect successful"}

    def _hangup(self, _session: Session, fields: Fields) -> Fields:
        channel = self._channel(fields, "No such channel")
        cause = fields.get("Cause", "")
        number = int(cause) if cause.isdecimal() else 16
        self.office.switch.hang_up(channel, number)
        return {"Message": "Channel Hungup"}

    def _park(self, _session: Session, fields: Fields) -> Fields:
        name = fields.get("Channel", "")
        channel = self._channel(fields, f"Channel does not exist: {name}")
        parker = self.office.switch.named(fields.get("TimeoutChannel", "") or "-")
        timeout = fields.get("Timeout", "")
        seconds = int(timeout) / 1000 if timeout.isdecimal() else 0.0
        if not self.office.parking.park(channel, parker, seconds):
            raise Refusal("Park action failed")
        return {"Message": "Park successful"}

    def _blind(self, _session: Session, fields: Fields) -> Fields:
        channel = self._channel(fields, "Channel specified does not exist")
        context, exten = self._place(fields, "No extension specified")
        try:
            transfers.blind(self.office.switch, channel, context, exten)
        except transfers.TransferError:
            raise Refusal("Transfer failed") from None
        return {"Message": "Transfer succeeded"}

    def _atxfer(self, _session: Session, fields: Fields) -> Fields:
        channel = self._channel(fields, "Channel specified does not exist")
        context, exten = self._place(fields, "No extension specified")
        transfers.Asking(self.office.switch, channel, context, exten)
        return {"Message": "Atxfer successfully queued"}

    def _cancel(self, _session: Session, fields: Fields) -> Fields:
        channel = self._channel(fields, "Channel specified does not exist")
        if channel.asking is not None:
            channel.asking.cancel()
        return {"Message": "CancelAtxfer successfully queued"}

    def _getvar(self, _session: Session, fields: Fields) -> Fields:
        channel = self._channel(fields, "No such channel")
        name = fields.get("Variable", "")
        return {"Variable": name, "Value": channel.variables.get(name, "")}

    def _setvar(self, _session: Session, fields: Fields) -> Fields:
        channel = self._channel(fields, "No such channel")
        name, value = fields.get("Variable", ""), fields.get("Value", "")
        self.office.switch.variable(channel, name, value)
        return {"Message": "Variable Set"}

    def _channel(self, fields: Fields, missing: str) -> Channel:
        channel = self.office.switch.named(fields.get("Channel", ""))
        if channel is None:
            raise Refusal(missing)
        return channel

    def _place(self, fields: Fields, missing: str) -> tuple[str, str]:
        exten = fields.get("Exten", "")
        if not exten:
            raise Refusal(missing)
        return fields.get("Context", "") or "from-internal", exten

    # Originate

    def _originate(self, session: Session, fields: Fields) -> Fields:
        if not fields.get("Channel"):
            raise Refusal("Channel not specified")
        context, exten = fields.get("Context", "default"), fields.get("Exten", "")
        if not fields.get("Application") and not self.office.exists(context, exten):
            raise Refusal("Extension does not exist.")
        taken = {one.uid for one in self.office.switch.channels.values()}
        if fields.get("ChannelId") and fields["ChannelId"] in taken:
            raise Refusal("Uniqueid specified is already in use.")
        task = asyncio.create_task(self._ring(session, fields))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return {"Message": "Originate successfully queued"}

    async def _ring(self, session: Session, fields: Fields) -> None:
        switch, dialler = self.office.switch, self.office.dialler
        try:
            leg = self._first_leg(fields)
        except LookupError:
            self._originated(session, fields, None, "0")
            return
        self._prepare(leg, fields)
        dialled = Dialled()
        dialled.listen(leg)
        string = {"DialString": fields["Channel"].partition("/")[2]}
        if leg.phone is None:
            local_channels.begin(switch, leg)
        switch.tell("DialBegin", CALL, leg.fields("Dest"), string)
        if leg.phone is not None:
            leg.phone.ring(leg)
        status, cause = await self._picked_up(dialled, fields)
        if status != "ANSWER":
            if cause:
                dialler.end(None, leg, status)
            self._originated(session, fields, None, "0" if cause else "3")
            switch.hang_up(leg, cause)
            return
        self._originated(session, fields, leg, "4")
        if leg.phone is not None:
            switch.state(leg, ChannelState.UP)
        dialler.end(None, leg, "ANSWER")
        leg.context, leg.exten = fields.get("Context", ""), fields.get("Exten", "")
        switch.start(leg)

    def _first_leg(self, fields: Fields) -> Channel:
        """Make the channel that rings first; raises LookupError where there is no telephone."""
        target, uid = fields["Channel"], fields.get("ChannelId", "")
        if not target.startswith("Local/"):
            return self.office.dialler.leg(None, target, uid=uid)
        exten, _, context = target.partition("/")[2].partition("@")
        if not self.office.exists(context, exten):
            raise LookupError(target)
        return self.office.switch.local(exten, context, uid=uid)[0]

    def _prepare(self, leg: Channel, fields: Fields) -> None:
        switch = self.office.switch
        name, _, number = fields.get("CallerID", "").partition("<")
        shown = Party(number.rstrip("> "), name.strip(' "'))
        if not number:
            shown = Party(name.strip(), leg.caller.name)
        for one in filter(None, fields.get("Variable", "").split("\n")):
            key, _, value = one.partition("=")
            switch.variable(leg, key, value)
        switch.newexten(leg, "AppDial2", OUTGOING)
        if shown.number:
            switch.identify(leg, shown)
            switch.connect(leg, shown)

    async def _picked_up(self, dialled: Dialled, fields: Fields) -> tuple[str, int]:
        """Return the status of a dial, and the hang-up cause that the telephone gave."""
        timeout = fields.get("Timeout", "")
        seconds = (int(timeout) if timeout.isdecimal() else _RING_MS) / 1000
        try:
            async with asyncio.timeout(seconds):
                while True:
                    leg, what, cause = await dialled.reports.get()
                    if what == "ringing":
                        self.office.dialler.rings(None, leg)
                    elif what == "answer":
                        return "ANSWER", 0
                    else:
                        self.office.switch.request(leg, cause)
                        return ("BUSY" if cause == 17 else "NOANSWER"), cause
        except TimeoutError:
            return "NOANSWER", 0

    def _originated(
        self, session: Session, fields: Fields, leg: Channel | None, reason: str
    ) -> None:
        name, _, number = fields.get("CallerID", "").partition("<")
        about = {"ActionID": fields["ActionID"]} if "ActionID" in fields else {}
        told = {
            "Event": "OriginateResponse", "Privilege": "call,all", **about,
            "Response": "Failure" if leg is None else "Success",
            "Channel": fields["Channel"] if leg is None else leg.name,
            "Context": fields.get("Context", ""), "Exten": fields.get("Exten", ""),
            "Reason": reason, "Uniqueid": "<null>" if leg is None else leg.uid,
            "CallerIDNum": number.rstrip("> ") or "<unknown>",
            "CallerIDName": name.strip(' "') or "<unknown>",
        }  # fmt: skip
        self.sessions.publish(told)


def _classes(name: str) -> str:
    """Return the classes of which an action needs one, as ListCommands writes them."""
    needed = [one for one in CLASSES if one in _NEEDS.get(name, ())]
    return ",".join([*needed, "all"]) if needed else "<none>"
