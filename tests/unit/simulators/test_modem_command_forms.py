"""Test and read forms, as 27.005 and 27.007 show them; odd forms are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from simulators.modem import receptions, requests
from simulators.modem.client import PtyClient
from simulators.modem.modem import Modem

Connect = Callable[..., Coroutine[Any, Any, PtyClient]]
StartModem = Callable[..., Coroutine[Any, Any, Modem]]

_OK = "\r\nOK\r\n"


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("AT+CMEE=?", "+CMEE: (0,1,2)"),
        ("AT+CMEE?", "+CMEE: 1"),
        ("AT+CSCS=?", '+CSCS: ("IRA","GSM","UCS2")'),
        ("AT+CFUN=?", "+CFUN: (0,1,4),(0,1)"),
        ("AT+CPAS=?", "+CPAS: (0,3,4)"),
        ("AT+CBC=?", "+CBC: (0-3),(0-100)"),
        ("AT+GCAP", "+GCAP: +CGSM,+DS,+ES"),
        ("ATI", "SIMSIM\r\nAT900\r\nR1.0"),
        ("AT+CMGF=?", "+CMGF: (0,1)"),
        ("AT+CMGF?", "+CMGF: 0"),
        ("AT+CSMS=?", "+CSMS: (0,1)"),
        ("AT+CSMS?", "+CSMS: 0,1,1,1"),
        ("AT+CSMP?", "+CSMP: 17,167,0,0"),
        ("AT+CSDH=?", "+CSDH: (0,1)"),
        ("AT+CSDH?", "+CSDH: 0"),
        ("AT+CNMI?", "+CNMI: 0,0,0,0,0"),
        ("AT+CNMA=?", "+CNMA: (0-2)"),
        ("AT+CSAS=?", "+CSAS: (0)"),
        ("AT+CMGL=?", "+CMGL: (0-4)"),
        ("AT+CMGF=1;+CMGL=?", '+CMGL: ("REC UNREAD","REC READ","STO UNSENT","STO SENT","ALL")'),
        ("AT+CREG=?", "+CREG: (0-2)"),
        ("AT+CSQ=?", "+CSQ: (0-31,99),(0-7,99)"),
        ("AT+CGATT=?", "+CGATT: (0,1)"),
        ("AT+CGATT?", "+CGATT: 1"),
        ("AT+COPS=3,1;+COPS?", '+COPS: 0,1,"TURKCELL"'),
        ("AT+CLIP=?", "+CLIP: (0,1)"),
        ("AT+CLIP?", "+CLIP: 0,1"),
        ("AT+CRC=?", "+CRC: (0,1)"),
        ("AT+CRC?", "+CRC: 0"),
        ("AT+VTS=?", "+VTS: (0-9,*,#,A,B,C,D)"),
        ("AT+CUSD=?", "+CUSD: (0,1,2)"),
        ("AT+CUSD?", "+CUSD: 0"),
        ("AT+CLCK=?", '+CLCK: ("SC","AO","OI","OX","AI","IR","FD")'),
        ("AT+CPWD=?", '+CPWD: ("SC",8)'),
        ("AT+CPBF=?", "+CPBF: 40,14"),
        ("AT+CPBW=?", "+CPBW: (1-250),40,(129,145),14"),
        ("AT+CCWA=?", "+CCWA: (0,1)"),
        ("AT+CLIR?", "+CLIR: 0,0"),
    ],
)
async def test_forms_that_show_something(client: PtyClient, command: str, shown: str) -> None:
    assert await client.ask(command) == f"\r\n{shown}\r\n{_OK}"


@pytest.mark.parametrize(
    "command",
    [
        "AT+CGMI=?", "AT+CLAC=?", "AT+CSCA=?", "AT+CSMP=?", "AT+CMGR=?", "AT+CMGS=?", "AT+CMSS=?",
        "AT+CMGW=?", "AT+CPIN=?", "AT+CIMI=?", "AT+CNUM=?", "AT+CHUP=?", "AT+CLCC=?", "AT+CLCC",
        "AT+CGATT=1", "AT+CRES", "AT+CSAS", "AT+CUSD=2", "AT+CUSD=0", "AT+CBST=?", "AT+COPS=0",
        "AT&K3", "AT\\Q3", "ATX4", "AT+CCLK=\"26/01/01,00:00:00+12\"", "AT+CMGF=", "AT+CREG=",
        "AT+CMGF=1;+CNMA=?", "AT+CMGD=1,3", "ATS0=0",
    ],
)  # fmt: skip
async def test_forms_that_are_just_accepted(client: PtyClient, command: str) -> None:
    assert await client.ask(command) == _OK


@pytest.mark.parametrize(
    "command",
    [
        "AT+CGMI?", "AT+CLAC?", "AT+CSQ?", "AT+CIMI?", "AT+CNUM?", "AT+CMGS?", "AT+CMGR", "AT+CMGD",
        "AT+CPMS=", 'AT+CPMS="SM","SM","SM","SM"', "AT+CFUN=7", "AT+CFUN", "AT+CMGF=2", "AT+CSDH=5",
        "ATE5", "ATS3=200", "ATS0=999", "AT+COPS=9", "AT+CREG=7", "AT+CSMP=300", "AT+CMGL=7",
        "AT+CNMI=1,1,0,1,0,9", "AT+CUSD=7", "AT+CLCK=\"SC\"", "AT+CPWD=\"SC\"", "ATDxyz;",
        "AT+CMGD=1,9", "AT+CSCA=\"name\"", "AT+CMGW", "AT+CMGF=1;+CMGL=\"ODD\"", "AT+CPBF=",
    ],
)  # fmt: skip
async def test_forms_that_are_refused(client: PtyClient, command: str) -> None:
    assert "ERROR" in await client.ask(command)


async def test_networks_are_searched_and_left(modem: Modem, client: PtyClient) -> None:
    found = await client.ask("AT+COPS=?")
    assert '(2,"TURKCELL","TURKCELL","28601")' in found
    await client.ask("AT+COPS=2")
    assert await client.ask("AT+CREG?") == "\r\n+CREG: 0,0\r\n" + _OK
    assert await client.ask('AT+CUSD=1,"*100#"') == "\r\n+CME ERROR: 30\r\n"
    assert await client.ask("ATD123;") == "\r\nNO CARRIER\r\n"
    await client.ask("AT+COPS=0")
    assert modem.radio.registered


async def test_the_clock_is_the_networks(client: PtyClient) -> None:
    assert re.match(
        r'\r\n\+CCLK: "\d\d/\d\d/\d\d,\d\d:\d\d:\d\d\+12"', await client.ask("AT+CCLK?")
    )
    assert await client.ask("AT+CCLK=1") == "\r\n+CME ERROR: 50\r\n"


async def test_the_pin_is_changed_and_switched(start_modem: StartModem, connect: Connect) -> None:
    modem = await start_modem(pin="1234")
    client = await connect(modem, "AT+CMEE=1", 'AT+CPIN="1234"')
    assert await client.ask('AT+CLCK="SC",2') == "\r\n+CLCK: 1\r\n" + _OK
    assert await client.ask('AT+CPWD="SC","1234","5678"') == _OK
    assert await client.ask('AT+CPWD="SC","5678","x"') == "\r\n+CME ERROR: 3\r\n"
    assert await client.ask('AT+CLCK="FD",1,"5678"') == "\r\n+CME ERROR: 3\r\n"
    assert await client.ask('AT+CLCK="SC",0,"5678"') == _OK
    await client.ask("AT+CFUN=1,1")
    await client.ask("ATE0+CMEE=1")
    assert await client.ask("AT+CPIN?") == "\r\n+CPIN: READY\r\n" + _OK
    assert await client.ask('AT+CLCK="SC",1,"0000"') == "\r\n+CME ERROR: 16\r\n"


async def test_a_blocked_sim_stays_blocked(start_modem: StartModem, connect: Connect) -> None:
    modem = await start_modem(pin="1234")
    modem.sim.puk_tries = 0
    client = await connect(modem, "AT+CMEE=1")
    assert await client.ask("AT+CPIN?") == "\r\n+CME ERROR: 13\r\n"
    assert await client.ask('AT+CPIN="1234"') == "\r\n+CME ERROR: 13\r\n"
    assert await client.ask("AT+CIMI") == "\r\n+CME ERROR: 13\r\n"
    assert await client.ask('AT+CPIN="x"') == "\r\n+CME ERROR: 16\r\n"


async def test_a_service_code_may_be_dialled(modem: Modem, client: PtyClient) -> None:
    modem.ussd.delay_s = 0.01
    await client.ask("ATD*100#;")
    await client.hear('+CUSD: 0,"Bakiyeniz 42.50 TL",15\r\n')


async def test_a_second_call_is_refused_by_the_modem(modem: Modem, client: PtyClient) -> None:
    await client.ask("ATD123;")
    assert await client.ask("ATD456;") == "\r\n+CME ERROR: 3\r\n"
    assert await client.ask("AT+VTS=x") == "\r\n+CME ERROR: 50\r\n"
    await client.ask("ATZ")
    assert modem.line.free


@pytest.mark.parametrize("profile", ["wavecom", "zte", "huawei"])
async def test_makers_tell_the_course_of_a_call_their_own_way(
    start_modem: StartModem, connect: Connect, profile: str
) -> None:
    modem = await start_modem(profile=profile)
    modem.line.far_end = requests.far_end({"answer_s": 0.02, "talk_s": 0.02})
    client = await connect(modem)
    client.write(b"ATD+905551112233;\r")
    calls = modem.profile.calls
    heard = await client.hear(calls.ended[0].split("{")[0])
    expected = [*calls.dialling, *calls.alerting, *calls.connected]
    places = [heard.index(line) for line in expected]
    assert places == sorted(places)
    assert ("OK" in heard) == (profile != "zte")


async def test_makers_have_their_own_commands(start_modem: StartModem, connect: Connect) -> None:
    client = await connect(await start_modem(profile="zte"), "AT+CMEE=1")
    assert await client.ask("AT+ZPAS?") == '\r\n+ZPAS: "HSPA","CS_PS"\r\n' + _OK
    assert await client.ask("AT+ZPAS=?") == _OK
    assert "ERROR" in await client.ask("AT+ZPAS=1")
    assert await client.ask("AT+CLAC") == "\r\n+CME ERROR: 4\r\n"
    assert await client.ask("AT+CMEE=0;+CLAC") == "\r\nERROR\r\n"


async def test_makers_list_their_commands(start_modem: StartModem, connect: Connect) -> None:
    client = await connect(await start_modem(profile="huawei"))
    listed = await client.ask("AT+CLAC")
    assert "\r\n^CVOICE\r\n" in listed
    assert "\r\n+CMGS\r\n" in listed


async def test_a_message_that_waits_for_room_is_told_by_some(
    start_modem: StartModem, connect: Connect
) -> None:
    modem = await start_modem(profile="huawei")
    client = await connect(modem, "AT+CNMI=2,1")
    receptions.bring(modem, requests.reception({"text": "m", "count": 21}))
    heard = await client.hear('^SMMEMFULL: "SM"\r\n')
    assert '+CMTI: "SM",0\r\n' in heard
    assert '+CMTI: "SM",19\r\n' in heard


async def test_a_restart_of_a_stick_takes_a_while(
    start_modem: StartModem, connect: Connect
) -> None:
    modem = await start_modem(profile="simcom")
    client = await connect(modem)
    assert await client.ask("AT+CFUN=1,1") == _OK
    assert await client.hear("SMS Ready\r\n") == (
        "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n"
    )


async def test_the_submission_of_a_command_is_taken(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CMGC=13")
    assert await client.submit("00" + "0205000107" + "0C9109351211223300"[:16]) == (
        "\r\n+CMGC: 1\r\n" + _OK
    )


async def test_drafts_of_received_messages_can_be_written_but_not_sent(
    modem: Modem, client: PtyClient
) -> None:
    deliver = "0791093502000000040C910955151122330000621132908325000DCDB21C1D168741E4BA3B1F06"
    await client.ask("AT+CMGW=31,0")
    assert await client.submit(deliver) == "\r\n+CMGW: 1\r\n" + _OK
    assert await client.ask("AT+CMSS=1") == "\r\n+CMS ERROR: 302\r\n"
    assert await client.ask("AT+CMSS=2") == "\r\n+CMS ERROR: 321\r\n"
    await client.ask("AT+CMGW=31,2")
    assert await client.submit(deliver) == "\r\n+CMS ERROR: 304\r\n"
    assert await client.ask("AT+CMGR=0") == "\r\n+CMS ERROR: 321\r\n"
    assert await client.ask("AT+CMGD=99") == "\r\n+CMS ERROR: 321\r\n"


async def test_reading_may_leave_a_message_unread(modem: Modem, client: PtyClient) -> None:
    receptions.bring(modem, requests.reception({"text": "m"}))
    for _ in range(2):
        assert "+CMGR: 0,," in await client.ask("AT+CMGR=1,1")
        assert "+CMGL: 1,0,," in await client.ask("AT+CMGL=4,1")


async def test_acknowledging_may_be_refused_and_carry_a_pdu(
    modem: Modem, client: PtyClient
) -> None:
    modem.arrivals.acknowledge_timeout_s = 0.02
    await client.ask("AT+CSMS=1;+CNMI=2,2")
    assert await client.ask("AT+CSMS=7") == "\r\n+CMS ERROR: 303\r\n"
    receptions.bring(modem, requests.reception({"text": "m"}))
    await client.hear("+CMT: ")
    assert (await client.ask("AT+CNMA=2")).endswith(_OK)
    modem.arrivals.acknowledge_timeout_s = 60
    await client.hear("+CMT: ")
    assert (await client.ask("AT+CNMA=9")).endswith("+CMS ERROR: 302\r\n")
    await client.ask("AT+CNMA=1,2")
    assert await client.submit("zz") == "\r\n+CMS ERROR: 304\r\n"
    await client.ask("AT+CNMA=1,2")
    assert await client.submit("0000") == _OK
    assert not modem.arrivals.awaits_acknowledgement


async def test_what_was_not_acknowledged_before_a_power_cut_comes_again(
    modem: Modem, client: PtyClient
) -> None:
    await client.ask("AT+CSMS=1;+CNMI=2,2")
    receptions.bring(modem, requests.reception({"text": "m"}))
    await client.hear("+CMT: ")
    modem.unplug()
    assert modem.arrivals.held == 1
    modem.replug()
    assert modem.arrivals.held == 1
    modem.arrivals.pump()
    assert modem.storage.used("SM") == 1
