"""Makes of modems are told apart, and their answers about settings understood."""

from __future__ import annotations

import re

import pytest

from drivers.modem import profiles
from drivers.modem.memories import MemoryMap
from drivers.modem.profiles import GENERIC, NOKIA, PROFILES, QUECTEL, WAVECOM, chosen
from gateway.kernel.errors import Permanent


@pytest.mark.parametrize(
    ("manufacturer", "model", "name"),
    [
        ("huawei", "E173", "huawei"),
        ("HUAWEI Technologies", "E1752", "huawei"),
        ("ZTE INCORPORATED", "MF180", "zte"),
        ("ZTE CORPORATION", "K3565-Z", "zte"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom"),
        ("", "SIM7600E", "simcom"),
        ("Quectel", "EC25", "quectel"),
        ("WAVECOM MODEM", "MULTIBAND 900E 1800", "wavecom"),
        ("Sierra Wireless, Incorporated", "MC7304", "wavecom"),
        ("Nokia", "Nokia N79", "nokia"),
        ("QUALCOMM INCORPORATED", "M6280", "generic"),
        ("", "", "generic"),
    ],
)
def test_the_profile_follows_from_what_the_modem_says(
    manufacturer: str, model: str, name: str
) -> None:
    assert chosen("", manufacturer, model).name == name


def test_a_configured_profile_comes_first() -> None:
    assert chosen("nokia", "huawei", "E173") is NOKIA


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Permanent, match="wavecom"):
        chosen("acme", "", "")


@pytest.mark.parametrize(
    ("profile", "answer"),
    [
        ("generic", "+CPINR: SIM PIN,2,3"),
        ("huawei", "^CPIN: SIM PIN,,10,2,10,3"),
        ("huawei", "^CPIN: SIM PIN,2,10,2,10,3"),
        ("zte", "+ZPINPUK: 2,10"),
        ("simcom", "+SPIC: 2,3,10,10"),
        ("quectel", '+QPINC: "SC",2,10'),
        ("wavecom", "+CPINC: 2,3,10,10"),
    ],
)
def test_each_make_tells_the_tries_of_the_pin_its_way(profile: str, answer: str) -> None:
    found = re.match(PROFILES[profile].tries_pattern, answer)
    assert found is not None
    assert found.group("tries") == "2"


@pytest.mark.parametrize(
    ("test_answer", "best"),
    [
        ("+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)", (2, 1, 0, 2, 0)),
        ("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", (2, 1, 0, 2, 0)),
        ("+CNMI: (0-2),(0,1,3),(0,2,3),(0,1),(0)", (2, 1, 0, 1, 0)),
        ("+CNMI: (1,2),(0,1,3),(0,2),(0,1,2),(1)", (2, 1, 0, 2, 1)),
        ("+CNMI: (0,1),(0,1),(0),(0),(0)", None),
        ("+CNMI: (2),(2),(0),(0,1),(0)", (2, 2, 0, 1, 0)),
        ("", (2, 1, 0, 2, 0)),
        ("+CNMI: whatever", (2, 1, 0, 2, 0)),
        ("+CNMI: (0-999999999999),(1),(0),(2),(0)", (2, 1, 0, 2, 0)),
    ],
)
def test_the_best_indications_that_the_modem_allows_come_first(
    test_answer: str, best: tuple[int, ...] | None
) -> None:
    wanted = profiles.indications(GENERIC, test_answer)
    assert wanted[0] == (best or GENERIC.indications[0])


@pytest.mark.parametrize(
    ("test_answer", "swept"),
    [
        ('+CPMS: ("SM","ME","SR"),("SM","ME"),("SM","ME")', ("SM", "ME", "SR")),
        ('+CPMS: ("ME","MT","SM","SR"),("ME","MT"),("ME")', ("SM", "ME", "SR")),
        ('+CPMS: (("SM","BM","SR"),("SM"))', ("SM", "SR")),
        ('+CPMS: ("MT"),("MT"),("MT")', ("MT",)),
        ('+CPMS: ("MT","SR"),("MT"),("MT")', ("SR", "MT")),
        ('+CPMS: "SM","ME"', ("SM", "ME")),
        ("", ("SM",)),
    ],
)
def test_every_memory_is_looked_into_and_none_twice(
    test_answer: str, swept: tuple[str, ...]
) -> None:
    assert MemoryMap.of(test_answer).swept == swept


@pytest.mark.parametrize(
    ("profile", "test_answer", "memory"),
    [
        (GENERIC, '+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")', "SM"),
        (QUECTEL, '+CPMS: ("ME","SM","MT"),("ME","SM","MT"),("ME","SM","MT")', "ME"),
        (NOKIA, '+CPMS: ("ME"),("ME"),("ME")', "ME"),
        (WAVECOM, '+CPMS: (("SM","BM","SR"),("SM"))', "SM"),
        (GENERIC, '+CPMS: ("MT"),("MT"),("MT")', "MT"),
    ],
)
def test_arrivals_go_where_the_make_keeps_them_best(
    profile: profiles.Profile, test_answer: str, memory: str
) -> None:
    assert MemoryMap.of(test_answer).arrivals(profile) == memory
