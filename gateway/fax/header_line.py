"""What fax engines print on top of every page: their fonts know Latin letters only."""

from __future__ import annotations

import unicodedata

MAX_HEADER = 60
MAX_NUMBER = 24
_BETWEEN = "  "
_SPELT = {
    "ı": "i", "İ": "I", "ş": "s", "Ş": "S", "ğ": "g", "Ğ": "G", "ß": "ss", "№": "No",
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ə": "e", "Ə": "E",
    "–": "-", "—": "-", "«": '"', "»": '"', "“": '"', "”": '"', "’": "'",
}  # fmt: skip
"""Letters that do not come apart into a Latin one and a mark."""


def header_line(company: str, number: str) -> str:
    """Return the line that says who we are, in plain ASCII; a long name gives way to the number."""
    ours = _plain(number)[:MAX_NUMBER].strip()
    room = MAX_HEADER - len(ours) - len(_BETWEEN)
    return _BETWEEN.join(part for part in (_plain(company)[:room].strip(), ours) if part)


def _plain(text: str) -> str:
    around = f" {text} "
    spelt = "".join(
        _spelt(char, shouted=(around[index] + around[index + 2]).isupper())
        for index, char in enumerate(text)
    )
    apart = unicodedata.normalize("NFKD", spelt)
    kept = "".join(char if " " <= char <= "~" else "" for char in apart)
    return " ".join(kept.split())


def _spelt(char: str, *, shouted: bool) -> str:
    if char in _SPELT:
        return _SPELT[char]
    small = _SPELT.get(char.lower())
    if small is not None and char != char.lower():
        return small.upper() if shouted else small[:1].upper() + small[1:]
    return " " if char.isspace() else char
