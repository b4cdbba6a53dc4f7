"""From a document to the other end's paper and back: the whole service with a real HylaFAX."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from PIL import Image

from tests.integration.fax.raster import papers
from tests.integration.fax.raster.papers import dots
from tests.integration.fax.test_driver_sending import HEADER_ROWS
from tests.real.hylafax.lab import HylafaxLab
from tests.real.hylafax.server import ADMIN
from tests.service import ServiceProcess
from tests.waiting import until

FAX_S = 120.0
NUMBERS = {"02125551001": "+902125551001", "02125551002": "+902125551002"}


@pytest.fixture
async def service(hylafax: HylafaxLab, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service whose fax server is the real one."""
    configuration = f"""
[fax]
company = "Örnek İnşaat A.Ş."
number = "+90 212 555 01 00"
[[fax_server]]
id = "office"
port = {hylafax.server.port}
admin_password = "{ADMIN}"
poll_s = 2.0
"""
    async with ServiceProcess(tmp_path, configuration=configuration) as made:
        yield made


async def test_three_pages_with_a_turkish_cover_go_out_and_come_in(
    service: ServiceProcess, tmp_path: Path
) -> None:
    parties = {
        number: (await service.post("/parties", {
            "name": f"Güneş Tekstil {number[-1]}", "phones": [{"number": number, "kind": "fax"}],
        }))["id"]
        for number in NUMBERS.values()
    }  # fmt: skip
    document = tmp_path / "teklif.pdf"
    document.write_bytes(papers.pdf([papers.A4] * 3, text="Sayın müşterimiz İĞÜŞÖÇ"))
    made = await form(service, "/faxes/preview", document, party=parties["+902125551002"],
                      cover="standard", cover_language="tr", subject="Fiyat teklifi",
                      note="Görüşmemize istinaden")  # fmt: skip
    assert made["pages"] == 4
    previews = [await picture(service, address, 1600) for address in made["images"]]
    sent = await service.post("/faxes", {"party": [parties["+902125551002"]],
                                         "document": made["document"]})  # fmt: skip
    fax_id = sent["id"]

    async def arrived() -> bool:
        return bool((await service.get(f"/faxes/{fax_id}"))["state"] == "delivered")

    await until(arrived, timeout_s=FAX_S)
    [received] = await received_by(service)
    assert (received["pages"], received["state"]) == (4, "received")
    original = await file(service, f"/faxes/{fax_id}/original.tif", tmp_path / "sent.tif")
    came = await file(service, f"/faxes/{received['id']}/original.tif", tmp_path / "came.tif")
    for number, (there, here) in enumerate(zip(dots(came), dots(original), strict=True), 1):
        assert np.array_equal(there[HEADER_ROWS:], here[HEADER_ROWS:]), f"page {number}"
        assert here.any()
    for number, preview in enumerate(previews, 1):
        seen = await picture(service, f"/api/v1/faxes/{received['id']}/pages/{number}.png", 1600)
        assert np.array_equal(seen[HEADER_ROWS:], preview[HEADER_ROWS:]), f"page {number}"
    # It came from one of our two lines, whose number is a customer's here.
    party_id = parties[received["number"]]
    history = (await service.get(f"/parties/{party_id}/interactions"))["items"]
    assert ("fax", "in", "received") in {
        (one["kind"], one["direction"], one["outcome"]) for one in history
    }


async def form(service: ServiceProcess, path: str, document: Path, **values: str) -> Any:
    data = aiohttp.FormData(values)
    data.add_field("file", document.read_bytes(), filename=document.name)
    return await service.ask("POST", path, data=data)


async def file(service: ServiceProcess, path: str, into: Path) -> Path:
    into.write_bytes(await fetched(service, f"/api/v1{path}"))
    return into


async def picture(service: ServiceProcess, path: str, width: int) -> Any:
    content = await fetched(service, f"{path}?width={width}")
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


async def fetched(service: ServiceProcess, path: str) -> bytes:
    connector = aiohttp.UnixConnector(str(service.socket))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get(f"http://santral{path}") as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def received_by(service: ServiceProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        found[:] = (await service.get("/faxes", direction="in"))["items"]
        return bool(found)

    await until(there, timeout_s=FAX_S)
    return found
