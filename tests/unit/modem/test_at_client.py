"""Each command ends in exactly one of result, error, timeout or lost link, and in step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from drivers.modem.at_client import AtClient
from drivers.modem.at_codec import Unsolicited
from drivers.modem.at_errors import AtError, AtLost, AtRefused, AtTimeout
from gateway.kernel.errors import Permanent, Temporary, Uncertain

if TYPE_CHECKING:
    from tests.unit.modem.conftest import Heard, ScriptedPeer

PDU = "0011000C910935121122330000FF0365B91C"
ACCEPTED = b"\r\n+CMGS: 158\r\n\r\nOK\r\n"


async def submitted(client: AtClient, heard: Heard, timeout_s: float = 0.6) -> int:
    return await client.submit(PDU, 17, timeout_s=timeout_s, on_silence=heard.silence)


def sent(peer: ScriptedPeer) -> int:
    return sum(token.startswith("PDU ") for token in peer.heard)


async def test_a_command_returns_its_information(client: AtClient, peer: ScriptedPeer) -> None:
    peer.on("AT+CSQ", b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]


async def test_a_refusal_names_its_cause(client: AtClient, peer: ScriptedPeer) -> None:
    peer.on("AT+CIMI", b"\r\n+CME ERROR: SIM busy\r\n")
    with pytest.raises(AtRefused, match="the SIM is busy") as caught:
        await client.command("AT+CIMI")
    assert caught.value.code == "cme-14"


@pytest.mark.parametrize("pause_s", [0.0, 0.002])
async def test_every_transport_ends_in_an_answer_or_an_error(
    client: AtClient, peer: ScriptedPeer, chop: Callable[[bytes], list[bytes]], pause_s: float,
    transport: str,
) -> None:  # fmt: skip
    peer.chop, peer.pause_s = chop, pause_s
    peer.on("AT+CSQ", b"AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    if transport == "lossy":
        with pytest.raises(AtError):
            await client.command("AT+CSQ")
    else:
        assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]


async def test_every_transport_ends_a_submit(
    client: AtClient, peer: ScriptedPeer, heard: Heard, chop: Callable[[bytes], list[bytes]],
    transport: str,
) -> None:  # fmt: skip
    peer.chop, peer.pause_s = chop, 0.001
    peer.on("AT+CMGS", b"AT+CMGS=17\r\r\n> ")
    peer.on("PDU", PDU.encode() + b"\x1a" + ACCEPTED)
    if transport == "lossy":
        with pytest.raises((Temporary, Uncertain)):
            await submitted(client, heard)
    else:
        assert await submitted(client, heard) == 158


async def test_a_submit_needs_two_writes_and_no_other_command(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    peer.on("PDU", ACCEPTED)
    for _ in range(3):
        assert await submitted(client, heard) == 158
    assert peer.heard == ["AT+CMGS=17", f"PDU {PDU}"] * 3


async def test_unsolicited_results_come_through_in_the_middle_of_a_command(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CSQ", b'\r\n+CMTI: "SM",1\r\n\r\nRING\r\n\r\n+CSQ: 20,0\r\n\r\nOK\r\n')
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert heard.unsolicited == [Unsolicited('+CMTI: "SM",1'), Unsolicited("RING")]


async def test_a_late_answer_does_not_go_to_the_next_command(
    client: AtClient, peer: ScriptedPeer
) -> None:
    peer.on("AT+CSQ", b"")
    with pytest.raises(AtTimeout):
        await client.command("AT+CSQ")
    # The late answer comes before the modem looks at anything new.
    peer.on("AT", b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n\r\nOK\r\n")
    peer.on("AT+CGMI", b"\r\nSIMSIM\r\n\r\nOK\r\n")
    assert await client.command("AT+CGMI") == ["SIMSIM"]


async def test_late_answers_of_several_commands_are_waited_out(
    client: AtClient, peer: ScriptedPeer
) -> None:
    peer.on("AT+CSQ", b"")
    with pytest.raises(AtTimeout):
        await client.command("AT+CSQ")
    peer.on("AT", b"\r\nOK\r\n" * 5)
    peer.on("AT+CGMI", b"\r\nSIMSIM\r\n\r\nOK\r\n")
    assert await client.command("AT+CGMI") == ["SIMSIM"]


async def test_a_modem_without_the_command_that_marks_the_end_is_brought_into_step_too(
    client: AtClient, peer: ScriptedPeer
) -> None:
    peer.on("AT+CSQ", b"")
    peer.on("AT+CMEE?", b"\r\nERROR\r\n")
    with pytest.raises(AtTimeout):
        await client.command("AT+CSQ")
    peer.on("AT+CGMI", b"\r\nSIMSIM\r\n\r\nOK\r\n")
    assert await client.command("AT+CGMI") == ["SIMSIM"]


async def test_a_modem_that_stays_silent_gets_no_command(
    client: AtClient, peer: ScriptedPeer
) -> None:
    peer.on("AT", b"")
    peer.on("AT+CSQ", b"")
    with pytest.raises(AtTimeout):
        await client.command("AT+CSQ")
    with pytest.raises(AtTimeout):
        await client.command("AT+CGMI")
    assert "AT+CGMI" not in peer.heard


async def test_without_a_prompt_nothing_is_submitted_and_the_prompt_is_left(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"", b"\r\n> ")
    peer.on("PDU", ACCEPTED)
    with pytest.raises(Temporary, match="no prompt"):
        await submitted(client, heard)
    assert sent(peer) == 0
    assert await submitted(client, heard) == 158
    assert peer.heard.index("ESC") < peer.heard.index("AT")


async def test_an_error_instead_of_the_prompt_is_surely_not_submitted(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n+CMS ERROR: 332\r\n")
    with pytest.raises(Temporary) as caught:
        await submitted(client, heard)
    assert caught.value.code == "cms-332"
    assert sent(peer) == 0


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ("+CMS ERROR: 38", Temporary, "cms-38"),
        ("+CMS ERROR: 331", Temporary, "cms-331"),
        ("+CMS ERROR: 500", Temporary, "cms-500"),
        ("+CMS ERROR: 512", Temporary, "cms-512"),
        ("+CMS ERROR: network out of order", Temporary, "cms-38"),
        ("ERROR", Temporary, "error"),
        ("+CMS ERROR: 1", Permanent, "cms-1"),
        ("+CMS ERROR: 28", Permanent, "cms-28"),
        ("+CMS ERROR: 330", Permanent, "cms-330"),
    ],
)
async def test_an_error_after_the_pdu_is_surely_not_submitted(
    client: AtClient,
    peer: ScriptedPeer,
    heard: Heard,
    error: str,
    kind: type[Temporary | Permanent],
    code: str,
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    peer.on("PDU", f"\r\n{error}\r\n".encode())
    with pytest.raises(kind) as caught:
        await submitted(client, heard)
    assert isinstance(caught.value, Temporary | Permanent)
    assert caught.value.code == code


async def test_a_network_that_did_not_answer_the_modem_leaves_the_submit_uncertain(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    peer.on("PDU", b"\r\n+CMS ERROR: 332\r\n")
    with pytest.raises(Uncertain):
        await submitted(client, heard)


async def test_an_accepted_submit_without_reference_is_uncertain(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    peer.on("PDU", b"\r\nOK\r\n")
    with pytest.raises(Uncertain):
        await submitted(client, heard)


async def test_a_submit_without_an_answer_is_uncertain_and_answered_late(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    with pytest.raises(Uncertain):
        await submitted(client, heard)
    assert client.submit_unanswered
    assert heard.silences == 1
    peer.on("AT", ACCEPTED + b"\r\nOK\r\n")
    peer.on("AT+CGMI", b"\r\nSIMSIM\r\n\r\nOK\r\n")
    assert await client.command("AT+CGMI") == ["SIMSIM"]
    assert heard.late == ["+CMGS: 158"]


async def test_a_late_refusal_is_told_as_one(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    with pytest.raises(Uncertain):
        await submitted(client, heard)
    peer.on("AT", b"\r\n+CMS ERROR: 38\r\n\r\nOK\r\n")
    await client.resync()
    assert heard.late == ["+CMS ERROR: 38"]
    assert not client.submit_unanswered


async def test_once_in_step_a_refusal_is_not_taken_for_the_submits(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    with pytest.raises(Uncertain):
        await submitted(client, heard)
    await client.resync()
    peer.say(b"\r\n+CMS ERROR: 321\r\n\r\nRING\r\n")
    async with asyncio.timeout(10):
        while not heard.unsolicited:
            await client.until_lost(0.01)
    peer.on("AT+CSQ", b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert await client.command("AT+CSQ") == ["+CSQ: 20,0"]
    assert heard.late == []


async def test_a_link_lost_before_the_pdu_is_surely_not_submitted(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    submitting = asyncio.create_task(submitted(client, heard))
    await peer.until_heard("AT+CMGS=17")
    peer.hang_up()
    with pytest.raises(AtLost):
        await submitting
    assert heard.lost.is_set()


async def test_a_link_lost_after_the_pdu_leaves_the_submit_uncertain(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.on("AT+CMGS", b"\r\n> ")
    submitting = asyncio.create_task(submitted(client, heard, timeout_s=30))
    await peer.until_heard(f"PDU {PDU}")
    peer.hang_up()
    with pytest.raises(Uncertain):
        await submitting


async def test_no_command_is_sent_over_a_lost_link(
    client: AtClient, peer: ScriptedPeer, heard: Heard
) -> None:
    peer.hang_up()
    await heard.lost.wait()
    for attempt in (client.command("AT"), client.resync(), client.until_lost(5)):
        with pytest.raises(AtLost):
            await attempt


async def test_waiting_ends_with_the_link(client: AtClient, peer: ScriptedPeer) -> None:
    waiting = asyncio.create_task(client.until_lost(30))
    await asyncio.sleep(0)
    peer.hang_up()
    with pytest.raises(AtLost):
        await waiting


async def test_after_a_cancelled_command_the_next_one_gets_its_own_answer(
    client: AtClient, peer: ScriptedPeer
) -> None:
    running = asyncio.create_task(client.command("AT+CSQ"))
    await peer.until_heard("AT+CSQ")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    peer.on("AT", b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n\r\nOK\r\n")
    peer.on("AT+CGMI", b"\r\nSIMSIM\r\n\r\nOK\r\n")
    assert await client.command("AT+CGMI") == ["SIMSIM"]


async def test_an_answer_without_end_is_given_up(client: AtClient, peer: ScriptedPeer) -> None:
    running = asyncio.create_task(client.command("AT+CMGL=4", timeout_s=30))
    await peer.until_heard("AT+CMGL=4")
    for _ in range(300):
        peer.say(b"\r\n+CMGL: 1,1,,23" * 10)
        await asyncio.wait((running,), timeout=0.002)
        if running.done():
            break
    with pytest.raises(AtTimeout, match="no end"):
        await running


async def test_two_commands_at_once_are_a_mistake_of_the_caller(
    client: AtClient, peer: ScriptedPeer
) -> None:
    running = asyncio.create_task(client.command("AT+CSQ"))
    await peer.until_heard("AT+CSQ")
    with pytest.raises(RuntimeError):
        await client.command("AT+CGMI")
    peer.say(b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n")
    assert await running == ["+CSQ: 20,0"]
