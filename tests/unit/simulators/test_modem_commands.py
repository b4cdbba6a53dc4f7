"""Commands that are not about messages: identity, errors, PIN, network, calls, service codes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.modem import address, requests
from simulators.modem.arrivals import Arrival
from simulators.modem.client import PtyClient
from simulators.modem.farm import Farm
from simulators.modem.modem import Modem
from simulators.modem.profiles import PROFILES
from simulators.modem.ussd import Answer
from simulators.modem.voice import FarEnd, Ringing

Connect = Callable[..., Coroutine[Any, Any, PtyClient]]
StartModem = Callable[..., Coroutine[Any, Any, Modem]]
StartFarm = Callable[..., Coroutine[Any, Any, Farm]]

_OK = "\r\nOK\r\n"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT", _OK),
        ("ATQ0 V1 E0 S0=0 &C1 &D2 +FCLASS=0", _OK),
        ("ATS7=45S0=0L1V1X4&c1E0Q0", _OK),
        ("AT+IFC=2,2;+IPR=115200", _OK),
        ("ATS3?", "\r\n013\r\n" + _OK),
        ("AT+CREG?;+CSQ", "\r\n+CREG: 0,1\r\n\r\n+CSQ: 20,0\r\n" + _OK),
        ("AT+CREG=2;+CREG?", '\r\n+CREG: 2,1,"00C3","9A2B"\r\n' + _OK),
        ("AT+COPS=3,2;+COPS?", '\r\n+COPS: 0,2,"28601"\r\n' + _OK),
        ("AT+CSQ;+NONSENSE;+CSQ", "\r\n+CSQ: 20,0\r\n\r\nERROR\r\n"),
        ("AT+CMEE=2;+CMGR=99", "\r\n+CMS ERROR: invalid memory index\r\n"),
        ("AT+CMEE=1;+CPBR=300", "\r\n+CME ERROR: 21\r\n"),
        ("AT+CMEE=2;+CPBR=300", "\r\n+CME ERROR: invalid index\r\n"),
        ("AT+CMEE=0;+CPBR=300", "\r\nERROR\r\n"),
        ("AT+CMEE=3", "\r\nERROR\r\n"),
        ("AT+CMGR=", "\r\nERROR\r\n"),
        ('AT+CSCS="KLINGON"', "\r\nERROR\r\n"),
        ("AT+CNMI=9", "\r\n+CMS ERROR: 303\r\n"),
        ("AT+CPAS", "\r\n+CPAS: 0\r\n" + _OK),
        ('AT+CLCK="SC",2', "\r\n+CLCK: 0\r\n" + _OK),
        ("AT+CVHU=0;+CVHU?", "\r\n+CVHU: 0\r\n" + _OK),
        ("AT+CCWA=7", "\r\nERROR\r\n"),
        ("ATD123", "\r\nNO CARRIER\r\n"),
        ("ATA", "\r\nNO CARRIER\r\n"),
        ("AT+VTS=1", "\r\n+CME ERROR: 3\r\n"),
    ],
)
async def test_answers(client: PtyClient, command: str, answer: str) -> None:
    assert await client.ask(command) == answer


async def test_numeric_and_suppressed_results(client: PtyClient) -> None:
    client.write(b"ATV0\r")
    assert await client.take(2) == b"0\r"
    client.write(b"AT+CSQ\r")
    assert await client.take(14) == b"+CSQ: 20,0\r\n0\r"
    client.write(b"ATV1Q1\rAT\rATQ0\r")
    assert await client.take(6) == b"\r\nOK\r\n"


async def test_settings_are_reset_and_stored(modem: Modem, client: PtyClient) -> None:
    await client.ask('AT+CMGF=1;+CSCS="UCS2";+CNMI=2,1,0,2')
    await client.ask("AT&W")
    await client.ask("AT&F")
    assert modem.settings.echo
    assert not modem.settings.text_mode
    await client.ask("ATZ")
    settings = modem.settings
    assert settings.text_mode
    assert settings.character_set == "UCS2"
    assert not settings.echo
    await client.ask("AT+CMGF=0")
    assert modem.stored_settings.text_mode


async def test_a_repeated_line_needs_no_line_end(client: PtyClient) -> None:
    await client.ask("AT+CSQ")
    client.write(b"A/")
    assert await client.hear("OK\r\n") == "\r\n+CSQ: 20,0\r\n" + _OK


async def test_the_phonebook_keeps_entries(client: PtyClient) -> None:
    await client.ask('AT+CPBS="ME"')
    await client.ask('AT+CPBW=,"+905321112233",145,"Ay\x7ee"')
    await client.ask('AT+CPBW=7,"8000",129,"Kisa"')
    assert await client.ask("AT+CPBS?") == '\r\n+CPBS: "ME",2,250\r\n' + _OK
    listed = await client.ask("AT+CPBR=1,250")
    assert '+CPBR: 1,"+905321112233",145,"Ay' in listed
    assert '+CPBR: 7,"8000",129,"Kisa"' in listed
    assert "+CPBF: 7," in await client.ask('AT+CPBF="ki"')
    await client.ask("AT+CPBW=7")
    assert await client.ask("AT+CPBR=7") == "\r\n+CME ERROR: 22\r\n"


async def test_three_wrong_pins_need_the_puk(start_modem: StartModem, connect: Connect) -> None:
    modem = await start_modem(pin="1234")
    client = await connect(modem, "AT+CMEE=1")
    assert await client.ask("AT+CPIN?") == "\r\n+CPIN: SIM PIN\r\n" + _OK
    assert await client.ask("AT+CMGS=10") == "\r\n+CMS ERROR: 311\r\n"
    assert await client.ask("AT+CIMI") == "\r\n+CME ERROR: 11\r\n"
    assert await client.ask("AT+CREG?") == "\r\n+CREG: 0,0\r\n" + _OK
    for _ in range(3):
        assert await client.ask('AT+CPIN="9999"') == "\r\n+CME ERROR: 16\r\n"
    assert await client.ask("AT+CPIN?") == "\r\n+CPIN: SIM PUK\r\n" + _OK
    assert await client.ask('AT+CPIN="1234"') == "\r\n+CME ERROR: 12\r\n"
    assert await client.ask("AT+CMGL=4") == "\r\n+CMS ERROR: 316\r\n"
    assert await client.ask('AT+CPIN="00000000","5678"') == "\r\n+CME ERROR: 16\r\n"
    assert "+CPINR: SIM PUK,9,10" in await client.ask("AT+CPINR")
    assert await client.ask('AT+CPIN="12345678","5678"') == _OK
    assert await client.ask("AT+CPIN?") == "\r\n+CPIN: READY\r\n" + _OK
    assert await client.ask('AT+CPIN="5678"') == "\r\n+CME ERROR: 3\r\n"


async def test_a_restart_asks_for_the_pin_again(start_modem: StartModem, connect: Connect) -> None:
    modem = await start_modem(pin="1234")
    client = await connect(modem, 'AT+CPIN="1234"', "AT+CREG=1")
    assert await client.ask("AT+CFUN=1,1") == "\r\nRDY\r\n" + _OK
    assert "SIM PIN" in await client.ask("AT+CPIN?")
    assert modem.settings.echo
    assert modem.radio.registration == 0


async def test_registration_changes_are_told(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CREG=2")
    modem.radio.set_lost(lost=True)
    await client.hear("\r\n+CREG: 2\r\n")
    assert await client.ask("AT+CSQ;+COPS?") == "\r\n+CSQ: 99,99\r\n\r\n+COPS: 0\r\n" + _OK
    modem.radio.set_lost(lost=False)
    await client.hear('\r\n+CREG: 1,"00C3","9A2B"\r\n')
    answer = await client.ask("AT+CFUN=4")
    assert answer == _OK
    await client.hear("\r\n+CREG: 0\r\n")


async def test_a_caller_rings_until_giving_up(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CLIP=1")
    modem.line.ring(Ringing(peer="+905559998877", rings=2, interval_s=0.01))
    ring = '\r\nRING\r\n\r\n+CLIP: "+905559998877",145,"",0,"",0\r\n'
    assert await client.hear("NO CARRIER\r\n") == ring * 2 + "\r\nNO CARRIER\r\n"
    assert modem.line.history[-1].ended_by == "caller"


async def test_an_answered_call_takes_tones_and_ends(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CLIP=1;+CRC=1")
    modem.line.ring(Ringing(peer="", rings=5, interval_s=5, withheld=True, talk_s=0.2))
    await client.hear('+CRING: VOICE\r\n\r\n+CLIP: "",128,"",0,"",1\r\n')
    assert await client.ask("AT+CLCC") == "\r\n+CLCC: 1,1,4,0,0\r\n" + _OK
    assert await client.ask("ATA") == _OK
    assert await client.ask("AT+CPAS") == "\r\n+CPAS: 4\r\n" + _OK
    assert await client.ask("AT+VTS=5") == _OK
    assert await client.hear("NO CARRIER\r\n") == "\r\nNO CARRIER\r\n"


async def test_a_call_may_be_refused_and_answered_by_itself(
    modem: Modem, client: PtyClient
) -> None:
    modem.line.ring(Ringing(peer="+905559998877", rings=5, interval_s=5))
    await client.hear("RING\r\n")
    assert await client.ask("AT+CHUP") == _OK
    assert modem.line.free
    await client.ask("ATS0=2")
    modem.line.ring(Ringing(peer="+905559998877", rings=5, interval_s=0.01))
    await client.hear("RING\r\n\r\nRING\r\n")
    assert '+CLCC: 1,1,0,0,0,"+905559998877",145' in await client.ask("AT+CLCC")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("busy", "BUSY"), ("no_answer", "NO ANSWER"), ("no_carrier", "NO CARRIER")],
)
async def test_a_dialled_call_may_fail(
    modem: Modem, client: PtyClient, outcome: str, said: str
) -> None:
    modem.line.far_end = FarEnd(outcome=outcome, answer_s=0.02)
    assert await client.ask("ATD+905551112233;") == _OK
    assert await client.hear(f"{said}\r\n") == f"\r\n{said}\r\n"


async def test_a_dialled_call_connects_and_ends(modem: Modem, client: PtyClient) -> None:
    modem.line.far_end = FarEnd(answer_s=0.02, talk_s=0.02)
    assert await client.ask("ATDT 0532 111 22 33;") == _OK
    await client.hear("NO CARRIER\r\n")
    assert modem.line.history[-1].answered_s is not None


async def test_modems_of_one_process_call_each_other(
    start_farm: StartFarm, connect: Connect
) -> None:
    farm = await start_farm(count=2)
    caller, called = farm.modems
    here = await connect(caller)
    there = await connect(called, "AT+CLIP=1")
    await here.ask(f"ATD{called.identity.number};")
    await there.hear(f'+CLIP: "{caller.identity.number}",145')
    await there.ask("ATA")
    assert "+CLCC: 1,0,0,0,0" in await here.ask("AT+CLCC")
    await here.ask("ATH")
    await there.hear("NO CARRIER\r\n")


async def test_service_codes_answer_in_the_selected_character_set(
    modem: Modem, client: PtyClient
) -> None:
    modem.ussd.delay_s = 0.01
    await client.ask('AT+CUSD=1,"*101#",15')
    await client.hear('\r\n+CUSD: 1,"1) Paketler 2) Bakiye",15\r\n')
    await client.ask('AT+CUSD=1,"2",15')
    await client.hear('\r\n+CUSD: 0,"Secim 2",15\r\n')
    await client.ask('AT+CUSD=1,"*555#",15')
    await client.hear("\r\n+CUSD: 4\r\n")
    await client.ask('AT+CUSD=1,"*103#",15')
    await client.hear(",72\r\n")
    await client.ask('AT+CSCS="UCS2"')
    await client.ask('AT+CUSD=1,"002A0031003000300023",15')
    await client.hear('+CUSD: 0,"00420061006B')


async def test_the_network_may_ask_too(modem: Modem, client: PtyClient) -> None:
    modem.ussd.tell(Answer(text="unheard"))
    await client.ask("AT+CUSD=1")
    modem.ussd.tell(Answer(status=1, text="1) Evet", choices=(("1", "Tamam"),)))
    await client.hear('\r\n+CUSD: 1,"1) Evet",15\r\n')
    modem.ussd.delay_s = 0.01
    await client.ask('AT+CUSD=1,"1"')
    await client.hear('"Tamam"')


async def test_packed_service_codes_of_huawei(start_modem: StartModem, connect: Connect) -> None:
    modem = await start_modem(profile="huawei")
    modem.ussd.delay_s = 0.01
    client = await connect(modem, 'AT+CUSD=1,"AA180C3602",15')
    heard = await client.hear(",15\r\n")
    assert heard == '\r\n+CUSD: 0,"C2F03A9D2FBBD37A104DE6AAC1405426",15\r\n'
    await client.ask("AT^USSDMODE=0")
    await client.ask('AT+CUSD=1,"*100#",15')
    await client.hear('"Bakiyeniz 42.50 TL",15\r\n')


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_profile_introduces_itself_and_takes_a_message(
    start_modem: StartModem, connect: Connect, profile: str
) -> None:
    modem = await start_modem(profile=profile, pin="1234")
    client = await connect(modem, "AT+CMEE=1")
    await client.ask('AT+CPIN="1234"')
    modem.arrivals.offer(
        Arrival(
            message="x",
            service_centre=address.encode_service_centre(None),
            tpdu=bytes.fromhex("040C91095551112233000062113290042300024130"),
        )
    )
    while "ERROR: 14" in (read := await client.ask(f"AT+CMGR={modem.profile.first_index}")):
        pass
    assert "+CMGR: 0,," in read
    assert modem.profile.manufacturer in await client.ask("AT+CGMI")
    assert "+CPMS: " in await client.ask("AT+CPMS=?")
    assert await client.ask("AT+CMGF=0") == _OK
    unknown = await client.ask("AT+NONSENSE")
    assert unknown == f"\r\n{modem.profile.unknown}\r\n"


@pytest.mark.parametrize(
    ("profile", "command", "answer"),
    [
        ("huawei", "AT^CPIN?", "^CPIN: SIM PIN,2,10,2,10,3"),
        ("zte", "AT+ZPINPUK=?", "+ZPINPUK: 2,10"),
        ("simcom", "AT+SPIC", "+SPIC: 2,3,10,10"),
        ("quectel", "AT+QPINC?", '+QPINC: "SC",2,10'),
        ("wavecom", "AT+CPINC", "+CPINC: 2,3,10,10"),
        ("generic", "AT+CPINR", "+CPINR: SIM PIN,2,3"),
    ],
)
async def test_makers_count_tries_their_own_way(
    start_modem: StartModem, connect: Connect, profile: str, command: str, answer: str
) -> None:
    client = await connect(await start_modem(profile=profile, pin="1234"))
    await client.ask('AT+CPIN="0000"')
    assert answer in await client.ask(command)


async def test_a_modem_of_simcom_says_when_it_is_ready(
    start_modem: StartModem, connect: Connect
) -> None:
    client = await connect(await start_modem(profile="simcom", pin="1234"))
    await client.ask('AT+CPIN="1234"')
    await client.hear("\r\nCall Ready\r\n\r\nSMS Ready\r\n")
    await client.ask("AT+CMGF=1")
    await client.ask('AT+CMGS="123"')
    client.write(b"line\r")
    await client.hear("\r\n> ")


async def test_reports_of_wavecom_go_to_their_own_memory(
    start_modem: StartModem, connect: Connect
) -> None:
    modem = await start_modem(profile="wavecom")
    modem.report_policy, _ = requests.report_policy({"delay_s": 0.01})
    client = await connect(modem, "AT+CNMI=2,1,0,2", "AT+CMGF=1", "AT+CSMP=49,167,0,0")
    await client.ask('AT+CMGS="+905321112233"')
    await client.submit("a")
    await client.hear('+CDSI: "SR",1\r\n')


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["+CMGS", "+CMGR", "+CMGL", "+CMGD", "+CMGW", "+CNMI", "+CPMS", "+CSMP", "+CUSD", "+CPBW"]
    )
    | st.sampled_from(
        ["+CPBR", "+CLCK", "+CPWD", "+COPS", "+CSCA", "+CFUN", "+VTS", "+CSCS", "+CNMA", "+CMSS"]
    ),
    st.text('0123456789,"ab', max_size=14),
)
def test_odd_arguments_are_answered_not_fatal(name: str, arguments: str) -> None:
    import asyncio  # noqa: PLC0415
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from simulators.modem.farm import FarmConfig  # noqa: PLC0415

    async def ask() -> str:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                Farm(FarmConfig(journal=Path(folder))) as farm,
                PtyClient(farm.modems[0].device.name) as client,
            ):
                return await client.ask(f"AT{name}={arguments}")

    assert asyncio.run(ask())
