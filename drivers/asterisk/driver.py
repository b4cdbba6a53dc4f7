"""One Asterisk: kept connected, followed, asked. Implements the calls feature's `Pbx`."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from drivers.asterisk import telephones
from drivers.asterisk.ami import AmiLink, Frozen, Refused
from drivers.asterisk.causes import explain_reason
from drivers.asterisk.channels import Channel
from drivers.asterisk.messages import Message, event_name, parse
from drivers.asterisk.pickup import require_person
from drivers.asterisk.snapshot import Snapshot
from drivers.asterisk.telephones import Telephones
from drivers.asterisk.tracker import Tracker
from gateway.calls.model import CallChange, CallChangeKind, CallRecord, TelephoneState
from gateway.calls.port import PbxCondition, PbxSettings, PbxSink, PbxStatus
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.errors import GatewayError, Permanent, Temporary, Uncertain

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 15.0
REFUSED_PAUSE_S = 60.0
"""A wrong password is not tried for ever at full speed: Asterisk's own fences would shut us out."""
SNAPSHOT_EACH_S = 30.0
"""How often what lives is compared with what Asterisk shows, so that a lost hang-up heals."""
SNAPSHOTS_AT_FIRST_S = (1.0, 2.0, 5.0)
"""The same after connecting: an Asterisk that is still starting knows neither all its lists nor all
actions, and says of them that they are unknown."""
AT_ONCE = 500
"""Changes in one unit of work."""
RETRY_S = 1.0
NEEDED = ("CoreShowChannels", "Redirect", "Atxfer", "CancelAtxfer", "Hangup", "Park", "Originate")
"""Actions that our user must be allowed."""
DEAF = "events of calls"
"""What our user misses who is not told of calls."""
ORIGINATE_MORE_S = 10.0
"""What Asterisk may need besides the ringing to tell what became of a dial."""
MAX_UNTOLD = 50_000
"""Changes that wait for the store; beyond it those that only repaint are dropped."""
_LASTING = frozenset({CallChangeKind.ENDED, CallChangeKind.MERGED})
_REMEDY = {
    PbxCondition.REFUSED: "see manager.conf: the user's name, secret, permit, read and write",
    PbxCondition.FROZEN: "see whether Asterisk hangs: `asterisk -rx 'core show uptime'`",
    PbxCondition.UNREACHABLE: "see whether Asterisk runs and its manager port is open to us",
}
Change = tuple[CallChange, CallRecord | None]


class AsteriskDriver:
    """One telephone system and all its calls."""

    def __init__(
        self,
        settings: PbxSettings,
        sink: PbxSink,
        *,
        clock: Clock | None = None,
        pause: Callable[[float], float] = lambda longest: random.uniform(longest / 2, longest),  # noqa: S311 - spreads reconnects, guards nothing
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._clock = clock or SystemClock()
        self._pause = pause
        self._tracker = Tracker()
        self._telephones = Telephones()
        self._link: AmiLink | None = None
        self._untold: list[Change] = []
        self._told = asyncio.Event()
        self._at_once = AT_ONCE
        self._asking: dict[str, str] = {}
        """Calls whose agent asks somebody, and the agent's channel."""
        self._compared = False
        """A snapshot was taken: what lives is to be told."""
        self._heard = self._compared_once = self._deaf = False
        """Since connecting: an event of a call was told; a snapshot was taken; it showed channels
        of which no event told."""
        self._status = PbxStatus(
            id=settings.id, condition=PbxCondition.CONNECTING, where=_where(settings)
        )

    @property
    def status(self) -> PbxStatus:
        """Return what is known right now, without I/O."""
        return self._status

    async def run(self) -> None:
        """Hold the connection and tell the sink what changes, until cancelled."""
        telling = asyncio.create_task(self._tell(), name=f"calls of {self._settings.id}")
        try:
            await self._keep()
        finally:
            telling.cancel()
            if self._link is not None:
                self._link.close()
            self._note(PbxCondition.STOPPED)

    async def transfer(self, ref: str, to: str) -> None:
        """Send who is beyond the line, else who called, to an extension or number."""
        fields = {"Context": self._settings.context, "Exten": to, "Priority": "1"}
        await self._ask("Redirect", {"Channel": self._moved(ref).name, **fields})

    async def consult(self, ref: str, to: str) -> None:
        """Let who speaks with the customer ask at an extension before passing him on."""
        agent = next(
            (leg for leg in self._tracker.heard_by(self._moved(ref)) if leg.internal), None
        )
        if agent is None:
            raise Permanent("nobody of ours speaks with the customer, so nobody can ask first")
        fields = {"Context": self._settings.context, "Exten": to}
        await self._ask("Atxfer", {"Channel": agent.name, **fields})
        living = self._tracker.calls
        self._asking = {one: name for one, name in self._asking.items() if one in living}
        self._asking[ref] = agent.name

    async def end_consulting(self, ref: str, *, pass_on: bool) -> None:
        """Pass the customer on to who was asked, or take him back."""
        agent = self._asking.get(ref)
        if agent is None or ref not in self._tracker.calls:
            raise Permanent("nobody is being asked about this call")
        if pass_on:
            await self._end(agent)
        else:
            await self._ask("CancelAtxfer", {"Channel": agent})
        self._asking.pop(ref, None)

    async def park(self, ref: str) -> None:
        """Put who is beyond the line, else who called, into the car park."""
        moved = self._moved(ref)
        back = next((leg for leg in self._tracker.heard_by(moved) if leg.internal), moved)
        await self._ask("Park", {"Channel": moved.name, "TimeoutChannel": back.name})

    async def hang_up(self, ref: str) -> None:
        """End a call."""
        channel = self._moved(ref)
        self._tracker.end_here(ref)  # first: the end may be told before the answer
        try:
            await self._end(channel.name)
        except (Permanent, Temporary):
            self._tracker.end_here(ref, -1)
            raise

    async def dial(self, ref: str, extension: str, number: str, shown: str) -> None:
        """Ring an extension and, once it is picked up, dial a number from it."""
        if self._link is None:
            raise Temporary(f"the telephone system {self._settings.id} is not connected")
        ring_s = self._settings.ring_s
        answer = await self._link.originate(
            {
                "Channel": self._settings.channel.replace("{extension}", extension),
                "ChannelId": ref,
                "Context": self._settings.context,
                "Exten": number,
                "Priority": "1",
                "CallerID": f'"{shown}" <{extension}>',
                "Timeout": str(int(ring_s * 1000)),
                "Variable": [f"__SANTRAL_DIAL={ref}"],
            },
            answer_s=ring_s + ORIGINATE_MORE_S,
        )
        if answer.get("Response") != "Success":
            raise Permanent(explain_reason(answer.get("Reason", ""), extension))
        await require_person(self._tracker.calls, ref, extension, number, self._end)

    async def _end(self, channel: str) -> None:
        await self._ask("Hangup", {"Channel": channel, "Cause": "16"})

    def _moved(self, ref: str) -> Channel:
        call = self._tracker.calls.get(ref)
        if call is None:
            raise Permanent(f"the telephone system {self._settings.id} has no such call any more")
        return call.reachable

    async def _ask(self, action: str, fields: dict[str, str]) -> None:
        if self._link is None:
            raise Temporary(f"the telephone system {self._settings.id} is not connected")
        await self._link.ask(action, fields)

    async def _keep(self) -> None:
        longest = FIRST_PAUSE_S
        while True:
            try:
                await self._session()
            except Refused as error:
                longest = REFUSED_PAUSE_S
                self._note(PbxCondition.REFUSED, str(error), _REMEDY[PbxCondition.REFUSED])
            except Frozen as error:
                longest = FIRST_PAUSE_S
                self._note(PbxCondition.FROZEN, str(error), _REMEDY[PbxCondition.FROZEN])
            except (Temporary, Permanent, Uncertain) as error:
                if self._status.condition is PbxCondition.READY:
                    longest = FIRST_PAUSE_S
                self._note(PbxCondition.UNREACHABLE, str(error), _REMEDY[PbxCondition.UNREACHABLE])
            await asyncio.sleep(self._pause(longest))
            longest = min(longest * 2, LONGEST_PAUSE_S) if longest < LONGEST_PAUSE_S else longest

    async def _session(self) -> None:
        """Connect, compare what lives, follow; raises when the connection is lost."""
        self._link = link = await AmiLink.open(self._settings, self._take)
        self._telephones = Telephones()
        self._heard = self._compared_once = self._deaf = False
        lost = asyncio.create_task(link.wait_lost(), name=f"connection of {self._settings.id}")
        try:
            for pause_s in itertools.chain(SNAPSHOTS_AT_FIRST_S, itertools.repeat(SNAPSHOT_EACH_S)):
                await self._compare(link)
                missing = await _missing(link)
                missing += (DEAF,) if self._deaf else ()
                self._note(
                    PbxCondition.READY, remedy=_remedy(missing), version=link.version,
                    missing=missing,
                )  # fmt: skip
                await asyncio.wait([lost], timeout=pause_s)
                if lost.done():
                    raise lost.result()
        except Uncertain as error:
            raise link.why_lost or error from error
        finally:
            self._link = None
            self._tracker.lose(self._now())
            lost.cancel()
            link.close()

    async def _compare(self, link: AmiLink) -> None:
        """Take a snapshot: after a gap calls neither hang nor vanish."""
        asked_at = self._now()
        try:
            taken = await _snapshot(link)
        except Permanent as error:
            raise Refused(f"our user may not ask for CoreShowChannels ({error})") from error
        now = self._now()
        unheard = any(not self._tracker.knows(one.get("Uniqueid", "")) for one in taken.channels)
        self._deaf = not self._heard and (self._deaf or (self._compared_once and unheard))
        self._compared_once = True
        self._collect(self._tracker.reconcile(taken, now, asked_at))
        self._tell_telephones(self._telephones.reconcile(taken.devices or (), now, asked_at))
        self._compared = True
        self._told.set()

    def _take(self, raw: bytes) -> None:
        name = event_name(raw)
        if name in self._tracker.names:
            self._heard = self._heard or name != b"FullyBooted"
            self._collect(self._tracker.feed(parse(raw), self._now()))
        elif name in telephones.NAMES:
            self._tell_telephones(self._telephones.feed(parse(raw), self._now()))

    def _tell_telephones(self, states: Mapping[str, TelephoneState]) -> None:
        if states:
            self._sink.telephones_changed(self._settings.id, states)

    def _collect(self, changes: list[CallChange]) -> None:
        if not changes:
            return
        now = self._now()
        crowded = len(self._untold) >= MAX_UNTOLD
        for change in changes:
            if not crowded or change.kind in _LASTING:
                record = change.ended or self._tracker.record(change.id, now)
                self._untold.append((change, record))
        self._told.set()

    async def _tell(self) -> None:
        """Hand changes over, in order; those that the store did not take are offered again."""
        while True:
            await self._told.wait()
            self._told.clear()
            while self._untold or self._compared:
                try:
                    await self._hand_over()
                except GatewayError as error:
                    logger.warning("calls of %s wait for the store: %s", self._settings.id, error)
                    await asyncio.sleep(RETRY_S)
                except Exception as error:  # noqa: BLE001 - one bad change must not stop the rest
                    self._leave_out(error)

    async def _hand_over(self) -> None:
        batch = self._untold[: self._at_once]
        if batch:
            await self._sink.calls_changed(self._settings.id, batch)
            del self._untold[: len(batch)]
            self._at_once = AT_ONCE
            return
        self._compared = False
        try:
            await self._sink.calls_living(self._settings.id, frozenset(self._tracker.calls))
        except GatewayError:
            self._compared = True
            raise

    def _leave_out(self, error: Exception) -> None:
        """Narrow a batch that cannot be written down to its bad change, and leave that out."""
        if self._at_once > 1:
            self._at_once = 1
            return
        bad = self._untold.pop(0)[0].id if self._untold else "none"
        logger.error(
            "a change of call %s of %s is left out", bad, self._settings.id, exc_info=error
        )

    def _note(
        self,
        condition: PbxCondition,
        detail: str = "",
        remedy: str = "",
        version: str = "",
        missing: tuple[str, ...] = (),
    ) -> None:
        status = PbxStatus(
            id=self._settings.id, condition=condition, detail=detail, remedy=remedy,
            version=version, where=_where(self._settings), missing=missing,
        )  # fmt: skip
        if status != self._status:
            self._status = status
            level = logging.INFO if condition is PbxCondition.READY else logging.WARNING
            logger.log(level, "telephone system %s: %s %s", status.id, condition.value, detail)
            self._sink.status_changed(status)

    def _now(self) -> float:
        return self._clock.now().timestamp()


async def probe(settings: PbxSettings) -> PbxStatus:
    """Log in, see what our user may do, and leave: for who checks a configuration."""
    made = PbxStatus(id=settings.id, condition=PbxCondition.READY, where=_where(settings))
    try:
        link = await AmiLink.open(settings, lambda _raw: None)
    except GatewayError as error:
        condition = PbxCondition.UNREACHABLE
        condition = PbxCondition.REFUSED if isinstance(error, Refused) else condition
        condition = PbxCondition.FROZEN if isinstance(error, Frozen) else condition
        return replace(made, condition=condition, detail=str(error), remedy=_REMEDY[condition])
    try:
        missing = await _missing(link)
        return replace(made, version=link.version, missing=missing, remedy=_remedy(missing))
    finally:
        link.close()


async def _snapshot(link: AmiLink) -> Snapshot:
    """Ask for all that lives; raises Permanent where even the channels are refused."""
    return Snapshot(
        channels=await link.listing("CoreShowChannels"),
        bridges=await _listing(link, "BridgeList"),
        parked=await _listing(link, "ParkedCalls"),
        queues=await _listing(link, "QueueStatus"),
        devices=await _listing(link, "DeviceStateList"),
    )


async def _listing(link: AmiLink, action: str) -> list[Message] | None:
    """Return a list that a telephone system may not have, or not give us; None then."""
    try:
        return await link.listing(action)
    except Permanent:
        return None


async def _missing(link: AmiLink) -> tuple[str, ...]:
    """Return which actions our user may not ask for (ListCommands names those that he may)."""
    try:
        allowed = await link.ask("ListCommands")
    except GatewayError:
        return ()
    return tuple(name for name in NEEDED if name not in allowed)


def _remedy(missing: tuple[str, ...]) -> str:
    actions = [name for name in missing if name != DEAF]
    may_not = f"our user may not {', '.join(actions)}: see `write` in manager.conf"
    hears_not = "our user is told of no call: see `read` and `eventfilter` in manager.conf"
    return "; ".join([may_not] * bool(actions) + [hears_not] * (DEAF in missing))


def _where(settings: PbxSettings) -> str:
    return f"{settings.user}@{settings.host}:{settings.port}"
