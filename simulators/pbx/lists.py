"""Actions that answer with a list, and the console's few commands."""

from __future__ import annotations

import time
from collections.abc import Callable

from simulators.pbx.channels import Channel, Fields
from simulators.pbx.office import Office

Items = list[tuple[str, Fields]]
List = Callable[[Office, Fields], tuple[str, Items, str]]
EXTENSION_STATES = {
    "NOT_INUSE": ("0", "Idle"), "INUSE": ("1", "InUse"), "BUSY": ("2", "Busy"),
    "RINGING": ("8", "Ringing"), "ONHOLD": ("16", "Hold"),
}  # fmt: skip
_WORDS = {
    "NOT_INUSE": "Not in use", "INUSE": "In use", "BUSY": "Busy", "RINGING": "Ringing",
    "ONHOLD": "On Hold",
}  # fmt: skip


def _duration(channel: Channel) -> str:
    seconds = int(time.monotonic() - channel.up_since) if channel.up_since else 0
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _channels(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items: Items = []
    for channel in sorted(office.switch.channels.values(), key=lambda one: one.name):
        more = {
            "Application": channel.application,
            "ApplicationData": channel.data,
            "Duration": _duration(channel),
            "BridgeId": channel.bridge.uid if channel.bridge else "",
        }
        items.append(("CoreShowChannel", {**channel.fields(), **more}))
    return "Channels will follow", items, "CoreShowChannelsComplete"


def _bridges(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items = [("BridgeListItem", bridge.fields()) for bridge in office.switch.bridges.values()]
    return "Bridge listing will follow", items, "BridgeListComplete"


def _queue_status(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items: Items = []
    for queue in office.queues.queues.values():
        zeros = dict.fromkeys(("Holdtime", "TalkTime", "Completed", "Abandoned"), "0")
        calls = str(len(queue.waiting))
        head = {"Queue": queue.name, "Max": "0", "Strategy": "ringall", "Calls": calls}
        items.append(("QueueParams", {**head, **zeros, "Weight": "0"}))
        for number in queue.members:
            member = queue.member_fields(number, office.phones)
            member |= {"Name": member.pop("MemberName"), "Location": member.pop("Interface")}
            state = office.device_state(f"PJSIP/{number}")
            states = {"NOT_INUSE": "1", "INUSE": "2", "BUSY": "3", "RINGING": "6", "ONHOLD": "8"}
            items.append(("QueueMember", {**member, "Status": states[state]}))
        for place, channel in enumerate(queue.waiting, 1):
            entry = {"Queue": queue.name, "Position": str(place), "Wait": "0"}
            items.append(("QueueEntry", {**entry, **channel.fields()}))
    return "Queue status will follow", items, "QueueStatusComplete"


def _queue_summary(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items: Items = []
    for queue in office.queues.queues.values():
        free = [one for one in queue.members if not office.phones[one].lines]
        summary = {
            "Queue": queue.name, "LoggedIn": str(len(queue.members)), "Available": str(len(free)),
            "Callers": str(len(queue.waiting)), "HoldTime": "0", "TalkTime": "0",
            "LongestHoldTime": "0",
        }  # fmt: skip
        items.append(("QueueSummary", summary))
    return "Queue summary will follow", items, "QueueSummaryComplete"


def _devices(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items: Items = [
        ("DeviceStateChange", {"Device": phone.device, "State": office.device_state(phone.device)})
        for phone in office.phones.values()
    ]
    return "Device State Changes will follow", items, "DeviceStateListComplete"


def _endpoints(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items: Items = []
    for phone in office.phones.values():
        endpoint = {
            "ObjectType": "endpoint", "ObjectName": phone.number, "Transport": "udp",
            "Aor": phone.number, "Auths": "", "OutboundAuths": "",
            "Contacts": f"{phone.number}/sip:{phone.number}@127.0.0.1:5060,",
            "DeviceState": _WORDS[office.device_state(phone.device)], "ActiveChannels": "",
        }  # fmt: skip
        items.append(("EndpointList", endpoint))
    message = "A listing of Endpoints follows, presented as EndpointList events"
    return message, items, "EndpointListComplete"


def _extensions(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items: Items = []
    for number in office.extensions:
        device = office.phones[number].device
        status, text = EXTENSION_STATES[office.device_state(device)]
        state = {"Exten": number, "Context": "from-internal", "Hint": device, "Status": status,
                 "StatusText": text}  # fmt: skip
        items.append(("ExtensionStatus", state))
    return "Extension Statuses will follow", items, "ExtensionStateListComplete"


def _parked(office: Office, _fields: Fields) -> tuple[str, Items, str]:
    items = [("ParkedCall", parked.fields()) for parked in office.parking.spaces.values()]
    return "Parked calls will follow", items, "ParkedCallsComplete"


def _lots(_office: Office, _fields: Fields) -> tuple[str, Items, str]:
    lot = {"Name": "default", "StartSpace": "701", "StopSpace": "720", "Timeout": "45"}
    return "Parking lots will follow", [("Parkinglot", lot)], "ParkinglotsComplete"


def _status(office: Office, fields: Fields) -> tuple[str, Items, str]:
    wanted = fields.get("Channel", "")
    items = [
        ("Status", {"Privilege": "Call", **channel.fields()})
        for channel in office.switch.channels.values()
        if wanted in {"", channel.name}
    ]
    return "Channel status will follow", items, "StatusComplete"


LISTS: dict[str, List] = {
    "CoreShowChannels": _channels,
    "BridgeList": _bridges,
    "QueueStatus": _queue_status,
    "QueueSummary": _queue_summary,
    "DeviceStateList": _devices,
    "PJSIPShowEndpoints": _endpoints,
    "ExtensionStateList": _extensions,
    "ParkedCalls": _parked,
    "Parkinglots": _lots,
    "Status": _status,
}


def command(office: Office, text: str, booted: float) -> list[str] | None:
    """Return what the console prints for a command; None for one that it does not know."""
    up = f"{int(time.time() - booted)} seconds"
    channels = list(office.switch.channels.values())
    calls = {channel.linkedid for channel in channels}
    shown = [f"{one.name:<21}{one.exten}@{one.context}:{one.priority}" for one in channels]
    answers = {
        "core show uptime": [f"System uptime: {up}", f"Last reload: {up}"],
        "core show version": ["Asterisk 16.28.0 (simulated)"],
        "core show channels": [
            "Channel              Location             State   Application(Data)", *shown,
            f"{len(channels)} active channels", f"{len(calls)} active calls",
        ],
    }  # fmt: skip
    return answers.get(" ".join(text.split()))
