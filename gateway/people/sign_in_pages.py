"""The pages on which people sign in, sign out and change their password."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from math import ceil

from gateway.kernel.errors import GatewayError, Invalid, TooMany, Unauthenticated
from gateway.people.model import Visitor
from gateway.people.password_changes import PasswordChanges
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SignIn
from gateway.web.local_path import HOME, local_path
from gateway.web.page_server import PASSWORD, SIGN_IN
from gateway.web.pages import Html, Page, SeeOther, Visit

SIGN_OUT = "/sign-out"
MAX_SHOWN = 64
"""Letters of a wrong user name that are shown again."""


def pages(signing_in: SignIn, sessions: Sessions, changes: PasswordChanges) -> list[Page]:
    """Return the pages."""
    return [
        Page(path=SIGN_IN, handler=show_sign_in, everybody=True),
        Page(path=SIGN_IN, handler=partial(sign_in, signing_in), method="POST", everybody=True),
        Page(path=SIGN_OUT, handler=partial(sign_out, sessions), method="POST", password_due=True),
        Page(path=PASSWORD, handler=show_password, password_due=True),
        Page(path=PASSWORD, handler=partial(change_password, changes), method="POST",
             password_due=True),
    ]  # fmt: skip


async def show_sign_in(visit: Visit) -> Html | SeeOther:
    """Show the form; who is signed in goes on."""
    wanted = local_path(visit.query.get("next", HOME))
    if visit.session is not None:
        return SeeOther(to=wanted)
    return _sign_in_form(wanted)


async def sign_in(signing_in: SignIn, visit: Visit) -> Html | SeeOther:
    """Begin a session; the browser is given a new one, whatever it held before."""
    form = visit.form
    wanted, login = local_path(form.get("next", HOME)), form.get("login", "")
    visitor = Visitor(address=visit.address, agent=visit.agent)
    try:
        secret = await signing_in.sign_in(
            login, form.get("password", ""), visitor, instead_of=visit.session
        )
    except (Unauthenticated, TooMany) as error:
        return _sign_in_form(wanted, login[:MAX_SHOWN], error)
    return SeeOther(to=wanted, session=secret)


async def sign_out(sessions: Sessions, visit: Visit) -> SeeOther:
    """End the session."""
    if visit.session is not None:
        await sessions.sign_out(visit.session, visit.address)
    return SeeOther(to=SIGN_IN, session="")


async def show_password(visit: Visit) -> Html:
    """Show the form."""
    return _password_form(visit)


async def change_password(changes: PasswordChanges, visit: Visit) -> Html | SeeOther:
    """Change the password of who is signed in, and go on in a new session."""
    assert visit.principal is not None
    visitor = Visitor(address=visit.address, agent=visit.agent)
    try:
        secret = await changes.change_own(
            visit.principal, visit.form.get("old", ""), visit.form.get("new", ""), visitor,
            session=visit.session,
        )  # fmt: skip
    except (Invalid, TooMany) as error:
        return _password_form(visit, error)
    return SeeOther(to=HOME, session=secret)


def _sign_in_form(wanted: str, login: str = "", error: GatewayError | None = None) -> Html:
    values = {"next": wanted, "login": login, **_fault(error)}
    return Html(
        template="sign_in.html", values=values, status=_status(error), headers=_headers(error)
    )


def _password_form(visit: Visit, error: GatewayError | None = None) -> Html:
    must = visit.session is not None and visit.session.must_change_password
    values = {"must_change": must, **_fault(error)}
    return Html(
        template="password.html", values=values, status=_status(error), headers=_headers(error)
    )


def _fault(error: GatewayError | None) -> dict[str, object]:
    """Return an error as a template tells it: none, `wrong`, `weak`, or `wait` and how long."""
    if isinstance(error, TooMany):
        return {"fault": "wait", "wait_minutes": ceil((error.retry_after_s or 0) / 60)}
    weak = isinstance(error, Invalid) and error.field == "new"
    return {"fault": "weak" if weak else "wrong" if error else "", "wait_minutes": 0}


def _status(error: GatewayError | None) -> int:
    if error is None:
        return HTTPStatus.OK
    if isinstance(error, TooMany):
        return HTTPStatus.TOO_MANY_REQUESTS
    invalid = isinstance(error, Invalid)
    return HTTPStatus.UNPROCESSABLE_ENTITY if invalid else HTTPStatus.UNAUTHORIZED


def _headers(error: GatewayError | None) -> dict[str, str]:
    return {"Retry-After": str(ceil(error.retry_after_s))} if isinstance(error, TooMany) else {}
