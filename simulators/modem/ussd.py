"""The network's service codes (27.007 §7.15)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.modem import alphabet
from simulators.modem.charsets import from_terminal, to_terminal
from simulators.modem.journal import Event

if TYPE_CHECKING:
    from simulators.modem.modem import Modem

DONE = 0
MORE_EXPECTED = 1
TERMINATED = 2
NOT_SUPPORTED = 4

_GSM_SCHEME = 15
_UCS2_SCHEME = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the network says to a code; without text only the status is told."""

    status: int = DONE
    text: str | None = None
    choices: tuple[tuple[str, str], ...] = ()


_ANSWERS = {
    "*100#": Answer(text="Bakiyeniz 42.50 TL"),
    "*101#": Answer(
        status=MORE_EXPECTED,
        text="1) Paketler 2) Bakiye",
        choices=(("1", "Secim 1"), ("2", "Secim 2")),
    ),
    "*102#": Answer(text="Satir1\r\nSatir2"),
    "*103#": Answer(text="Kalan süre: şu ay için yeterli"),
}


class ServiceCodes:
    """The codes that one subscriber may dial, and the menu that is open."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self._menu: Answer | None = None
        self._plain = False
        self._timer: asyncio.TimerHandle | None = None
        self.answers = dict(_ANSWERS)
        self.delay_s = 0.3

    def ask(self, characters: str) -> None:
        """AT+CUSD with a text: the answer comes as +CUSD after a while."""
        self._plain = _is_plain(characters) and not self._packed()
        self._ask(characters if self._plain else self._decoded(characters))

    def dial(self, code: str) -> None:
        """ATD with a service code."""
        self._plain = False
        self._ask(code)

    def _ask(self, code: str) -> None:
        answer = self._answer(code)
        self._menu = answer if answer.status == MORE_EXPECTED else None
        self._modem.journal.write(Event.USSD, "", code=code, status=answer.status)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.delay_s, self.tell, answer)

    def cancel(self) -> None:
        """AT+CUSD=2: the client leaves the menu."""
        self._menu = None
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def tell(self, answer: Answer) -> None:
        """+CUSD, also without being asked."""
        if answer.status == MORE_EXPECTED:
            self._menu = answer
        if not self._modem.settings.ussd_reports or not self._modem.reachable:
            return
        line = f"+CUSD: {answer.status}"
        if answer.text is not None:
            line += self._encoded(answer.text)
        self._modem.session.unsolicited([line])

    def _answer(self, code: str) -> Answer:
        if self._menu:
            chosen = dict(self._menu.choices).get(code)
            return Answer(status=TERMINATED) if chosen is None else Answer(text=chosen)
        return self.answers.get(code, Answer(status=NOT_SUPPORTED))

    def _packed(self) -> bool:
        switches = self._modem.settings.switches
        return self._modem.profile.packed_ussd and switches.get("^USSDMODE", "1") == "1"

    def _decoded(self, characters: str) -> str:
        """CharsetError for what is not in the selected character set."""
        if self._packed():
            octets = bytes.fromhex(characters)
            return alphabet.decode(alphabet.unpack(octets, len(octets) * 8 // 7)).rstrip("\r@")
        return from_terminal(characters, self._modem.settings.character_set)

    def _encoded(self, text: str) -> str:
        if not alphabet.fits(text):
            return f',"{text.encode("utf-16-be").hex().upper()}",{_UCS2_SCHEME}'
        if self._packed():
            return f',"{alphabet.pack(alphabet.encode(text)).hex().upper()}",{_GSM_SCHEME}'
        name = "GSM" if self._plain else self._modem.settings.character_set
        return f',"{to_terminal(text, name)}",{_GSM_SCHEME}'


def _is_plain(characters: str) -> bool:
    """Whether a code is written as it is dialled, whatever the character set.

    Many makes take `*100#` with UCS2 selected too, and then answer in plain text as well.
    """
    return len(characters) % 4 != 0 or not set(characters) <= set("0123456789ABCDEFabcdef")
