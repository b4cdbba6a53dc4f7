"""The SIM's last try is never burnt, however often the service starts; the right PIN heals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.service.office import Office

if TYPE_CHECKING:
    from tests.integration.service.conftest import OpenOffice

LOCKED = ("--pin", "1234")


def tries_left(office: Office) -> int:
    return int(office.modem.get("state")["sim"]["pin_tries"])


@pytest.mark.parametrize("make", ["generic", "nokia"])  # nokia's SIM tells no one how many are left
async def test_a_wrong_pin_is_tried_once_however_often_the_service_starts(
    office: OpenOffice, make: str
) -> None:
    async with office(*LOCKED, "--profile", make, pin="9999", ready=False) as one:
        told = await one.until_condition("pin_wrong")
        assert "PIN" in told["detail"]
        assert "santral modem set" in told["remedy"]
        assert tries_left(one) == 2
        for kill in (False, True):
            await (one.service.kill() if kill else one.service.stop())
            await one.service.start()
            told = await one.until_condition("pin_wrong", "puk_needed")
            assert told["condition"] == "pin_wrong"
            assert "santral modem set" in told["remedy"]
            assert tries_left(one) == 2

        await one.service.ask("PATCH", "/modems/m0", json={"smsc": "+905321111111"})
        await one.until_condition("pin_wrong")
        assert tries_left(one) == 2

        message_id = await one.send("kept until the SIM is open")
        assert await one.state(message_id) == "queued"
        await one.service.ask("PATCH", "/modems/m0", json={"pin": "1234"})
        await one.until_state(message_id, "delivered")
        assert tries_left(one) == 3
