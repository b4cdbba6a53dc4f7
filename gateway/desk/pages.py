"""The pages of what is looked at across channels: the desk, one's own settings, the design."""

from __future__ import annotations

from gateway.web.pages import Html, Page, SeeOther, Visit
from gateway.web.preferences import Preferences
from gateway.web.principal import Permission


class DeskPages:
    """The pages."""

    def pages(self) -> list[Page]:
        """Return them."""
        return [
            Page(path="/", handler=self._home),
            Page(path="/desk", handler=self._desk, permission=Permission.CALLS_READ),
            Page(path="/me", handler=self._me),
            Page(path="/design", handler=self._design),
        ]

    async def _home(self, _visit: Visit) -> SeeOther:
        return SeeOther(to="/desk")

    async def _desk(self, visit: Visit) -> Html:
        held = visit.principal.permissions if visit.principal else frozenset()
        values = {
            "preferences": _chosen(visit), "may_listen": Permission.RECORDINGS_LISTEN in held,
        }  # fmt: skip
        return Html(template="desk.html", values=values)

    async def _me(self, visit: Visit) -> Html:
        return Html(template="me.html", values={"preferences": _chosen(visit)})

    async def _design(self, _visit: Visit) -> Html:
        return Html(template="design.html")


def _chosen(visit: Visit) -> Preferences:
    return visit.session.preferences if visit.session else Preferences()
