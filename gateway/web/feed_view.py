"""Which events a reader of the live feed is given: what he may see, and what he asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.kernel.events import EVERYONE, audience_of
from gateway.web.principal import Permission, Principal, Sight

_READS = {
    "call": Permission.CALLS_READ,
    "dial": Permission.CALLS_READ,
    "sms": Permission.SMS_READ,
    "fax": Permission.FAX_READ,
    "party": Permission.PARTIES_READ,
    "person": Permission.PEOPLE_READ,
    "task": Permission.TASKS_READ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one reader is given."""

    audiences: tuple[str, ...] | None
    """Whose events; None for everybody's."""
    permissions: frozenset[Permission]
    beginnings: tuple[str, ...] = ()
    """How the kinds begin that he asked for; empty for all kinds."""

    def takes(self, kind: str) -> bool:
        """Tell whether events of a kind are for him, when their audience is."""
        needed = _READS.get(kind.partition(".")[0], Permission.SETTINGS_MANAGE)
        return needed in self.permissions and (
            not self.beginnings or kind.startswith(self.beginnings)
        )

    def shows(self, kind: str, audiences: Collection[str]) -> bool:
        """Tell whether an event is for him."""
        his = self.audiences is None or any(one in self.audiences for one in audiences)
        return his and self.takes(kind)


def view_of(principal: Principal, beginnings: Sequence[str]) -> View:
    """Return what somebody is given who asks for kinds that begin so."""
    audiences = None if principal.sight is Sight.ALL else (EVERYONE, audience_of(principal.user_id))
    return View(
        audiences=audiences,
        permissions=principal.permissions,
        beginnings=tuple(beginnings),
    )
