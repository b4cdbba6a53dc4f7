"""What distinguishes one make of modem from another, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from simulators.modem.settings import Indications


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLines:
    """What a modem says while a call that it placed goes on; `{}` is the call's duration.

    Some answer OK to the dialling command at once, some say how it went when it is known.
    """

    ok_at_once: bool = True

    dialling: tuple[str, ...] = ()
    alerting: tuple[str, ...] = ()
    connected: tuple[str, ...] = ()
    ended: tuple[str, ...] = ("NO CARRIER",)


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One make of modem."""

    name: str
    manufacturer: str
    model: str
    revision: str
    information: tuple[str, ...]
    memories: Mapping[str, int]
    memory_test: str
    selected: tuple[str, str, str]
    joined: tuple[str, ...] = ()
    first_index: int = 1
    report_memory: str | None = None
    empty_slot_is_error: bool = True
    full_line: str = ""
    indication_test: str = "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)"
    indications: Indications = field(default_factory=Indications)
    character_sets: tuple[str, ...] = ("IRA", "GSM", "UCS2")
    unknown: str = "ERROR"
    messages_follow_error_level: bool = False
    lacks: frozenset[str] = frozenset()
    commands: tuple[str, ...] | None = None
    switches: Mapping[str, tuple[str, str]] = field(default_factory=_nothing)
    canned: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    tries: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    boot_lines: tuple[str, ...] = ("RDY",)
    boot_before_ok: bool = False
    boot_delay_s: float = 0.1
    ready_lines: tuple[str, ...] = ()
    ready_delay_s: float = 0.0
    sim_busy_s: float = 0.0
    tells_unlock: bool = True
    chatter: tuple[str, ...] = ()
    chatter_switch: str = ""
    chatter_interval_s: float = 0.0
    prompt: bytes = b"\r\n> "
    prompts_each_line: bool = False
    submit_delay_s: float = 0.0
    ring_interval_s: float = 1.0
    packed_ussd: bool = False
    calls: CallLines = field(default_factory=CallLines)


# What the recorded modem says to AT+CLAC.
_GENERIC_COMMANDS = (
    "+CCLK", "+CEREG", "+CFUN", "+CGREG", "+CGSN", "+CHUP", "+CIMI", "+CLAC", "+CLCC", "+CLIP",
    "+CMEE", "+CMGD", "+CMGF", "+CMGL", "+CMGR", "+CMGS", "+CMGW", "+CMMS", "+CMSS", "+CNMI",
    "+CNUM", "+COPS", "+CPIN", "+CPMS", "+CRC", "+CREG", "+CSCA", "+CSCS", "+CSDH", "+CSMP",
    "+CSMS", "+CSQ", "+CUSD", "+GSN",
)  # fmt: skip

GENERIC = Profile(
    name="generic",
    manufacturer="SIMSIM",
    model="AT900",
    revision="R1.0",
    information=("SIMSIM", "AT900", "R1.0"),
    memories=MappingProxyType({"SM": 30, "ME": 100, "SR": 20}),
    memory_test='("SM","ME","SR"),("SM","ME"),("SM","ME")',
    selected=("SM", "SM", "SM"),
    commands=_GENERIC_COMMANDS,
    tries=MappingProxyType({"+CPINR": ("+CPINR: SIM PIN,{pin},3", "+CPINR: SIM PUK,{puk},10")}),
    boot_before_ok=True,
    tells_unlock=False,
)

HUAWEI = Profile(
    name="huawei",
    manufacturer="huawei",
    model="E173",
    revision="11.126.85.00.209",
    information=(
        "Manufacturer: huawei",
        "Model: E173",
        "Revision: 11.126.85.00.209",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    memories=MappingProxyType({"SM": 20, "ME": 100, "SR": 20}),
    joined=("ME", "SM"),
    memory_test='("ME","MT","SM","SR"),("ME","MT","SM","SR"),("ME","MT","SM","SR")',
    selected=("SM", "SM", "SM"),
    first_index=0,
    full_line='^SMMEMFULL: "{memory}"',
    character_sets=("IRA", "UCS2", "GSM"),
    unknown="COMMAND NOT SUPPORT",
    switches=MappingProxyType(
        {
            "^CURC": ("1", "(0-1)"),
            "^CVOICE": ("0", "(0-1)"),
            "^USSDMODE": ("1", "(0-1)"),
            "^DDSETEX": ("2", "(0-2)"),
            "^PORTSEL": ("0", "(0-1)"),
        }
    ),
    canned=MappingProxyType(
        {
            "^SYSINFO": ("^SYSINFO:2,3,0,5,1,,4",),
            "^CARDLOCK?": ("^CARDLOCK: 2,10,0",),
            "^SYSCFG?": ("^SYSCFG:2,0,3FFFFFFF,1,2",),
            "^ICCID?": ("^ICCID: 8990011234567890123F",),
            "^DTMF=?": (),
        }
    ),
    tries=MappingProxyType({"^CPIN": ("^CPIN: {lock},{now},{puk},{pin},10,3",)}),
    boot_lines=("^SRVST:0", "^SIMST:255,1"),
    boot_delay_s=0.3,
    ready_lines=("^SIMST:1", "^SRVST:2", "^RSSI:20", "^MODE:5,4"),
    ready_delay_s=0.1,
    sim_busy_s=0.3,
    chatter=("^RSSI:20", "^BOOT:20952548,0,0,0,72"),
    chatter_switch="^CURC",
    chatter_interval_s=20.0,
    ring_interval_s=5.0,
    packed_ussd=True,
    calls=CallLines(
        dialling=("^ORIG:1,0",),
        alerting=("^CONF:1",),
        connected=("^CONN:1,0",),
        ended=("^CEND:1,{},29,16",),
    ),
)

ZTE = Profile(
    name="zte",
    manufacturer="ZTE INCORPORATED",
    model="MF180",
    revision="BD_TRKCLMF180V1.0.0B01",
    information=(
        "Manufacturer: ZTE INCORPORATED",
        "Model: MF180",
        "Revision: BD_TRKCLMF180V1.0.0B01",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    memories=MappingProxyType({"SM": 20, "ME": 100, "SR": 20}),
    joined=("ME", "SM"),
    memory_test='("ME","MT","SM","SR"),("ME","MT","SM","SR"),("ME","MT","SM","SR")',
    selected=("SM", "SM", "SM"),
    character_sets=("GSM", "UCS2", "IRA"),
    unknown="+CME ERROR: 4",
    lacks=frozenset({"+CLAC"}),
    switches=MappingProxyType({"+ZOPRT": ("5", "(0-6)"), "+ZSNT": ("0,0,0", "")}),
    canned=MappingProxyType(
        {
            "+ZPAS?": ('+ZPAS: "HSPA","CS_PS"',),
            "+ZPAS=?": (),
            "+ZDON?": ("+ZDON: Turkcell,286,01,CS_PS,ROAM_OFF",),
        }
    ),
    tries=MappingProxyType({"+ZPINPUK=?": ("+ZPINPUK: {pin},{puk}",)}),
    boot_lines=("+ZMSRI",),
    boot_delay_s=0.3,
    ready_lines=('+ZDONR: "Turkcell",286,1,"CS_PS","ROAM_OFF"', '+ZPASR: "HSPA"'),
    ready_delay_s=0.1,
    sim_busy_s=0.3,
    chatter=("+ZUSIMR:2", '+ZPASR: "HSPA"'),
    chatter_interval_s=2.0,
    ring_interval_s=5.0,
    calls=CallLines(ok_at_once=False, connected=("CONNECT",), ended=("HANGUP: 1",)),
)

SIMCOM = Profile(
    name="simcom",
    manufacturer="SIMCOM_Ltd",
    model="SIMCOM_SIM800L",
    revision="Revision:1418B05SIM800L24",
    information=("SIM800 R14.18",),
    memories=MappingProxyType({"SM": 10, "ME": 25}),
    joined=("SM", "ME"),
    memory_test='("SM","ME","MT"),("SM","ME","MT"),("SM","ME","MT")',
    selected=("SM", "SM", "SM"),
    empty_slot_is_error=False,
    indication_test="(0-2),(0-3),(0,2),(0-2),(0,1)",
    indications=Indications(mode=2, messages=1),
    character_sets=("IRA", "GSM", "UCS2", "HEX", "PCCP437", "PCDN", "8859-1"),
    messages_follow_error_level=True,
    switches=MappingProxyType({"+CLTS": ("0", "(0,1)"), "+DDET": ("0", "(0,1)")}),
    canned=MappingProxyType({"+CCID": ("8990011234567890123f",), "+CMTE?": ("+CMTE: 0,28.50",)}),
    tries=MappingProxyType({"+SPIC": ("+SPIC: {pin},3,{puk},10",)}),
    boot_lines=("RDY", "+CFUN: 1", "+CPIN: {lock}"),
    ready_lines=("Call Ready", "SMS Ready"),
    ready_delay_s=0.2,
    sim_busy_s=0.1,
    prompts_each_line=True,
    ring_interval_s=3.0,
)

QUECTEL = Profile(
    name="quectel",
    manufacturer="Quectel",
    model="EC25",
    revision="EC25EFAR06A03M4G",
    information=("Quectel", "EC25", "Revision: EC25EFAR06A03M4G"),
    memories=MappingProxyType({"ME": 255, "SM": 50, "SR": 20}),
    joined=("ME", "SM"),
    memory_test='("ME","SM","MT"),("ME","SM","MT"),("ME","SM","MT")',
    selected=("ME", "ME", "ME"),
    first_index=0,
    empty_slot_is_error=False,
    indication_test="(0-2),(0-3),(0,2),(0-2),(0,1)",
    indications=Indications(mode=2, messages=1),
    full_line='+QIURC: "smsfull","{memory}"',
    character_sets=("GSM", "IRA", "UCS2"),
    messages_follow_error_level=True,
    switches=MappingProxyType({"+QURCCFG": ('"urcport","usbat"', ""), "+QINDCFG": ("0", "")}),
    canned=MappingProxyType(
        {
            "+QCCID": ("+QCCID: 8990011234567890123F",),
            "+QNWINFO": ('+QNWINFO: "FDD LTE","28601","LTE BAND 3",1651',),
            "+QINISTAT": ("+QINISTAT: 7",),
        }
    ),
    tries=MappingProxyType({"+QPINC": ('+QPINC: "SC",{pin},{puk}', '+QPINC: "P2",3,10')}),
    boot_lines=("RDY", "+CPIN: {lock}", "+QUSIM: 1", "+CFUN: 1"),
    ready_lines=("+QIND: SMS DONE", "+QIND: PB DONE"),
    ready_delay_s=0.2,
    sim_busy_s=0.1,
    prompts_each_line=True,
    ring_interval_s=5.0,
)

WAVECOM = Profile(
    name="wavecom",
    manufacturer=" WAVECOM MODEM",
    model=" MULTIBAND  900E  1800 ",
    revision="641b09gg.Q2403A 1320676 061804 14:38",
    information=(" WAVECOM MODEM", " MULTIBAND  900E  1800 "),
    memories=MappingProxyType({"SM": 15, "BM": 5, "SR": 10}),
    memory_test='(("SM","BM","SR"),("SM"))',
    selected=("SM", "SM", "SM"),
    report_memory="SR",
    indication_test="(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)",
    indications=Indications(mode=0, messages=1),
    character_sets=("GSM", "PCCP437", "HEX", "UCS2"),
    lacks=frozenset({"+CLAC", "+CVHU", "+CEREG"}),
    switches=MappingProxyType({"+WIND": ("0", "(0-65535)"), "+WOPEN": ("0", "(0-8)")}),
    canned=MappingProxyType({"+CCED=0,3": ("+CCED: 20,0",), "+WSSW": ("+WSSW: 641b09gg,,",)}),
    tries=MappingProxyType({"+CPINC": ("+CPINC: {pin},3,{puk},10",)}),
    boot_lines=("+WIND: 1", "+WIND: 7"),
    ready_lines=("+WIND: 4",),
    ready_delay_s=0.2,
    sim_busy_s=0.2,
    ring_interval_s=3.0,
    calls=CallLines(
        ok_at_once=False,
        dialling=("+WIND: 5,1",),
        alerting=("+WIND: 2",),
        connected=("OK",),
        ended=("+WIND: 6,1",),
    ),
)

NOKIA = Profile(
    name="nokia",
    manufacturer="Nokia",
    model="Nokia N79",
    revision="V ICPR72_08w44.1",
    information=("Nokia",),
    memories=MappingProxyType({"ME": 150}),
    memory_test='("ME"),("ME"),("ME")',
    selected=("ME", "ME", "ME"),
    indication_test="(0-2),(0,1,3),(0,2,3),(0,1),(0)",
    character_sets=("GSM", "IRA", "8859-1", "UTF-8", "UCS2"),
    lacks=frozenset({"+CLAC", "+CVHU", "+CNUM"}),
    boot_lines=(),
    ready_delay_s=0.1,
    ring_interval_s=5.0,
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (GENERIC, HUAWEI, ZTE, SIMCOM, QUECTEL, WAVECOM, NOKIA)}
)
