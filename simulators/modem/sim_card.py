"""The SIM's secrets: PIN and PUK, their tries, and the lock that asks for them."""

from __future__ import annotations

from enum import StrEnum

PIN_TRIES = 3
PUK_TRIES = 10


class Lock(StrEnum):
    """What the SIM waits for, in the words of +CPIN."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    BLOCKED = "blocked"


class SimCard:
    """A SIM that may ask for a PIN; a blocked one stays blocked through power cycles."""

    def __init__(self, pin: str | None = None, puk: str = "12345678") -> None:
        self.pin = pin or "0000"
        self.puk = puk
        self.asks = pin is not None
        self.pin_tries = PIN_TRIES
        self.puk_tries = PUK_TRIES
        self._entered = False

    @property
    def lock(self) -> Lock:
        """What is asked for now."""
        if self.puk_tries == 0:
            return Lock.BLOCKED
        if self.pin_tries == 0:
            return Lock.PUK
        return Lock.PIN if self.asks and not self._entered else Lock.READY

    @property
    def ready(self) -> bool:
        """Whether nothing is asked for."""
        return self._entered or self.lock is Lock.READY

    def power_cycle(self) -> None:
        """Ask again, if the SIM asks at all."""
        self._entered = False

    def enter_pin(self, pin: str) -> bool:
        """Whether the PIN was right; a wrong one costs a try."""
        if pin != self.pin:
            self.pin_tries -= 1
            self._entered = False
            return False
        self.pin_tries = PIN_TRIES
        self._entered = True
        return True

    def enter_puk(self, puk: str, new_pin: str) -> bool:
        """Whether the PUK was right and the new PIN taken; a wrong one costs a try."""
        if puk != self.puk:
            self.puk_tries -= 1
            return False
        self.pin, self.pin_tries, self.puk_tries = new_pin, PIN_TRIES, PUK_TRIES
        self._entered = True
        return True
