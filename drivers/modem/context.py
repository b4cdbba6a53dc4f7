"""What outlives the link to a modem, and where its unsolicited results go."""

from __future__ import annotations

import asyncio
import logging

from drivers.modem import at_values, network, ussd
from drivers.modem.arrivals import Arrivals
from drivers.modem.at_codec import Unsolicited
from drivers.modem.at_errors import submit_error
from drivers.modem.jobs import Jobs
from drivers.modem.network import Registration
from drivers.modem.profiles import GENERIC, Profile
from drivers.modem.status import StatusBoard
from drivers.modem.telling import Teller
from drivers.modem.timing import Timing
from drivers.modem.ussd import UssdAnswer
from gateway.kernel.errors import GatewayError, Temporary, Uncertain
from gateway.sms.port import LateAnswer, LateSubmit, ModemCondition, ModemSettings, ModemSink

logger = logging.getLogger(__name__)

NOT_READY = "not_ready"
"""Code of a refusal that says nothing about the message: another modem may take it."""

# Said by modems that have just started, so that their settings are gone.
_STARTED = ("RDY", "STARTUP", "+SYSSTART", "^SYSSTART", "+WIND: 1", "+WIND: 3")
_NETWORKED = frozenset({ModemCondition.READY, ModemCondition.NO_NETWORK, ModemCondition.DENIED})


class ModemContext:
    """One modem as its caller knows it, whatever becomes of the link meanwhile."""

    def __init__(
        self,
        settings: ModemSettings,
        sink: ModemSink,
        board: StatusBoard,
        teller: Teller,
        timing: Timing,
    ) -> None:
        self.settings = settings
        self.sink = sink
        self.board = board
        self.teller = teller
        self.timing = timing
        self.jobs = Jobs()
        self.arrivals = Arrivals()
        self.profile: Profile = GENERIC
        self.wake = asyncio.Event()
        """Set when the task that owns the device has something to do."""
        self.look_soon = False
        """The modem's state is to be asked for at once."""
        self.unanswered = ""
        """The token of a submit that was given up and may still be answered."""
        self._ussd: asyncio.Future[UssdAnswer] | None = None

    def expect_ussd(self) -> asyncio.Future[UssdAnswer]:
        """Return where the next USSD answer will be."""
        self._ussd = asyncio.get_running_loop().create_future()
        return self._ussd

    def not_ready(self) -> Temporary:
        """Return why nothing can be asked of the modem now."""
        status = self.board.status
        why = status.detail or status.condition.value
        message = f"modem {self.settings.id} is {status.condition.value}: {why}"
        if status.remedy:
            message = f"{message}; {status.remedy}"
        return Temporary(message, code=NOT_READY, retry_after_s=self.timing.reopen_pause_s)

    def refuse_waiting(self) -> None:
        """Refuse whatever waits: the modem cannot do it now."""
        self.jobs.refuse_all(self.not_ready)

    def fail_ussd(self) -> None:
        """No USSD answer will come over this link."""
        if self._ussd is not None and not self._ussd.done():
            self._ussd.set_exception(self.not_ready())

    # What the AT client calls.

    def heard(self, result: Unsolicited) -> None:
        """Route an unsolicited result; nothing is swallowed."""
        text = result.text
        if self.arrivals.note(result):
            self.wake.set()
            return
        self.teller.heard(text, self.profile.call_ended)
        registration = network.told(text)
        if registration is not None:
            self._registered(registration)
        elif text.startswith("+CUSD:"):
            self._answered(text)
        elif text.startswith(_STARTED):
            self._look_soon()
        elif not text.upper().startswith(self.profile.ignored):
            logger.debug("modem %s said %s", self.settings.id, text.partition(":")[0][:20])

    def answered_late(self, text: str) -> None:
        """Settle a submit that was given up."""
        token, self.unanswered = self.unanswered, ""
        if not token:
            return
        accepted = text.startswith("+CMGS:")
        if not accepted and isinstance(submit_error(text), Uncertain):
            return
        found = at_values.numbers(text)
        reference = found[0] if accepted and found and found[0] is not None else 0
        self.tell_late(token, reference if accepted else None)

    def tell_late(self, token: str, reference: int | None) -> None:
        """Have the sink told what became of a submit nobody waits for; None: it was refused."""
        outcome = LateSubmit.REFUSED if reference is None else LateSubmit.ACCEPTED
        self.teller.tell(
            LateAnswer(
                modem_id=self.settings.id, token=token, outcome=outcome, reference=reference or 0
            )
        )

    def lost(self) -> None:
        """Note that the link is gone, and wake the task that owns the device."""
        if self.board.condition in _NETWORKED:
            self.board.enter(ModemCondition.STARTING, "the link broke and is opened again")
        self.wake.set()

    def _registered(self, registration: Registration) -> None:
        if self.board.condition in _NETWORKED:
            if registration.registered:
                self._look_soon()
            else:
                self.board.enter(*registration.condition)
                self.board.update(registration=registration.value)

    def _answered(self, text: str) -> None:
        answer = ussd.answer(text, self.profile.ussd)
        if answer is not None and self._ussd is not None and not self._ussd.done():
            self._ussd.set_result(answer)

    def _look_soon(self) -> None:
        self.look_soon = True
        self.wake.set()


def as_refusal(modem_id: str, error: GatewayError) -> Temporary:
    """Return a modem's failure as a refusal that says nothing about the message."""
    return Temporary(f"modem {modem_id}: {error}", code=NOT_READY, retry_after_s=2.0)
