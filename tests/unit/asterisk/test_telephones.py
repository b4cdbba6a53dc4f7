"""What extensions' telephones do, from device states."""

from __future__ import annotations

import pytest

from drivers.asterisk.telephones import MAX_DEVICES_EACH, MAX_EXTENSIONS, Telephones
from gateway.calls.model import TelephoneState

FREE, RINGING, BUSY = TelephoneState.FREE, TelephoneState.RINGING, TelephoneState.BUSY
SILENT, OFFLINE = TelephoneState.DO_NOT_DISTURB, TelephoneState.OFFLINE


def told(telephones: Telephones, device: str, state: str) -> dict[str, TelephoneState]:
    """Take one event."""
    event = {"Event": "DeviceStateChange", "Device": device, "State": state}
    return telephones.feed(event, 1.0)


@pytest.mark.parametrize("tech", ["PJSIP", "SIP", "IAX2"])
def test_a_telephone_goes_through_a_call(tech: str) -> None:
    telephones = Telephones()
    states = [
        told(telephones, f"{tech}/101", state)
        for state in ("NOT_INUSE", "RINGING", "INUSE", "INUSE", "ONHOLD", "NOT_INUSE")
    ]
    assert states == [{"101": FREE}, {"101": RINGING}, {"101": BUSY}, {}, {}, {"101": FREE}]
    assert told(telephones, f"{tech}/101", "UNAVAILABLE") == {"101": OFFLINE}


@pytest.mark.parametrize(
    "device",
    ["PJSIP/trunk", "Local/101@from-internal", "park:701@parkedcalls", "Queue:sales_avail",
     "MWI:101@default", "Custom:DEVDND", "confbridge:101", "", "PJSIP/1234567"],
)  # fmt: skip
def test_what_is_no_telephone_is_none(device: str) -> None:
    assert told(Telephones(), device, "INUSE") == {}


def test_of_two_telephones_the_busier_one_counts() -> None:
    telephones = Telephones()
    told(telephones, "PJSIP/101", "UNAVAILABLE")
    assert told(telephones, "SIP/101", "NOT_INUSE") == {"101": FREE}
    assert told(telephones, "PJSIP/101", "RINGING") == {"101": RINGING}


@pytest.mark.parametrize("device", ["Custom:DND101", "Custom:DEVDND101"])
def test_do_not_disturb(device: str) -> None:
    telephones = Telephones()
    told(telephones, "PJSIP/101", "NOT_INUSE")
    assert told(telephones, device, "INUSE") == {"101": SILENT}
    assert told(telephones, "PJSIP/101", "INUSE") == {"101": BUSY}
    told(telephones, "PJSIP/101", "NOT_INUSE")
    assert told(telephones, device, "NOT_INUSE") == {"101": FREE}


def test_who_pauses_in_all_his_queues_wants_no_calls() -> None:
    telephones = Telephones()
    told(telephones, "PJSIP/102", "NOT_INUSE")
    told(telephones, "Queue:sales_pause_PJSIP/102", "INUSE")
    assert told(telephones, "Queue:help_pause_Local/102@from-queue/n", "NOT_INUSE") == {"102": FREE}
    assert told(telephones, "Queue:help_pause_Local/102@from-queue/n", "INUSE") == {"102": SILENT}


def test_a_snapshot_is_older_than_what_was_told_after_it_was_asked_for() -> None:
    telephones = Telephones()
    shown = [{"Device": f"PJSIP/{number}", "State": "NOT_INUSE"} for number in (101, 102)]
    event = {"Device": "PJSIP/101", "State": "RINGING"}
    assert telephones.feed(event, 5.0) == {"101": RINGING}
    assert telephones.reconcile(shown, 6.0, 4.0) == {"101": RINGING, "102": FREE}
    assert telephones.reconcile(shown, 9.0, 8.0) == {"101": FREE, "102": FREE}


def test_endless_devices_do_not_fill_the_memory() -> None:
    telephones = Telephones()
    for number in range(1_000):
        told(telephones, f"X{number}/101", "NOT_INUSE")
    for number in range(MAX_EXTENSIONS + 1_000):
        told(telephones, f"PJSIP/{number:06}", "NOT_INUSE")
    shown = telephones.reconcile([], 1.0, 1.0)
    assert len(shown) == MAX_EXTENSIONS
    assert len(telephones._devices) == MAX_EXTENSIONS - 1 + MAX_DEVICES_EACH
    assert told(telephones, "X1/101", "INUSE") == {"101": BUSY}
    assert told(telephones, "PJSIP/999", "Ünknown\x1b") == {}
