"""The pages of faxes: what came in and goes out, writing one, looking at one."""

from __future__ import annotations

from gateway.web.pages import Html, Page, Visit
from gateway.web.principal import Permission


class FaxPages:
    """The pages; what they show, they ask the API for."""

    def pages(self) -> list[Page]:
        """Return them."""
        read, send = Permission.FAX_READ, Permission.FAX_SEND
        return [
            Page(path="/faxes", handler=self._list, permission=read),
            Page(path="/faxes/new", handler=self._compose, permission=send),
            Page(path="/faxes/{fax_id}", handler=self._view, permission=read),
        ]

    async def _list(self, visit: Visit) -> Html:
        return Html(template="faxes.html", values={"may_send": _may_send(visit)})

    async def _compose(self, _visit: Visit) -> Html:
        return Html(template="fax_new.html")

    async def _view(self, visit: Visit) -> Html:
        values = {"may_send": _may_send(visit), "fax_id": visit.path["fax_id"]}
        return Html(template="fax.html", values=values)


def _may_send(visit: Visit) -> bool:
    return visit.principal is not None and Permission.FAX_SEND in visit.principal.permissions
