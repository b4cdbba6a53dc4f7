"""Ways of other people's telephone systems: accounts that are no extensions, chan_sip's dial
strings, a listener that is not told who hung up, Local channels as the first legs."""

from __future__ import annotations

import pytest

from drivers.asterisk.dial_strings import dialable, leads_out, number_in
from drivers.asterisk.messages import Message
from drivers.asterisk.tracker import Tracker
from gateway.calls.model import CallDirection, CallRecord
from tests.unit.asterisk.recordings import NAMES, events_of, truth_of


@pytest.mark.parametrize(
    ("dial_string", "endpoint", "number", "outside"),
    [
        ("101", "101", "101", False),
        ("PJSIP/102", "102", "102", False),
        ("02125550150@trunk", "trunk", "02125550150", True),
        ("102@trunk", "trunk", "102", True),
        ("trunk/02125550150", "trunk", "02125550150", True),
        ("SIP/trunk/02125550150", "trunk", "02125550150", True),
        ("trunk/sip:02125550150@192.0.2.1", "trunk", "02125550150", True),
        ("150010002/150010002/192.0.2.1!!201", "150010002", "150010002", False),
        ("150010002", "150010002", "150010002", False),
        ("trunk/112/192.0.2.1", "trunk", "112", True),
        ("PJSIP/102,20,tT", "102", "102", False),
        ("", "", "", False),
    ],
)
def test_what_was_dialled(dial_string: str, endpoint: str, number: str, outside: bool) -> None:
    assert number_in(dial_string) == number
    assert leads_out(dial_string, endpoint) is outside


def test_a_name_in_the_dialplan_is_no_number() -> None:
    assert [dialable(text) for text in ("0212", "+90212", "*8", "ID400377", "s", "")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def channel(uid: str, name: str, number: str = "", linkedid: str = "1.1", **more: str) -> Message:
    """Return a Newchannel event."""
    return {
        "Event": "Newchannel", "Uniqueid": uid, "Linkedid": linkedid, "Channel": name,
        "CallerIDNum": number, "ChannelStateDesc": "Down", "Context": "account", **more,
    }  # fmt: skip


def dial(uid: str, dest: str, name: str, string: str, **more: str) -> Message:
    """Return a DialBegin event."""
    return {
        "Event": "DialBegin", "Uniqueid": uid, "Linkedid": "1.1", "DestUniqueid": dest,
        "DestLinkedid": "1.1", "DestChannel": name, "DialString": string, "Exten": "202", **more,
    }  # fmt: skip


def tracked(*events: Message) -> CallRecord:
    """Return the only call of these events, one a second."""
    tracker = Tracker()
    changes = [change for at, one in enumerate(events) for change in tracker.feed(one, float(at))]
    [ended] = [change.ended for change in changes if change.ended]
    return ended


CALLER = channel("1.1", "SIP/150010001-01", "150010001", Exten="202")
RUNG = channel("1.2", "SIP/150010002-02")
RINGS = dial("1.1", "1.2", "SIP/150010002-02", "150010002/150010002/192.0.2.1!!201")
HANGUPS = [
    {"Event": "Hangup", "Uniqueid": uid, "Linkedid": "1.1", "Cause": "16"} for uid in ("1.2", "1.1")
]


@pytest.mark.parametrize("told_by", ["NewCallerid", "DialBegin"])
def test_an_account_is_the_extension_that_the_dialplan_gives_it(told_by: str) -> None:
    known = {"CallerIDNum": "201", "CallerIDName": "Ayşe"}
    identified = {"Event": "NewCallerid", "Uniqueid": "1.1", "Linkedid": "1.1", **known}
    events = [CALLER, RUNG, {**RINGS, **known}, *HANGUPS]
    if told_by == "NewCallerid":
        events = [CALLER, identified, RUNG, RINGS, *HANGUPS]
    call = tracked(*events)
    assert (call.direction, call.caller, call.caller_name, call.callee, call.missed) == (
        CallDirection.INTERNAL, "201", "Ayşe", "202", False,
    )  # fmt: skip
    assert [(one.party, one.internal) for one in call.parties] == [
        ("201", True), ("150010002", True),
    ]  # fmt: skip


def test_a_number_that_others_are_shown_is_not_who_calls() -> None:
    shown = {"Event": "NewCallerid", "Uniqueid": "1.1", "Linkedid": "1.1"}
    outside = tracked(
        channel("1.1", "PJSIP/trunk-1", "905321112233", Exten="100", Context="from-trunk"),
        {**shown, "CallerIDNum": "777"},
        *HANGUPS,
    )
    assert (outside.caller, outside.direction) == ("905321112233", CallDirection.IN)
    inside = tracked(
        channel("1.1", "PJSIP/101-1", "101", Exten="0212"),
        {**shown, "CallerIDNum": "902125550100"},
        *HANGUPS,
    )
    assert inside.caller == "101"


@pytest.mark.parametrize("name", [one for one in NAMES if "cancel" in one and "xfer" not in one])
def test_who_gives_up_is_known_where_hangup_requests_are_not_told(name: str) -> None:
    tracker = Tracker()
    ended = []
    for event, at in events_of(name):
        if event.get("Event") != "HangupRequest":
            ended += [change.ended for change in tracker.feed(event, at) if change.ended]
    assert truth_of(name)["answered_by"] is None
    assert [call.reason for call in ended] == ["the caller hung up"]


def test_a_local_channel_that_steps_aside_is_no_transfer() -> None:
    """Both telephones of a dialled call sit behind Local channels, which go one after the other."""
    name, far = "Local/ID400377@dial-1", "Local/ID730151@route-2"

    def enters(uid: str, bridge: str, swap: str = "") -> Message:
        event = {"Event": "BridgeEnter", "Uniqueid": uid, "Linkedid": "1.1"}
        return event | {"BridgeUniqueid": bridge} | ({"SwapUniqueid": swap} if swap else {})

    call = tracked(
        channel("1.1", f"{name};1", Exten="ID400377"),
        channel("1.2", f"{name};2", Exten="ID400377"),
        channel("1.3", "SIP/201-3"),
        dial("1.2", "1.3", "SIP/201-3", "201"),
        enters("1.3", "a"),
        enters("1.2", "a"),
        channel("1.4", f"{far};1", Exten="ID730151"),
        channel("1.5", f"{far};2", Exten="ID730151"),
        channel("1.6", "SIP/202-6"),
        dial("1.5", "1.6", "SIP/202-6", "202"),
        enters("1.6", "b"),
        enters("1.5", "b"),
        enters("1.1", "c"),
        enters("1.4", "c"),
        {"Event": "BridgeLeave", "Uniqueid": "1.6", "Linkedid": "1.1", "BridgeUniqueid": "b"},
        enters("1.6", "c", swap="1.4"),
        *[
            {"Event": "Hangup", "Uniqueid": f"1.{n}", "Linkedid": "1.1", "Cause": "16"}
            for n in (4, 5, 6, 2, 3, 1)
        ],
    )
    assert call.transfers == ()
    assert (call.final_party, call.direction) == ("202", CallDirection.INTERNAL)
    assert call.callee in {"201", "202"}


def test_who_joins_two_customers_passes_each_on_to_the_other() -> None:
    tracker = Tracker()
    for first, number, name, desk in (
        ("1.1", "905321111111", "SIP/trunk-1", "1.2"), ("2.1", "905322222222", "SIP/trunk-2", "2.2")
    ):  # fmt: skip
        bridge = {"BridgeUniqueid": f"b{first}", "Linkedid": first}
        for event in (
            channel(first, name, number, first, Exten="100", Context="from-trunk"),
            channel(desk, f"SIP/101-{desk}", "101", first),
            dial(first, desk, f"SIP/101-{desk}", "101", Linkedid=first, DestLinkedid=first),
            {"Event": "BridgeEnter", "Uniqueid": desk, **bridge},
            {"Event": "BridgeEnter", "Uniqueid": first, **bridge},
        ):
            tracker.feed(event, 1.0)
    tracker.feed(
        {"Event": "BridgeEnter", "Uniqueid": "2.1", "Linkedid": "1.1", "BridgeUniqueid": "b1.1",
         "SwapUniqueid": "1.2"}, 5.0,
    )  # fmt: skip
    tracker.feed(
        {"Event": "AttendedTransfer", "Result": "Success", "OrigTransfererUniqueid": "2.2",
         "SecondTransfererUniqueid": "1.2", "TransfereeUniqueid": "2.1",
         "TransferTargetUniqueid": "1.1", "DestType": "Bridge"}, 5.0,
    )  # fmt: skip
    told = [tracker.record(call, 6.0) for call in tracker.calls]
    assert sorted(
        (call.caller, call.final_party, one.from_party, one.to_party, one.answered)
        for call in told if call for one in call.transfers
    ) == [
        ("905321111111", "905322222222", "101", "905322222222", True),
        ("905322222222", "905321111111", "101", "905321111111", True),
    ]  # fmt: skip
