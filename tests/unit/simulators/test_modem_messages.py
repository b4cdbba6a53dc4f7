"""Messages through the device: submission, arrival, storage, indications, reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from simulators.modem import address, journal, pdu, receptions, requests, segments, views
from simulators.modem.client import PtyClient
from simulators.modem.farm import Farm
from simulators.modem.modem import Modem
from simulators.modem.pdu import Submit
from simulators.modem.segments import Style
from simulators.modem.storage import Status

Connect = Callable[..., Coroutine[Any, Any, PtyClient]]
StartFarm = Callable[..., Coroutine[Any, Any, Farm]]

_TO = "+905321112233"


def _pdu(text: str, to: str = _TO, *, report: bool = False, style: Style | None = None) -> str:
    return _pdus(text, to, report=report, style=style)[0]


def _pdus(
    text: str, to: str = _TO, *, report: bool = False, style: Style | None = None
) -> list[str]:
    pdus = []
    for body in segments.bodies(text, style or Style()):
        flags = (0x20 if report else 0) | (0x40 if body.has_header else 0)
        submit = Submit(
            first_octet=0x01 | flags,
            reference=0,
            destination=address.address_of(to),
            pid=0,
            validity_octets=b"",
            body=body,
        )
        pdus.append("00" + pdu.encode_submit(submit).hex().upper())
    return pdus


async def _send(client: PtyClient, text: str) -> str:
    await client.ask(f"AT+CMGS={len(text) // 2 - 1}")
    return await client.submit(text)


def _receive(modem: Modem, **values: object) -> None:
    receptions.bring(modem, requests.reception(values))


def _events(modem: Modem) -> list[str]:
    return [entry.event.value for entry in journal.read(modem.journal.path)]


async def test_submission_is_decoded_and_counted(modem: Modem, client: PtyClient) -> None:
    assert await _send(client, _pdu("Merhaba €")) == "\r\n+CMGS: 1\r\n\r\nOK\r\n"
    assert await _send(client, _pdu("şu", style=Style(message_class=0))) == (
        "\r\n+CMGS: 2\r\n\r\nOK\r\n"
    )
    first, second = (views.submission_view(one) for one in modem.sent.all())
    assert (first["text"], first["encoding"], first["class"]) == ("Merhaba €", "gsm7", None)
    assert (second["text"], second["encoding"], second["flash"]) == ("şu", "ucs2", True)


async def test_parts_are_joined_in_the_view(modem: Modem, client: PtyClient) -> None:
    text = "emoji 😀 ve ş " * 12
    for part in reversed(_pdus(text)):
        await _send(client, part)
    (message,) = views.joined_view(modem.sent.all())
    assert message["text"] == text
    assert message["missing"] == []


@pytest.mark.parametrize(
    ("length", "payload"),
    [
        (14, "0021000C9109351211223300000178FF"),
        (18, "0021000C9109351211223300000178"),
        (14, "zz21000C9109351211223300000178"),
        (14, "0020000C9109351211223300000178"),
        (1, "0001"),
        (14, ""),
    ],
)
async def test_a_wrong_pdu_is_refused_and_written_down(
    modem: Modem, client: PtyClient, length: int, payload: str
) -> None:
    await client.ask(f"AT+CMGS={length}")
    assert await client.submit(payload) == "\r\n+CMS ERROR: 304\r\n"
    assert modem.sent.all() == []
    assert _events(modem)[-1] == "refused"


async def test_escape_leaves_the_prompt_and_sends_nothing(modem: Modem, client: PtyClient) -> None:
    assert await client.ask("AT+CMGS=14") == "\r\n> "
    client.write(b"0021000C91\x1b")
    assert await client.hear("OK\r\n") == "\r\nOK\r\n"
    assert await client.ask("AT") == "\r\nOK\r\n"
    assert modem.sent.all() == []


async def test_without_network_or_service_centre_nothing_is_sent(
    modem: Modem, client: PtyClient
) -> None:
    modem.radio.set_lost(lost=True)
    assert await _send(client, _pdu("a")) == "\r\n+CMS ERROR: 331\r\n"
    modem.radio.set_lost(lost=False)
    await client.ask('AT+CSCA=""')
    assert await _send(client, _pdu("a")) == "\r\n+CMS ERROR: 330\r\n"


async def test_messages_for_other_modems_arrive_there_unchanged(
    start_farm: StartFarm, connect: Connect
) -> None:
    farm = await start_farm(count=2)
    sender, recipient = farm.modems
    client = await connect(sender)
    other = await connect(recipient, "AT+CNMI=2,1")
    texts = _pdus("şişe " * 30, recipient.identity.number, style=Style(message_class=1))
    for text in texts:
        await _send(client, text)
    await other.hear('+CMTI: "SM",3\r\n')
    bodies = []
    for place in recipient.storage.taken("SM"):
        deliver = pdu.decode_terminated(place.memory.slots[place.index].tpdu)
        assert isinstance(deliver, pdu.Deliver)
        assert deliver.originator.number == sender.identity.number
        bodies.append(deliver.body)
    assert "".join(body.text() for body in bodies) == "şişe " * 30
    assert {body.dcs for body in bodies} == {0x19}


async def test_a_national_number_reaches_the_same_modem(
    start_farm: StartFarm, connect: Connect
) -> None:
    farm = await start_farm(count=2)
    client = await connect(farm.modems[0])
    await _send(client, _pdu("a", "05320000001"))
    await _send(client, _pdu("b", "05320000000"))
    await client.ask("AT")
    assert [modem.storage.used("SM") for modem in farm.modems] == [1, 1]


async def test_reports_are_stored_pushed_or_dropped_as_asked(
    modem: Modem, client: PtyClient
) -> None:
    modem.report_policy, _ = requests.report_policy({"delay_s": 0.01})
    await client.ask("AT+CNMI=2,1,0,2")
    await _send(client, _pdu("a", report=True))
    assert await client.hear('+CDSI: "SM",1\r\n') == '\r\n+CDSI: "SM",1\r\n'
    await client.ask("AT+CNMI=2,1,0,1")
    await _send(client, _pdu("b", report=True))
    pushed = await client.until(re.compile(rb"\+CDS: 25\r\n([0-9A-F]{66})\r\n"))
    report = pdu.decode_terminated(bytes.fromhex(pushed.splitlines()[-1])[8:])
    assert isinstance(report, pdu.StatusReport)
    assert (report.reference, report.status, report.recipient.number) == (2, 0, _TO)
    await client.ask("AT+CNMI=2,1,0,0")
    await _send(client, _pdu("c", report=True))
    assert await client.silence(0.05) == b""
    assert _events(modem)[-1] == "discarded"


async def test_report_policy_decides_status_and_loss(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CNMI=2,1,0,2")
    modem.report_policy, _ = requests.report_policy(
        {"delay_s": 0.01, "status": ["temporary", "failed"]}
    )
    await _send(client, _pdu("a", report=True))
    await client.hear('+CDSI: "SM",2\r\n')
    (sent,) = modem.sent.all()
    assert [report.status for report in sent.reports] == [0x22, 0x40]
    modem.report_policy, _ = requests.report_policy({"delay_s": 0.01, "loss": 1})
    await _send(client, _pdu("b", report=True))
    assert await client.silence(0.05) == b""
    assert _events(modem)[-1] == "report_lost"


async def test_no_report_without_request(modem: Modem, client: PtyClient) -> None:
    modem.report_policy, _ = requests.report_policy({"delay_s": 0})
    await _send(client, _pdu("a"))
    await client.ask("AT")
    assert "reported" not in _events(modem)


async def test_reading_makes_read_and_deleting_makes_room(modem: Modem, client: PtyClient) -> None:
    for text in ("bir", "iki", "üç"):
        _receive(modem, text=text)
    assert "+CMGR: 0,," in await client.ask("AT+CMGR=1")
    assert "+CMGR: 1,," in await client.ask("AT+CMGR=1")
    listed = await client.ask("AT+CMGL=0")
    assert re.findall(r"\+CMGL: (\d),(\d)", listed) == [("2", "0"), ("3", "0")]
    assert await client.ask("AT+CMGL=0") == "\r\nOK\r\n"
    assert await client.ask("AT+CMGD=?") == "\r\n+CMGD: (1,2,3),(0-4)\r\n\r\nOK\r\n"
    assert await client.ask("AT+CMGD=2") == "\r\nOK\r\n"
    assert await client.ask("AT+CMGR=2") == "\r\n+CMS ERROR: 321\r\n"
    assert await client.ask("AT+CMGD=1,4") == "\r\nOK\r\n"
    assert modem.storage.used("SM") == 0
    assert _events(modem).count("deleted") == 3


@pytest.mark.parametrize(
    ("flag", "left"),
    [
        (1, {Status.UNREAD, Status.UNSENT, Status.SENT}),
        (2, {Status.UNREAD, Status.UNSENT}),
        (3, {Status.UNREAD}),
        (4, set()),
    ],
)
async def test_deletion_flags(
    modem: Modem, client: PtyClient, flag: int, left: set[Status]
) -> None:
    _receive(modem, texts=["a", "b"])
    await client.ask("AT+CMGR=1")
    for status in (2, 3):
        text = _pdu("x")
        await client.ask(f"AT+CMGW={len(text) // 2 - 1},{status}")
        await client.submit(text)
    await client.ask(f"AT+CMGD=1,{flag}")
    assert {slot.status for slot in modem.storage.memories["SM"].slots.values()} == left


async def test_a_full_memory_holds_messages_until_there_is_room(
    modem: Modem, client: PtyClient
) -> None:
    await client.ask("AT+CNMI=2,1")
    _receive(modem, texts=[f"m{place}" for place in range(32)])
    await client.hear('+CMTI: "SM",30\r\n')
    assert modem.arrivals.held == 2
    text = _pdu("x")
    await client.ask(f"AT+CMGW={len(text) // 2 - 1}")
    assert await client.submit(text) == "\r\n+CMS ERROR: 322\r\n"
    await client.ask("AT+CMGD=5")
    assert await client.hear("\r\n+CMTI") == "\r\n+CMTI"
    assert modem.arrivals.held == 1
    await client.ask("AT+CMGD=1,4")
    await client.ask("AT")
    assert modem.arrivals.held == 0
    stored = [entry for entry in journal.read(modem.journal.path) if entry.event == "stored"]
    assert len({entry.message for entry in stored}) == 32


async def test_indications_wait_in_mode_zero(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CNMI=0,1,0,2")
    _receive(modem, text="a")
    assert await client.silence(0.02) == b""
    await client.ask("AT+CNMI=2,1,0,2")
    assert await client.hear('"SM",1\r\n') == '\r\n+CMTI: "SM",1\r\n'


async def test_messages_are_pushed_without_being_stored(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CNMI=1,2,0,1,0")
    _receive(modem, text="hello")
    pushed = await client.until(re.compile(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n"))
    octets = bytes.fromhex(pushed.splitlines()[-1])
    deliver = pdu.decode_terminated(octets[8:])
    assert isinstance(deliver, pdu.Deliver)
    assert deliver.body.text() == "hello"
    assert f"+CMT: ,{len(octets) - 8}\r\n" in pushed
    assert modem.storage.used("SM") == 0


async def test_class_two_goes_to_the_sim_even_when_others_are_pushed(
    modem: Modem, client: PtyClient
) -> None:
    await client.ask("AT+CNMI=2,2")
    _receive(modem, **{"text": "sim", "class": 2})
    await client.hear('+CMTI: "SM",1\r\n')
    await client.ask("AT+CNMI=2,3")
    _receive(modem, **{"text": "te", "class": 3})
    await client.hear("+CMT: ")


async def test_pushed_messages_come_one_by_one_until_acknowledged(
    modem: Modem, client: PtyClient
) -> None:
    await client.ask("AT+CSMS=1")
    await client.ask("AT+CNMI=2,2")
    assert await client.ask("AT+CNMA") == "\r\n+CMS ERROR: 340\r\n"
    _receive(modem, texts=["bir", "iki"])
    await client.hear("+CMT: ")
    assert modem.arrivals.held == 1
    await client.ask("AT+CNMA")
    await client.hear("+CMT: ")
    await client.ask("AT+CNMA=0")
    assert modem.arrivals.held == 0
    assert _events(modem).count("acknowledged") == 2


async def test_what_is_not_acknowledged_comes_again_and_pushing_stops(
    modem: Modem, client: PtyClient
) -> None:
    modem.arrivals.acknowledge_timeout_s = 0.02
    await client.ask("AT+CSMS=1")
    await client.ask("AT+CNMI=2,2,0,1")
    _receive(modem, text="bir")
    await client.hear("+CMT: ")
    await client.silence(0.06)
    assert await client.ask("AT+CNMI?") != ""
    indications = modem.settings.indications
    assert (indications.messages, indications.reports) == (0, 0)
    assert modem.storage.used("SM") == 1


async def test_an_expired_message_is_given_up_and_reported(
    start_farm: StartFarm, connect: Connect
) -> None:
    farm = await start_farm(count=2)
    sender, recipient = farm.modems
    recipient.radio.set_lost(lost=True)
    sender.report_policy, _ = requests.report_policy({"delay_s": 0.01})
    client = await connect(sender, "AT+CNMI=2,1,0,2")
    body = segments.bodies("a", Style())[0]
    submit = Submit(
        first_octet=0x29,
        reference=0,
        destination=address.address_of(recipient.identity.number),
        pid=0,
        validity_octets=bytes.fromhex("02000000000000"),
        body=body,
    )
    await _send(client, "00" + pdu.encode_submit(submit).hex())
    await client.hear("+CDSI")
    assert [report.status for report in sender.sent.all()[0].reports] == [0x46]
    assert "expired" in _events(recipient)


async def test_text_mode_sends_and_shows_text(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CMGF=1")
    await client.ask('AT+CMGS="+905320000000"')
    assert await client.submit("hello \x02\x11\x08") == "\r\n+CMGS: 1\r\n\r\nOK\r\n"
    await client.ask("AT")
    shown = await client.ask("AT+CMGR=1")
    assert re.fullmatch(
        r'\r\n\+CMGR: "REC UNREAD","\+905320000000",,"[\d/,:+-]{20}"\r\nhello \x02\r\n\r\nOK\r\n',
        shown,
    )
    await client.ask("AT+CSDH=1")
    detailed = await client.ask('AT+CMGL="ALL"')
    assert '+CMGL: 1,"REC READ","+905320000000",,' in detailed
    assert detailed.splitlines()[1].endswith(",145,7")
    detailed = await client.ask("AT+CMGR=1")
    assert detailed.splitlines()[1].endswith(',145,4,0,0,"+905320000000",145,7')


async def test_text_mode_converts_character_sets(modem: Modem, client: PtyClient) -> None:
    await client.ask('AT+CMGF=1;+CSCS="UCS2"')
    await client.ask("AT+CSMP=17,167,0,8")
    number = "+905320000000".encode("utf-16-be").hex()
    assert await client.ask('AT+CMGS="12"') == "\r\n+CMS ERROR: 305\r\n"
    await client.ask(f'AT+CMGS="{number}"')
    await client.submit("şğ".encode("utf-16-be").hex())
    await client.ask("AT")
    assert views.submission_view(modem.sent.all()[0])["text"] == "şğ"
    shown = await client.ask("AT+CMGR=1")
    assert "015F011F" in shown
    assert number.upper() in shown
    await client.ask("AT+CSMP=17,167,0,0")
    await client.ask(f'AT+CMGS="{number}"')
    await client.submit("@é".encode("utf-16-be").hex())
    assert views.submission_view(modem.sent.all()[1])["text"] == "@é"


async def test_text_mode_refuses_what_does_not_fit(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CMGF=1")
    await client.ask(f'AT+CMGS="{_TO}"')
    assert await client.submit("a" * 161) == "\r\n+CMS ERROR: 305\r\n"
    assert await client.ask('AT+CMGS=""') == "\r\n+CMS ERROR: 302\r\n"


async def test_text_mode_absolute_validity_and_stored_drafts(
    modem: Modem, client: PtyClient
) -> None:
    await client.ask("AT+CMGF=1")
    await client.ask('AT+CSMP=25,"27/01/01,00:00:00+12",0,0')
    assert '"27/01/01,00:00:00+12"' in await client.ask("AT+CSMP?")
    await client.ask(f'AT+CMGW="{_TO}"')
    assert await client.submit("taslak") == "\r\n+CMGW: 1\r\n\r\nOK\r\n"
    assert f'+CMGL: 1,"STO UNSENT","{_TO}",,\r\ntaslak\r\n' in await client.ask('AT+CMGL="ALL"')
    assert await client.ask('AT+CMSS=1,"+905320000000"') == "\r\n+CMSS: 1\r\n\r\nOK\r\n"
    view = views.submission_view(modem.sent.all()[0])
    assert (view["text"], view["to"], view["via"]) == ("taslak", "+905320000000", "CMSS")
    assert view["validity"]["until"] == "2027-01-01T00:00:00+03:00"
    assert '"STO SENT"' in await client.ask("AT+CMGR=1")


async def test_text_mode_reports_and_pushes(modem: Modem, client: PtyClient) -> None:
    modem.report_policy, _ = requests.report_policy({"delay_s": 0.01})
    await client.ask("AT+CMGF=1")
    await client.ask("AT+CNMI=2,2,0,1")
    await client.ask("AT+CSMP=49,167,0,0")
    await client.ask(f'AT+CMGS="{_TO}"')
    await client.submit("a")
    pushed = await client.until(re.compile(rb"\+CDS: [^\r]*\r\n"))
    assert re.search(rf'\+CDS: 6,1,"\{_TO}",145,"[^"]+","[^"]+",0\r\n', pushed)
    _receive(modem, text="gelen")
    pushed = await client.until(re.compile(rb"\+CMT: [^\r]*\r\ngelen\r\n"))
    assert '+CMT: "+905551112233",,"' in pushed


async def test_the_reception_of_parts_can_be_shuffled_and_incomplete(
    modem: Modem, client: PtyClient
) -> None:
    _receive(modem, text="x" * 500, shuffle=2, reference=77)
    _receive(modem, text="y" * 200, only_parts=[2], reference=300, reference_bits=16)
    order = []
    for place in modem.storage.taken("SM"):
        deliver = pdu.decode_terminated(place.memory.slots[place.index].tpdu)
        assert isinstance(deliver, pdu.Deliver)
        header = deliver.body.header()
        assert header is not None
        assert header.concatenation is not None
        order.append((header.concatenation.reference, header.concatenation.part))
    assert sorted(order) == [(77, 1), (77, 2), (77, 3), (77, 4), (300, 2)]
    assert order[:4] != [(77, 1), (77, 2), (77, 3), (77, 4)]


async def test_memories_are_selected_and_counted(modem: Modem, client: PtyClient) -> None:
    await client.ask("AT+CNMI=2,1")
    assert await client.ask('AT+CPMS="ME","SM","ME"') == (
        "\r\n+CPMS: 0,100,0,30,0,100\r\n\r\nOK\r\n"
    )
    _receive(modem, text="a")
    await client.hear('+CMTI: "ME",1\r\n')
    assert await client.ask("AT+CPMS?") == (
        '\r\n+CPMS: "ME",1,100,"SM",0,30,"ME",1,100\r\n\r\nOK\r\n'
    )
    assert await client.ask('AT+CPMS="XX"') == "\r\n+CMS ERROR: 302\r\n"
    assert await client.ask('AT+CPMS="ME","SR"') == "\r\n+CMS ERROR: 302\r\n"
