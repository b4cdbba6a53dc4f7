"""What the secretary's desk shows and does."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.office import AHMET, STRANGER, DeskOffice
from tests.integration.pbx.lab import GROUP, TRUNK
from tests.sounds import wav
from tests.waiting import until

ELSEWHERE = Path(__file__).parents[1] / "data" / "elsewhere.js"
RIGHT_TO_LEFT, ZERO_WIDTH = "\u202e", "\u200b"


async def opened(office: DeskOffice, login: str = "defne", **given: Any) -> Page:
    """Return the desk of somebody."""
    return await office.desk(await office.sign_in(login, **given))


async def test_a_missed_call_is_worked_off_by_the_call_back(office: DeskOffice) -> None:
    page = await opened(office)
    await office.ring()
    await expect(page.locator("li.card")).to_have_count(1)
    await office.phone(TRUNK).hang_up()
    await expect(page.locator('li.card[data-tone="missed"]')).to_contain_text("Ahmet Çelik")
    missed = page.locator("#missed > li")
    await expect(missed).to_contain_text("Ahmet Çelik")
    office.phone(TRUNK).behave("answer")
    await page.keyboard.press("c")
    await office.phone("101").wait("ringing")
    await office.phone("101").answer()
    await expect(missed).to_have_count(0)
    await page.check("#missed-done")
    await expect(missed).to_contain_text("Defne Kaya")
    await expect(missed).to_contain_text("geri aradı")


async def test_asking_first_then_passing_on_parking_and_taking_back(office: DeskOffice) -> None:
    page = await opened(office)
    card = page.locator("li.card")
    await office.ring()
    await office.phone("101").wait("ringing")
    await office.phone("101").answer()
    await expect(card.locator('[data-do="ask"]')).to_have_count(1)
    await page.keyboard.press("p")
    await expect(card).to_contain_text("Parkta")
    await page.keyboard.press("b")
    await expect(card).to_contain_text("Çalıyor: Defne Kaya")
    await office.phone("101").answer()
    await page.locator("li.card", has_text="Önce sor").wait_for()
    await page.keyboard.press("a")
    await office.phone("102").wait("ringing")
    await expect(card).to_contain_text("Soruluyor")
    await page.keyboard.press("b")
    await expect(card).to_contain_text("Görüşmede")
    await page.keyboard.press("a")
    await office.phone("102").wait("ringing")
    await office.phone("102").answer()
    await expect(card).to_contain_text("Soruluyor")
    await page.keyboard.press("t")
    await expect(card).to_contain_text("Yanıtlayan: Ayşe Yılmaz")


async def test_to_anybody_else_from_a_list_that_is_searched(office: DeskOffice) -> None:
    page = await opened(office)
    await office.ring()
    await expect(page.locator("li.card")).to_have_count(1)
    await page.keyboard.press("o")
    await expect(page.locator("#targets")).to_be_visible()
    await page.keyboard.type("MEHMET dem")
    await expect(page.locator("#targets-list > li")).to_have_count(1)
    await expect(page.locator("#targets-list .state")).to_have_attribute("data-state", "free")
    await page.keyboard.press("Enter")
    await office.phone("103").wait("ringing")


async def test_a_stranger_becomes_a_customer_or_somebodys_number(office: DeskOffice) -> None:
    page = await opened(office)
    card = page.locator("li.card")
    await office.ring(STRANGER)
    await expect(card).to_contain_text("Bilinmeyen numara")
    await page.keyboard.press("w")
    await page.keyboard.type("Deniz Nakliyat")
    await page.focus("#customer-person")
    await page.keyboard.type("Deniz Ak")
    await page.select_option("#customer-responsible", "mehmet")
    await page.keyboard.press("Enter")
    await expect(card).to_contain_text("Deniz Ak")
    await expect(card).to_contain_text("Mehmet Demir")
    await office.phone(TRUNK).hang_up()
    await expect(card).to_contain_text("Cevapsız")
    await page.keyboard.press("x")
    await expect(card).to_have_count(0)
    await office.ring("905339990000")
    await expect(card).to_contain_text("Bilinmeyen numara")
    await page.keyboard.press("e")
    await page.fill("#attach-person", "ahmet çelik")
    await page.fill("#attach-search", "yildiz")
    await page.locator("#attach-list button").click()
    await expect(card).to_contain_text("Ahmet Çelik")
    found = await office.service.get("/directory/lookup", number=f"+{AHMET}")
    party = await office.service.get(f"/parties/{found['items'][0]['party']['id']}")
    assert len(party["persons"]) == 1
    assert len(party["persons"][0]["phones"]) == 2


async def test_a_note_stays_with_the_call_and_a_text_goes_out(office: DeskOffice) -> None:
    page = await opened(office)
    await office.ring()
    await expect(page.locator("li.card")).to_have_count(1)
    await page.keyboard.press("n")
    await page.keyboard.type("Teklif istiyor <b>cuma</b>")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("li.card")).to_contain_text("Teklif istiyor <b>cuma</b>")
    await office.phone(TRUNK).hang_up()
    await expect(page.locator("li.card")).to_contain_text("Cevapsız")
    await page.keyboard.press("m")
    text = page.locator("#sms-text")
    await expect(text).to_have_value(re.compile("Sayın Ahmet Çelik.*Defne Kaya"))
    await expect(page.locator("#sms-size")).to_contain_text("1 parça")
    await page.focus("#sms-text")
    await page.keyboard.press("Control+Enter")

    async def sent() -> bool:
        items = (await office.service.get("/sms"))["items"]
        return bool(items and items[0]["state"] in {"sent", "delivered"})

    await until(sent)
    (call,) = (await office.service.get("/calls"))["items"]
    assert [(note["by"], note["text"]) for note in call["notes"]] == [
        ("Defne Kaya", "Teklif istiyor <b>cuma</b>")
    ]


async def test_a_hostile_name_shows_harmlessly(office: DeskOffice) -> None:
    page = await opened(office)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    name = (
        f"<script>alert(1)</script>{RIGHT_TO_LEFT}gnp{ZERO_WIDTH}.exe<img src=x onerror=alert(2)>"
    )
    await office.ring(STRANGER, name=name)
    shown = page.locator("li.card .name")
    await expect(shown).to_contain_text("<script>alert(1)</script>")
    text = await shown.inner_text()
    assert RIGHT_TO_LEFT not in text
    assert ZERO_WIDTH not in text
    assert "onerror=alert(2)>" in text
    assert await page.locator("#cards img, #cards script").count() == 0
    assert RIGHT_TO_LEFT not in await page.title()
    assert not faults


async def test_it_never_takes_the_focus_and_says_who_calls(office: DeskOffice) -> None:
    page = await opened(office)
    await page.keyboard.press("/")
    await page.keyboard.type("a")
    await office.ring()
    await expect(page.locator("li.card")).to_have_count(1)
    assert await page.evaluate("document.activeElement.id") == "people-search"
    await page.keyboard.type("t")  # a letter in a field is a letter
    assert await page.input_value("#people-search") == "at"
    await expect(page.locator("#says")).to_have_text(
        "Ahmet Çelik arıyor, Yıldız Mobilya A.Ş. · Satın alma, sorumlu: Ayşe Yılmaz"
    )
    await expect(page).to_have_title(re.compile("^☎ Ahmet Çelik"))
    icon = await page.get_attribute("#favicon", "href")
    assert icon is not None
    assert "ringing" in icon
    assert office.phone("102").rings == 0


async def test_a_manager_is_shown_what_rings_at_him_and_no_more(office: DeskOffice) -> None:
    page = await opened(office, "mehmet")
    watching = await opened(office)
    await office.ring()  # Ayşe's customer, at the secretary
    await expect(watching.locator("li.card")).to_have_count(1)
    await office.phone(TRUNK).hang_up()
    await office.ring(did=GROUP)  # at all three
    card = page.locator("li.card")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("Yıldız Mobilya A.Ş.")
    await expect(card).to_contain_text("Ayşe Yılmaz")
    await expect(card).not_to_contain_text("Fatura adresi")
    await expect(page.locator("#missed > li")).to_have_count(0)
    foreign = (await office.service.get("/calls"))["items"][-1]["id"]
    for path in (f"/api/v1/calls/{foreign}", f"/api/v1/desk/cards/{foreign}"):
        assert (await page.request.get(path)).status == 404
    token = await page.get_attribute('meta[name="csrf"]', "content")
    for deed in ("transfer", "park", "hangup"):
        refused = await page.request.post(
            f"/api/v1/calls/{foreign}/{deed}", data={"to": "103"},
            headers={"X-CSRF-Token": token or "", "Origin": office.service.url},
        )  # fmt: skip
        assert refused.status == 404, deed


async def test_each_person_chooses_when_a_call_pops(office: DeskOffice) -> None:
    page = await opened(office, "ayse")
    other = await opened(office)
    for choice, before, after in (("answer", 0, 1), ("none", 0, 0)):
        await page.goto("/me")
        await page.check(f'[name="pop"][value="{choice}"]')
        await page.click("#preferences button")
        await expect(page.locator("#saved")).to_be_visible()
        await page.goto("/desk")
        await page.wait_for_selector('#link[data-up="true"]')
        await office.ring(did=GROUP)
        await expect(other.locator("li.card")).to_have_count(1)
        await expect(page.locator("#people li", has_text="Defne")).to_contain_text("çalıyor")
        assert await page.locator("li.card").count() == before, choice
        await office.phone("102").answer()
        await expect(other.locator("li.card")).to_contain_text("Yanıtlayan: Ayşe Yılmaz")
        await expect(page.locator("li.card")).to_have_count(after)
        await office.phone(TRUNK).hang_up()
        await expect(other.locator("li.card")).to_have_count(0, timeout=10_000)
        await asyncio.sleep(0.1)


async def test_who_was_away_catches_up(office: DeskOffice) -> None:
    page = await opened(office)
    await page.context.set_offline(offline=True)
    await office.ring()
    await office.phone("101").wait("ringing")
    await office.phone(TRUNK).hang_up()

    async def missed() -> bool:
        return bool((await office.service.get("/tasks"))["items"])

    await until(missed)
    await page.context.set_offline(offline=False)
    await expect(page.locator("#missed > li")).to_contain_text("Ahmet Çelik", timeout=20_000)


async def test_who_is_signed_out_elsewhere_is_led_to_the_sign_in(office: DeskOffice) -> None:
    page = await opened(office)
    await office.service.post("/users/defne/sign-out", {})
    await page.wait_for_url("**/sign-in?next=%2Fdesk", timeout=20_000)


async def test_a_call_is_noticed_by_who_looks_elsewhere(office: DeskOffice) -> None:
    context = await office.sign_in("defne")
    await context.grant_permissions(["notifications"], origin=office.service.url)
    await context.add_init_script(path=ELSEWHERE)
    page = await office.desk(context)
    other = await office.desk(context)
    await office.ring()
    await expect(page.locator("li.card")).to_have_count(1)
    shown = [await one.evaluate("window.shown") for one in (page, other)]
    tones = [await one.evaluate("window.tones") for one in (page, other)]
    assert sorted(shown) == [
        [],
        [["Ahmet Çelik arıyor",
          "Yıldız Mobilya A.Ş. · Satın alma\nsorumlu: Ayşe Yılmaz\n+90 532 123 45 67"]],
    ]  # fmt: skip
    assert sorted(tones) == [0, 4]
    await office.phone(TRUNK).hang_up()
    await expect(page.locator("li.card")).to_contain_text("Cevapsız")
    closed = [await one.evaluate("window.closed_notes") for one in (page, other)]
    assert sorted(closed) == [0, 1]
    await expect(page).to_have_title(re.compile(r"^\(1\)"))


async def test_a_recording_is_heard_by_who_may(office: DeskOffice) -> None:
    page = await opened(office, "ayse")
    secretary = await opened(office)
    await office.ring(did=GROUP)
    await office.phone("102").wait("ringing")
    await office.phone("102").answer()
    await expect(page.locator("li.card")).to_contain_text("Görüşmede")
    await office.phone(TRUNK).hang_up()
    await expect(page.locator("li.card")).to_contain_text("Bitti")
    with closing(sqlite3.connect(office.service.database)) as database:
        (ref,) = database.execute("SELECT ref FROM calls").fetchone()
    path = f"/recordings/office?file=a.wav&call={ref}"
    await office.service.ask("PUT", path, data=wav(seconds=1.0))

    async def kept() -> bool:
        (call,) = (await office.service.get("/calls"))["items"]
        return bool(call["recording_url"])

    await until(kept)
    await office.ring(did=GROUP)
    await expect(page.locator("li.card")).to_have_count(2)
    await page.locator("li.card .last button", has_text="Dinle").first.click()
    player = page.locator("li.card audio").first
    await expect(player).to_be_visible()
    await until(lambda: player.evaluate("player => player.duration > 0.9"))
    await expect(secretary.locator("li.card .last li")).to_have_count(1)
    await expect(secretary.locator("li.card .last button")).to_have_count(0)


async def test_who_is_asked_sees_the_call_and_ends_nobodys_consultation(office: DeskOffice) -> None:
    page = await opened(office)
    asked = await opened(office, "ayse")
    await office.ring()
    await office.phone("101").wait("ringing")
    await office.phone("101").answer()
    await page.locator('[data-do="ask"]').click()
    await office.phone("102").wait("ringing")
    card = asked.locator("li.card")
    await expect(card).to_contain_text("Çalıyor: Ayşe Yılmaz")
    await office.phone("102").answer()
    await expect(card).to_contain_text("Size soruluyor")
    await expect(card.locator('[data-do="complete"], [data-do="back"]')).to_have_count(0)
    await page.locator('[data-do="complete"]').click()
    await expect(card).to_contain_text("Görüşmede")
