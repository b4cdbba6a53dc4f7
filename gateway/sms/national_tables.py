"""The tables of 3GPP 23.038: one character per septet value, as a handset shows them."""

from __future__ import annotations

ESCAPE = "\x1b"
"""Septet 0x1B: the next septet is looked up in a single shift table."""

_DIGITS = "0123456789:;<=>?"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = "abcdefghijklmnopqrstuvwxyz"

# 3GPP 23.038 §6.2.1; each line is 16 septet values.
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./" + _DIGITS + "¡" + _UPPER + "ÄÖÑÜ§"
    "¿" + _LOWER + "äöñüà"
)

# 3GPP 23.038 annex A.3.1
TURKISH_LOCKING = (
    "@£$¥€éùıòÇ\nĞğ\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ"
    " !\"#¤%&'()*+,-./" + _DIGITS + "İ" + _UPPER + "ÄÖÑÜ§"
    "ç" + _LOWER + "äöñüà"
)

# 3GPP 23.038 annex A.3.3
PORTUGUESE_LOCKING = (
    "@£$¥êéúíóç\nÔô\rÁá"
    "Δ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ"
    " !\"#º%&'()*+,-./" + _DIGITS + "Í" + _UPPER + "ÃÕÚÜ§"
    "~" + _LOWER + "ãõ`üà"
)

# 3GPP 23.038 §6.2.1.1; every single shift table below holds these too.
DEFAULT_EXTENSION: dict[int, str] = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

# 3GPP 23.038 annex A.2.1
TURKISH_SINGLE: dict[int, str] = DEFAULT_EXTENSION | {
    0x47: "Ğ",
    0x49: "İ",
    0x53: "Ş",
    0x63: "ç",
    0x67: "ğ",
    0x69: "ı",
    0x73: "ş",
}

# 3GPP 23.038 annex A.2.2
SPANISH_SINGLE: dict[int, str] = DEFAULT_EXTENSION | {
    0x09: "ç",
    0x41: "Á",
    0x49: "Í",
    0x4F: "Ó",
    0x55: "Ú",
    0x61: "á",
    0x69: "í",
    0x6F: "ó",
    0x75: "ú",
}

# 3GPP 23.038 annex A.2.3
PORTUGUESE_SINGLE: dict[int, str] = DEFAULT_EXTENSION | {
    0x05: "ê",
    0x09: "ç",
    0x0B: "Ô",
    0x0C: "ô",
    0x0E: "Á",
    0x0F: "á",
    0x12: "Φ",
    0x13: "Γ",
    0x15: "Ω",
    0x16: "Π",
    0x17: "Ψ",
    0x18: "Σ",
    0x19: "Θ",
    0x1F: "Ê",
    0x41: "À",
    0x49: "Í",
    0x4F: "Ó",
    0x55: "Ú",
    0x5B: "Ã",
    0x5C: "Õ",
    0x61: "Â",
    0x69: "í",
    0x6F: "ó",
    0x75: "ú",
    0x7B: "ã",
    0x7C: "õ",
    0x7F: "â",
}
