"""The phonebooks of a modem (27.007 §8.11–8.14)."""

from __future__ import annotations

from dataclasses import dataclass

CAPACITY = 250
NUMBER_LENGTH = 40
TEXT_LENGTH = 14

NAMES = ("SM", "ME", "ON", "DC", "RC", "MC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name with its number."""

    number: str
    type: int
    text: str


class Phonebook:
    """Entries by index, in each of the books."""

    def __init__(self) -> None:
        self._books: dict[str, dict[int, Entry]] = {name: {} for name in NAMES}

    def book(self, name: str) -> dict[int, Entry]:
        """The entries of one book."""
        return self._books[name]

    def free_index(self, name: str) -> int | None:
        """The lowest index without an entry."""
        book = self._books[name]
        return next((index for index in range(1, CAPACITY + 1) if index not in book), None)
