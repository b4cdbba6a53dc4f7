"""How many PDUs a second are coded and decoded, beside python-gsmmodem-new's codec."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial

from drivers.modem import pdu
from gateway.sms.port import OutgoingSegment, TextCoding

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from gsmmodem import pdu as theirs

RUN_S = 1.0
NUMBER = "+905321112233"
GSM = "Your order 4711 left our warehouse today and will be with you tomorrow before noon. Thanks!"
UCS2 = "Заказ отправлен, ждите завтра до полудня. Спасибо!"

RECEIVED = {
    "7-bit": "0791093502000000040C910955151122330000621132908325000DCDB21C1D168741E4BA3B1F06",
    "UCS-2": "0791093502000000040C9109551511223300086211329083250020011F00FC015F013100F600E7002000"
    "E7006F006B0020006700FC007A0065006C",
}


async def main() -> None:
    """Measure and print."""
    print(f"{'operation':18} {'Santral/s':>10} {'gsmmodem/s':>11} {'ratio':>6}")
    for name, text, coding in (("7-bit", GSM, TextCoding.GSM7), ("UCS-2", UCS2, TextCoding.UCS2)):
        segment = OutgoingSegment(recipient=NUMBER, text=text, coding=coding, report=False)
        others = partial(theirs.encodeSmsSubmitPdu, NUMBER, text, requestStatusReport=False)
        _line(f"encode {name}", partial(pdu.encode_submit, segment), others)
    for name, raw in RECEIVED.items():
        _line(f"decode {name}", partial(pdu.decode, raw), partial(theirs.decodeSmsPdu, raw))


def _line(name: str, ours: Callable[[], object], others: Callable[[], object]) -> None:
    mine, peer = _rate(ours), _rate(others)
    print(f"{name:18} {mine:>10,.0f} {peer:>11,.0f} {mine / peer:>6.1f}", flush=True)


def _rate(work: Callable[[], object]) -> float:
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < RUN_S:
        for _ in range(100):
            work()
        done += 100
    return done / (time.perf_counter() - began)
