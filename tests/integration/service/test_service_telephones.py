"""The whole service on a simulated telephone system and a simulated modem that rings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulators.pbx.child import PbxProcess
from tests.integration.service.conftest import OpenOffice
from tests.integration.service.office import Office
from tests.waiting import until

CUSTOMER, MAIN, OURS = "+902125550150", "902125550100", "+902125550190"
SECRET = "office-secret"
PARTY = {
    "name": "Yıldız Mobilya A.Ş.",
    "responsible": "ali",
    "notes": "Fatura adresi Gebze",
    "phones": [{"number": CUSTOMER}],
    "persons": [{"name": "Ahmet Çelik", "phones": [{"number": "+905321112233"}]}],
}


@pytest.fixture
def pbx() -> Iterator[PbxProcess]:
    """A telephone system whose telephones ring until somebody picks up."""
    with PbxProcess(["--secret", SECRET]) as process:
        for number in ("101", "102", "103"):
            process.post(f"/phones/{number}", mode="ring")
        yield process


@pytest.fixture
def opened(pbx: PbxProcess, office: OpenOffice) -> Callable[[], Any]:
    """Opens an office with people, a customer, the telephone system and a modem."""

    @asynccontextmanager
    async def open_() -> AsyncIterator[Office]:
        port = pbx.told["ami"].rpartition(":")[2]
        configuration = (
            f'[site]\nnumbers = ["+9021255501"]\n[[pbx]]\nid = "office"\nport = {port}\n'
            f'user = "santral"\nsecret = "{SECRET}"\noutside = "0"\nring_s = 5\n'
        )
        configuration = configuration.replace("+9021255501", OURS[:-1])
        async with office(configuration=configuration) as made:
            for login, name, extension in (("ayse", "Ayşe", "101"), ("ali", "Ali", "102")):
                await made.service.post(
                    "/users", {"login": login, "name": name, "extension": extension,
                               "mobile": f"+90530000{extension}0"},
                )  # fmt: skip
            await made.service.post("/parties", PARTY)
            await until(lambda: ready(made))
            yield made

    return open_


async def ready(office: Office) -> bool:
    """Tell whether the telephone system is followed."""
    items = (await office.service.get("/pbx"))["items"]
    return bool(items[0]["condition"] == "ready")


async def state_of(office: Office, login: str) -> str:
    """Return whether somebody can be spoken with."""
    people = (await office.service.get("/people"))["items"]
    return str(next(one["state"] for one in people if one["login"] == login))


async def calls(office: Office, **query: str) -> list[dict[str, Any]]:
    """Return calls, newest first."""
    found: list[dict[str, Any]] = (await office.service.get("/calls", **query))["items"]
    return found


async def living_call(office: Office) -> dict[str, Any]:
    """Return the one living call as soon as it is stored; people's states may be told before."""

    async def there() -> bool:
        return bool(await calls(office, live="true"))

    await until(there, timeout_s=10)
    [call] = await calls(office, live="true")
    return call


async def look_up(office: Office, number: str) -> dict[str, Any]:
    """Ask whose number it is."""
    found: dict[str, Any] = await office.service.get("/directory/lookup", number=number)
    return found


async def until_state(office: Office, login: str, state: str) -> None:
    """Wait until somebody is in a state."""

    async def reached() -> bool:
        return await state_of(office, login) == state

    await until(reached, timeout_s=10)


async def events(office: Office, stop: str) -> list[str]:
    """Return the kinds of events until one of a kind, as the live feed gives them."""
    seen: list[str] = []
    http = office.service._http
    assert http is not None
    async with asyncio.timeout(20), http.get("http://santral/api/v1/events") as answer:
        async for line in answer.content:
            if line.startswith(b"event: "):
                seen.append(line[7:].strip().decode())
                if seen[-1] == stop:
                    break
    return seen


async def test_a_customer_calls_and_everybody_sees_it(
    opened: Callable[[], Any], pbx: PbxProcess
) -> None:
    async with opened() as office:
        assert await state_of(office, "ayse") == "free"
        feed = asyncio.create_task(events(office, "call.ended"))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(pbx.post, "/calls", did=MAIN, **{"from": CUSTOMER[1:]})
        await until_state(office, "ayse", "ringing")
        call = await living_call(office)
        assert (call["number"], call["state"]) == (CUSTOMER, "ringing")
        caller = await look_up(office, CUSTOMER)
        [card] = caller["items"]
        assert (caller["kind"], card["party"]["name"]) == ("customer", PARTY["name"])
        assert card["notes"] == "Fatura adresi Gebze"
        responsible = card["responsible"]
        assert (responsible["extension"], responsible["state"]) == ("102", "free")
        assert [one["kind"] for one in card["last"]] == ["call"]
        await asyncio.to_thread(pbx.post, "/phones/101", do="answer")
        await until_state(office, "ayse", "busy")
        noted = await office.service.post(f"/calls/{call['id']}/note", {"text": "<b>Sipariş</b>"})
        assert noted["notes"][0]["text"] == "<b>Sipariş</b>"
        said = await asyncio.to_thread(
            office.service.command, "call", "transfer", call["id"], "102"
        )
        assert said.returncode == 0, said.stderr
        await until_state(office, "ali", "ringing")
        await asyncio.to_thread(pbx.post, "/phones/102", do="answer")
        await until_state(office, "ali", "busy")
        await asyncio.to_thread(pbx.post, "/phones/trunk", do="hang_up")
        seen = await feed
        assert {"call.ringing", "call.answered", "person.changed", "call.ended"} <= set(seen)
        [call] = await calls(office)
        assert (call["answered_by"], call["final_party"]) == ("101", "102")
        assert [one["kind"] for one in call["transfers"]] == ["redirect"]
        [line] = office.history("call")
        assert (line.number, line.outcome, bool(line.party_id)) == (CUSTOMER, "answered", True)
        listed = await asyncio.to_thread(office.service.command, "call", "list")
        assert call["id"] in listed.stdout
        assert "102" in (await asyncio.to_thread(office.service.command, "people")).stdout


async def test_who_is_absent_has_a_deputy_in_the_look_up(opened: Callable[[], Any]) -> None:
    async with opened() as office:
        absence = {"person": "ali", "from": "2020-01-01", "until": "2022-12-31", "deputy": "ayse"}
        await office.service.post("/absences", absence)
        [card] = (await look_up(office, "0212 555 01 50"))["items"]
        assert card["responsible"]["state"] == "free"
        absence |= {"from": "2026-01-01T00:00", "until": "2028-12-31"}
        made = await office.service.post("/absences", absence)
        [card] = (await look_up(office, CUSTOMER))["items"]
        responsible = card["responsible"]
        assert (responsible["state"], responsible["until"]) == ("absent", made["ends"])
        assert (responsible["deputy"]["extension"], responsible["deputy"]["state"]) == (
            "101", "free",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "kind", "colleague"),
    [
        ("", "withheld", None),
        ("anonymous", "withheld", None),
        ("+905329999999", "unknown", None),
        ("102", "internal", "ali"),
        ("999", "internal", None),
        ("+905300001020", "internal", "ali"),
        (OURS, "own", None),
    ],
)
async def test_who_is_no_customer(
    office: OpenOffice, number: str, kind: str, colleague: str | None
) -> None:
    configuration = f'[site]\nnumbers = ["{OURS[:-1]}"]\n'
    async with office(configuration=configuration, ready=False) as made:
        await made.service.post(
            "/users", {"login": "ali", "extension": "102", "mobile": "+905300001020"}
        )
        phones = [{"number": OURS}, {"number": "+905300001020"}]
        await made.service.post("/parties", {"name": "A customer", "phones": phones})
        found = await look_up(made, number)
        assert (found["kind"], found["items"]) == (kind, [])
        assert (found["colleague"] and found["colleague"]["login"]) == colleague


async def test_several_customers_with_one_number_are_a_choice(office: OpenOffice) -> None:
    async with office(ready=False) as made:
        for name in ("Bir", "İki"):
            await made.service.post("/parties", {"name": name, "phones": [{"number": CUSTOMER}]})
        found = await look_up(made, CUSTOMER)
        assert found["kind"] == "choice"
        assert [card["party"]["name"] for card in found["items"]] == ["Bir", "İki"]


async def test_a_call_at_a_modem_is_a_missed_call_of_the_customer(
    opened: Callable[[], Any],
) -> None:
    async with opened() as office:
        feed = asyncio.create_task(events(office, "call.missed"))
        await asyncio.sleep(0.2)
        call = {"from": "+905321112233", "rings": 3, "interval_s": 0.3}
        await asyncio.to_thread(office.modem.post, "call", **call)
        assert [kind for kind in await feed if kind.startswith("call.")] == [
            "call.ringing", "call.missed",
        ]  # fmt: skip
        [call] = await calls(office)
        assert (call["pbx"], call["did"], call["outcome"], call["missed"]) == (
            "modem:m0", "m0", "no_answer", True,
        )  # fmt: skip
        assert call["person_id"]
        [line] = office.history("call")
        assert (line.outcome, bool(line.party_id)) == ("no_answer", True)
        with pytest.raises(RuntimeError, match="has ended"):
            await office.service.post(f"/calls/{call['id']}/hangup", {})


async def test_a_service_that_dies_while_a_modem_rings_ends_the_call_when_it_is_back(
    opened: Callable[[], Any],
) -> None:
    async with opened() as office:
        lines = ["RING", '+CLIP: "+905321112233",145']
        await asyncio.to_thread(office.modem.post, "urc", lines=lines)

        async def rings() -> bool:
            return len(await calls(office, live="true")) == 1

        await until(rings, timeout_s=5)
        [living] = await calls(office, live="true")
        with pytest.raises(RuntimeError, match="only be heard"):
            await office.service.post(f"/calls/{living['id']}/transfer", {"to": "101"})
        await office.service.kill()
        await office.service.start()

        async def ended() -> bool:
            return not await calls(office, live="true")

        await until(ended, timeout_s=10)
        [call] = await calls(office)
        assert (call["id"], call["missed"], call["reason"]) == (
            living["id"], True, "it rang at a modem, where nobody picks up",
        )  # fmt: skip
        assert len(office.history("call")) == 1


async def test_a_dial_from_the_command_line(opened: Callable[[], Any], pbx: PbxProcess) -> None:
    async with opened() as office:
        pbx.post("/phones/102", mode="answer", delay_s=0.2)
        said = await asyncio.to_thread(
            office.service.command, "call", "dial", "0212 555 01 50", "--from", "102"
        )
        assert (said.returncode, "was picked up" in said.stdout) == (0, True), said.stderr
        await until_state(office, "ali", "busy")
        pbx.post("/phones/102", do="hang_up")
        await until_state(office, "ali", "free")
        said = await asyncio.to_thread(
            office.service.command, "call", "dial", "0900 123 45 67", "--from", "102"
        )
        assert said.returncode == 1
        assert "premium-rate" in said.stderr
        [call] = await calls(office)
        assert (call["direction"], call["number"], call["click_to_call"]) == (
            "out", CUSTOMER, True,
        )  # fmt: skip


async def test_a_service_that_dies_in_mid_call_finds_the_call_again(
    opened: Callable[[], Any], pbx: PbxProcess
) -> None:
    async with opened() as office:
        await asyncio.to_thread(pbx.post, "/calls", did=MAIN, **{"from": CUSTOMER[1:]})
        await until_state(office, "ayse", "ringing")
        await asyncio.to_thread(pbx.post, "/phones/101", do="answer")
        await until_state(office, "ayse", "busy")
        before = await living_call(office)
        await office.service.kill()
        await office.service.start()
        await until(lambda: ready(office))
        await until_state(office, "ayse", "busy")
        found: list[tuple[str, str, str | None]] = []

        async def talking() -> bool:
            found[:] = [
                (one["id"], one["state"], one["answered_by"])
                for one in await calls(office, live="true")
            ]
            return any(state == "talking" for _, state, _ in found)

        await until(talking, timeout_s=10)  # the call is stored after the presence is shown
        assert found == [(before["id"], "talking", "101")]
        await asyncio.to_thread(pbx.post, "/phones/trunk", do="hang_up")

        async def over() -> bool:
            return not await calls(office, live="true")

        await until(over, timeout_s=10)
        [call] = await calls(office)
        assert (call["id"], call["outcome"], call["did"]) == (before["id"], "answered", MAIN)
        assert len(office.history("call")) == 1


async def test_a_service_that_dies_while_a_dial_rings_dials_once(
    opened: Callable[[], Any], pbx: PbxProcess
) -> None:
    async with opened() as office:
        dial = await office.service.post("/calls", {"to": CUSTOMER, "from": "102"})
        await until_state(office, "ali", "ringing")
        await office.service.kill()
        await office.service.start()
        dial = await office.service.get(f"/dials/{dial['id']}")
        assert dial["state"] == "uncertain"
        await until(lambda: ready(office))
        await asyncio.to_thread(pbx.post, "/phones/102", do="answer")

        async def answered() -> bool:
            return bool((await office.service.get(f"/dials/{dial['id']}"))["state"] == "answered")

        await until(answered, timeout_s=10)
        await asyncio.to_thread(pbx.post, "/phones/102", do="hang_up")
        rings = {one: pbx.get(f"/phones/{one}")["rings"] for one in ("102", "trunk")}
        assert rings == {"102": 1, "trunk": 1}
        [call] = await calls(office)
        assert (call["click_to_call"], call["number"]) == (True, CUSTOMER)
