"""The log tells what happened, but nobody's text, PIN, token or telephone number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from simulators.modem import journal
from tests.integration.service.office import Office
from tests.waiting import until

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

PIN = "73519"
OUTGOING, INCOMING = "+905447654321", "+905551234567"
WRONG_TOKEN = "wrong-token-of-somebody"
DEBUG = '[logs]\nlevel = "debug"\n'


async def test_the_log_at_its_most_talkative_holds_nothing_private(office: OpenOffice) -> None:
    async with office("--pin", PIN, pin=PIN, configuration=DEBUG) as one:
        await one.service.ask("POST", "/users", json={"login": "ayse", "role": "manager"})
        made = await one.service.post("/tokens", {"user": "ayse"})
        for token in (made["secret"], WRONG_TOKEN):
            await _ask_with(one, token)
        await _work(one)
        await one.service.kill()
        await one.service.start()
        await one.service.until_ready(1)
        await one.service.stop()

        private = [*_secrets(made["secret"]), *_pdus(one)]
        private += [raw[-24:] for (raw,) in one.rows("SELECT raw FROM sms_unreadable")]
        log = one.log().lower()
        assert "debug" in log
        assert "modem m0 is ready" in log
        assert [words for words in private if words.lower() in log] == []


def _secrets(token: str) -> list[str]:
    texts = ["Gizli sipariş", "Gizli yanıt", "refused secret", "doubtful secret", "garbled secret"]
    numbers = [number[start:] for number in (OUTGOING, INCOMING) for start in (1, 3)]
    return [PIN, token, WRONG_TOKEN, *texts, *numbers]


async def _work(office: Office) -> None:
    """Send and receive, with everything going wrong once."""
    modem = office.modem
    await office.until_state(await office.send("Gizli sipariş", to=OUTGOING), "delivered")
    [arrived] = modem.receive(text="Gizli yanıt", sender=INCOMING)["messages"]
    modem.post("urc", lines=["+CMT: ,60", arrived["pdu"][:48]])  # cut off in its midst
    modem.receive(text="Gizli yanıt " * 30, sender=INCOMING, shuffle=2)
    await office.until_received(2)
    await until(lambda: bool(office.rows("SELECT raw FROM sms_unreadable")))
    modem.post("fault", kind="cms_error", times=1, code=1)
    await office.until_state(await office.send("refused secret", to=OUTGOING), "failed")
    modem.post("reports", delay_s=60)
    modem.post("fault", kind="unplug_on_submit", delay_s=0.2)
    await office.until_state(await office.send("doubtful secret", to=OUTGOING), "uncertain")
    await office.service.until_ready(1)
    modem.post("fault", kind="garble", ratio=0.02, duration_s=1, seed=3)
    modem.receive(text="garbled secret", sender=INCOMING)
    modem.post("call", **{"from": INCOMING}, rings=1)
    await office.until_received(3)
    await office.until_empty()


async def _ask_with(office: Office, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{office.service.url}/api/v1/modems") as answer,
    ):
        assert answer.status in {200, 401, 403}


def _pdus(office: Office) -> list[str]:
    """What went over the wire: the end of each PDU, where text and number are."""
    found = {
        str(entry.fields["pdu"])
        for entry in journal.read(office.modem.journal)
        if entry.fields.get("pdu")
    }
    assert len(found) > 5
    return [pdu[-24:] for pdu in found]
