"""Folds text that people search: case, accents, İ/ı and ё/е count for nothing."""

from __future__ import annotations

import unicodedata

_ALIKE = str.maketrans({"ı": "i", "İ": "i", "I": "i", "ё": "е", "Ё": "е", "ß": "ss"})


def fold(text: str) -> str:
    """Return the search key of a text: `fold("İSTANBUL ŞUBE") == "istanbul sube"`."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ALIKE).casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.split())
