"""Whose leg a channel is, and whether inside the company or beyond a line (pure)."""

from __future__ import annotations

from drivers.asterisk.channels import Channel, told
from drivers.asterisk.dial_strings import dialable, leads_out, number_in, short
from drivers.asterisk.messages import Message

_OUTSIDE = ("trunk", "pstn", "did", "incoming", "inbound", "external")
"""What the names of dialplan contexts contain that calls from outside come in by."""


def label(channel: Channel, dial_string: str = "") -> None:
    """Decide whose leg a channel is, and whether inside or beyond a line."""
    endpoint = channel.endpoint
    if dial_string:
        number = number_in(dial_string)
        outside = leads_out(dial_string, endpoint) or _line(channel)
        channel.internal = short(endpoint) or not outside
        channel.party = endpoint if short(endpoint) or not number else number
        if not dialable(channel.party) and short(channel.number):
            channel.party = channel.number  # an endpoint that is named after a person
    elif short(endpoint):
        channel.internal, channel.party = True, endpoint
    else:
        channel.internal = short(channel.number) and not _line(channel)
        channel.party = channel.number


def identify(channel: Channel, event: Message) -> None:
    """Take the extension that a dialplan gives a telephone whose account is no extension.

    Other changes of a caller's number are not taken: they say what others are shown of him.
    """
    number = told(event.get("CallerIDNum", ""))
    account = channel.endpoint
    if account.isdigit() and not short(account) and short(number) and not channel.called:
        channel.internal, channel.party = True, number
        channel.person = told(event.get("CallerIDName", "")) or channel.person


def _line(channel: Channel) -> bool:
    place = channel.context.casefold()
    return any(word in place for word in _OUTSIDE)
