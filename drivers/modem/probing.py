"""Asking a device who it is, without receiving, deleting or unlocking anything."""

from __future__ import annotations

from drivers import serial_link
from drivers.modem import network, profiles, startup
from drivers.modem.at_client import AtClient
from drivers.modem.at_codec import Unsolicited
from drivers.modem.at_errors import AtError
from drivers.modem.pin import PinKeeper
from drivers.modem.status import StatusBoard, Trouble
from drivers.modem.timing import Timing
from drivers.serial_link import DeviceAbsent, LinkError
from gateway.kernel.errors import Permanent
from gateway.sms.port import ModemCondition, ModemSettings, ModemStatus


async def probe(settings: ModemSettings, *, timing: Timing | None = None) -> ModemStatus:
    """Return what a device says of itself; what is wrong stands in the status, nothing is raised.

    The PIN is entered only if the settings hold one.
    """
    board = StatusBoard(settings, lambda status: None)
    chosen = timing or Timing()
    client = AtClient(
        timing=chosen, on_unsolicited=_ignore, on_late_answer=_ignore_text, on_lost=_nothing
    )
    try:
        link = await serial_link.open_link(settings.device, settings.baud_rate, client)
    except LinkError as error:
        board.trouble(unusable(error))
        return board.status
    client.attach(link)
    try:
        await _ask(settings, client, chosen, board)
    except Trouble as trouble:
        board.trouble(trouble)
    except (AtError, Permanent) as error:
        board.enter(ModemCondition.SILENT, str(error), "try again; check port and settings")
    finally:
        await link.close()
    return board.status


def unusable(error: LinkError) -> Trouble:
    """Return a device that cannot be opened as the condition it means."""
    absent = isinstance(error, DeviceAbsent)
    condition = ModemCondition.ABSENT if absent else ModemCondition.SILENT
    return Trouble(condition, str(error), error.remedy)


async def _ask(
    settings: ModemSettings, client: AtClient, timing: Timing, board: StatusBoard
) -> None:
    await startup.wake(client, timing)
    identity = await startup.identify(client)
    profile = profiles.chosen(settings.profile, identity.manufacturer, identity.model)
    board.update(
        manufacturer=identity.manufacturer,
        model=identity.model,
        revision=identity.revision,
        imei=identity.imei,
        profile=profile.name,
    )
    await PinKeeper(settings.pin).unlock(client, profile, timing)
    board.update(
        imsi=await startup.subscriber(client, timing), smsc=await startup.service_centre(client)
    )
    registration = await network.registration(client)
    condition, detail, remedy = registration.condition
    board.update(
        condition=condition,
        detail=detail,
        remedy=remedy,
        registration=registration.value,
        signal_dbm=await network.signal_dbm(client),
        operator=await network.operator(client) if registration.registered else "",
    )


def _ignore(result: Unsolicited) -> None:
    """Nobody is told of what comes meanwhile; stored messages stay where they are."""


def _ignore_text(text: str) -> None:
    """Nothing was submitted here."""


def _nothing() -> None:
    """The command that runs fails by itself."""
