"""What Dial was told to call: a telephone of ours, or a number beyond a line (pure).

DialBegin's DialString is what stands behind the technology, and sometimes the technology too:
`101`, `PJSIP/102`, `0212…@trunk` (chan_pjsip, IAX2), `trunk/0212…` and `peer/exten/host!dnid`
(chan_sip), `trunk/sip:0212…@host`.
"""

from __future__ import annotations

import re

_TECHNOLOGY = re.compile(r"^(?:PJSIP|SIP|IAX2|DAHDI|SCCP|Skinny|MGCP|UniStim|OOH323|Motif)/")


def number_in(dial_string: str) -> str:
    """Return the number or extension that was dialled."""
    text = _plain(dial_string)
    if "sip:" in text:
        return text.rpartition("sip:")[2].partition("@")[0]
    parts = text.split("/")
    return (parts[1] if len(parts) > 1 else parts[0]).partition("@")[0]


def leads_out(dial_string: str, endpoint: str) -> bool:
    """Tell whether a number is dialled beyond an endpoint, rather than the endpoint itself."""
    text = _plain(dial_string)
    if "@" in text and "sip:" not in text:
        return True
    number = number_in(dial_string)
    return "/" in text and number != endpoint


MAX_EXTENSION = 6


def short(text: str) -> bool:
    """Tell whether this is an extension rather than a number: up to six digits."""
    return 0 < len(text) <= MAX_EXTENSION and text.isascii() and text.isdigit()


def dialable(text: str) -> bool:
    """Tell whether this is a number at all, and not a name that a dialplan gives its places."""
    return bool(text) and text.isascii() and text.lstrip("+").replace("*", "0").isdigit()


def same_number(one: str, other: str) -> bool:
    """Tell whether two writings mean one number: they end alike, or are one extension."""
    return one == other or (min(len(one), len(other)) > MAX_EXTENSION and one[-7:] == other[-7:])


def endpoints_in(dialled: str) -> tuple[str, ...]:
    """Return the extensions whose telephones an application Dial is to ring (its AppData)."""
    targets = [target.partition("/")[2] for target in dialled.partition(",")[0].split("&")]
    return tuple(target for target in targets if short(target))


def _plain(dial_string: str) -> str:
    """Return a dial string without technology, options and chan_sip's host and caller."""
    return _TECHNOLOGY.sub("", dial_string.partition(",")[0]).partition("!")[0]
