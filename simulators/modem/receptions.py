"""Messages from outside, cut into TPDUs and brought to a modem."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from simulators.modem import address as addresses
from simulators.modem import pdu, segments
from simulators.modem.arrivals import Arrival
from simulators.modem.pdu import Body, Deliver
from simulators.modem.requests import Reception, RequestError
from simulators.modem.segments import Style

if TYPE_CHECKING:
    from simulators.modem.modem import Modem


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """One TPDU that will arrive."""

    message: str
    pdu: str


def bring(modem: Modem, reception: Reception) -> list[Scheduled]:
    """Let messages arrive, in order or shuffled, at once or one after another."""
    if reception.memory is not None and reception.memory not in modem.storage.names():
        raise RequestError(f"'memory' is one of {modem.storage.names()}")
    arrivals = _arrivals(modem, reception)
    if reception.shuffle is not None:
        random.Random(reception.shuffle).shuffle(arrivals)
    loop = asyncio.get_running_loop()
    for place, arrival in enumerate(arrivals):
        if reception.gap_ms:
            loop.call_later(place * reception.gap_ms / 1000, modem.arrivals.offer, arrival)
        else:
            modem.arrivals.offer(arrival)
    return [
        Scheduled(
            message=arrival.message, pdu=(arrival.service_centre + arrival.tpdu).hex().upper()
        )
        for arrival in arrivals
    ]


def _arrivals(modem: Modem, reception: Reception) -> list[Arrival]:
    if reception.pdu:
        _, tpdu = addresses.split_service_centre(reception.pdu)
        pdu.decode_terminated(tpdu)
        centre = reception.pdu[: len(reception.pdu) - len(tpdu)]
        return [_arrival(modem, reception, centre, tpdu)]
    centre = modem.service_centre_field()
    if reception.service_centre is not None:
        centre = addresses.encode_service_centre(addresses.address_of(reception.service_centre))
    return [
        _arrival(modem, reception, centre, _deliver(modem, reception, body))
        for text in reception.texts
        for body in _bodies(modem, reception, text)
    ]


def _bodies(modem: Modem, reception: Reception, text: str) -> list[Body]:
    reference = reception.reference
    style = Style(
        coding=reception.coding,
        message_class=reception.message_class,
        reference=modem.next_concatenation() if reference is None else reference,
        reference_bits=reception.reference_bits,
        ports=reception.ports,
    )
    bodies = segments.bodies(text, style)
    if not reception.only_parts:
        return bodies
    return [body for place, body in enumerate(bodies, 1) if place in reception.only_parts]


def _deliver(modem: Modem, reception: Reception, body: Body) -> bytes:
    moment = modem.radio.now()
    if reception.timestamp is not None:
        try:
            moment = datetime.fromisoformat(reception.timestamp)
        except ValueError:
            raise RequestError("'scts' is a time such as 2026-01-31T12:00:00+03:00") from None
    return pdu.encode_deliver(
        Deliver(
            first_octet=pdu.NO_MORE_MESSAGES | (pdu.USER_DATA_HEADER if body.has_header else 0),
            originator=addresses.address_of(reception.sender),
            pid=0,
            timestamp=moment,
            body=body,
        )
    )


def _arrival(modem: Modem, reception: Reception, centre: bytes, tpdu: bytes) -> Arrival:
    return Arrival(
        message=modem.next_message(),
        service_centre=centre,
        tpdu=tpdu,
        memory=reception.memory,
    )
