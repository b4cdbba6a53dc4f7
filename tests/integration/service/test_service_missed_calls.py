"""The whole service on a simulated telephone system: a missed call waits for its call-back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from simulators.pbx.child import PbxProcess
from tests.integration.service.conftest import OpenOffice
from tests.integration.service.office import Office
from tests.waiting import until

CUSTOMER, MAIN = "+902125550150", "902125550100"
SECRET = "office-secret"


@pytest.fixture
def pbx() -> Iterator[PbxProcess]:
    """A telephone system whose telephones ring until somebody picks up."""
    with PbxProcess(["--secret", SECRET]) as process:
        for number in ("101", "102", "103"):
            process.post(f"/phones/{number}", mode="ring")
        yield process


@pytest.fixture
async def company(pbx: PbxProcess, office: OpenOffice) -> AsyncIterator[Office]:
    """An office with people, a customer and the telephone system."""
    port = pbx.told["ami"].rpartition(":")[2]
    configuration = (
        f'[[pbx]]\nid = "office"\nport = {port}\nuser = "santral"\nsecret = "{SECRET}"\n'
        'outside = "0"\nring_s = 5\n'
    )
    async with office(configuration=configuration, ready=False) as made:
        for login, name, extension in (("ayse", "Ayşe", "101"), ("ali", "Ali", "102")):
            person = {"login": login, "name": name, "extension": extension}
            await made.service.post("/users", person)
        party = {"name": "Yıldız", "responsible": "ali", "phones": [{"number": CUSTOMER}]}
        await made.service.post("/parties", party)
        await until(lambda: follows(made))
        yield made


async def follows(office: Office) -> bool:
    """Tell whether the telephone system is followed."""
    items = (await office.service.get("/pbx"))["items"]
    return bool(items[0]["condition"] == "ready")


async def tasks(office: Office, state: str) -> list[dict[str, Any]]:
    """Return tasks in a state, newest first."""
    found: list[dict[str, Any]] = (await office.service.get("/tasks", state=state))["items"]
    return found


async def until_tasks(office: Office, state: str, count: int = 1) -> dict[str, Any]:
    """Wait until so many tasks are in a state; return the newest."""

    async def there() -> bool:
        return len(await tasks(office, state)) == count

    await until(there, timeout_s=10)
    return (await tasks(office, state))[0]


async def call_in_vain(office: Office, pbx: PbxProcess) -> None:
    """Have the customer call and hang up before anybody takes it."""
    await asyncio.to_thread(pbx.post, "/calls", did=MAIN, **{"from": CUSTOMER[1:]})

    async def rings() -> bool:
        return bool((await office.service.get("/calls", live="true"))["items"])

    await until(rings, timeout_s=10)
    await asyncio.to_thread(pbx.post, "/phones/trunk", do="hang_up")


async def test_a_missed_call_waits_until_it_is_called_back(
    company: Office, pbx: PbxProcess
) -> None:
    await call_in_vain(company, pbx)
    task = await until_tasks(company, "open")
    assert (task["number"], task["party_name"], task["assigned_name"]) == (
        CUSTOMER, "Yıldız", "Ali",
    )  # fmt: skip
    assert task["calls"][0]["line"] == MAIN
    assert await company.service.get("/tasks/figures") == {"open": 1, "mine": 0, "nobodys": 0}
    await asyncio.to_thread(pbx.post, "/phones/trunk", mode="busy")
    await asyncio.to_thread(pbx.post, "/phones/101", mode="answer", delay_s=0.1)
    said = await asyncio.to_thread(
        company.service.command, "call", "dial", CUSTOMER, "--from", "101"
    )
    assert said.returncode == 0, said.stderr

    async def tried() -> bool:
        [waiting] = await tasks(company, "open")
        return len(waiting["attempts"]) == 1

    await until(tried, timeout_s=10)
    await asyncio.to_thread(pbx.post, "/phones/trunk", mode="answer", delay_s=0.1)
    await asyncio.to_thread(pbx.post, "/phones/101", do="dial", to=f"0{CUSTOMER[1:]}")
    closed = await until_tasks(company, "closed")
    closing = closed["closing"]
    assert (closing["resolution"], closing["by"], closing["extension"]) == (
        "called_back", "Ayşe", "101",
    )  # fmt: skip
    call = await company.service.get(f"/calls/{closing['call_id']}")
    assert (call["direction"], call["number"]) == ("out", CUSTOMER)
    assert [(one["by"], one["outcome"]) for one in closed["attempts"]] == [("Ayşe", "busy")]


async def test_a_service_that_dies_forgets_no_missed_call(company: Office, pbx: PbxProcess) -> None:
    await call_in_vain(company, pbx)
    await company.service.kill()
    await company.service.start()
    task = await until_tasks(company, "open")
    await until(lambda: follows(company))
    await call_in_vain(company, pbx)

    async def twice() -> bool:
        return bool((await tasks(company, "open"))[0]["count"] == 2)

    await until(twice, timeout_s=10)
    await company.service.kill()
    await company.service.start()
    [again] = await tasks(company, "open")
    assert (again["id"], again["count"], len(again["calls"])) == (task["id"], 2, 2)


async def test_tasks_on_the_command_line(company: Office, pbx: PbxProcess) -> None:
    def run(*arguments: str) -> str:
        said = company.service.command("task", *arguments)
        assert said.returncode == 0, said.stderr
        return said.stdout

    await call_in_vain(company, pbx)
    task_id = (await until_tasks(company, "open"))["id"]
    assert "Ayşe" in await asyncio.to_thread(run, "assign", task_id, "ayse")
    listed = await asyncio.to_thread(run, "list", "--assigned", "ayse")
    assert {task_id, CUSTOMER, "Yıldız", "Ayşe", "open"} <= set(listed.split())
    await asyncio.to_thread(run, "done", task_id, "--note", "wrote to him")
    listed = await asyncio.to_thread(run, "list", "--state", "closed")
    assert "done by local administrator" in listed
    await asyncio.to_thread(run, "reopen", task_id)
    [task] = await tasks(company, "open")
    assert [step["kind"] for step in task["steps"]] == ["assigned", "done", "reopened"]
