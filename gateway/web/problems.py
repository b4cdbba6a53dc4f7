"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import ceil
from typing import Annotated

from aiohttp import web
from pydantic import Field, ValidationError

from gateway.kernel.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GatewayError,
    Invalid,
    NotFound,
    Permanent,
    Temporary,
    TooMany,
    Unauthenticated,
    Unavailable,
    Uncertain,
)
from gateway.web.hosts import Misdirected
from gateway.web.routes import Schema

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

_STATUS: dict[type[GatewayError], HTTPStatus] = {
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadRequest: HTTPStatus.BAD_REQUEST,
    Misdirected: HTTPStatus.MISDIRECTED_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Temporary: HTTPStatus.SERVICE_UNAVAILABLE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Permanent: HTTPStatus.UNPROCESSABLE_ENTITY,
    Uncertain: HTTPStatus.GATEWAY_TIMEOUT,
}


class Fault(Schema):
    """One part of the input that cannot be accepted."""

    field: Annotated[str, Field(examples=["to"])]
    detail: Annotated[str, Field(examples=["is no phone number; write it as +905321234567"])]


class Problem(Schema):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: Annotated[str, Field(examples=["Unprocessable Entity"])]
    status: Annotated[int, Field(examples=[422])]
    detail: Annotated[str, Field(examples=["to: is no phone number; write it as +905321234567"])]
    errors: tuple[Fault, ...] = ()


def problem_of(error: GatewayError) -> Problem:
    """Return the document that tells a caller about an error."""
    status = next(
        (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS),
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    field = error.field if isinstance(error, Invalid) else ""
    return Problem(
        title=status.phrase,
        status=status.value,
        detail=str(error),
        errors=(Fault(field=field, detail=str(error)),) if field else (),
    )


def problem_of_validation(error: ValidationError, part: str) -> Problem:
    """Return the document that names every field that pydantic refused."""
    faults = tuple(
        Fault(field=".".join(str(step) for step in fault["loc"]) or part, detail=fault["msg"])
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return Problem(
        title=status.phrase,
        status=status.value,
        detail=f"the {part} cannot be accepted: {faults[0].field}: {faults[0].detail}",
        errors=faults,
    )


def respond(problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    """Return the HTTP answer for a problem."""
    return web.Response(
        body=problem.model_dump_json(exclude_defaults=True).encode(),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=headers,
    )


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn every error into a problem document; what nobody foresaw is logged and hidden."""
    try:
        return await handler(request)
    except GatewayError as error:
        headers = {}
        if isinstance(error, Unauthenticated):
            headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, Temporary | Unavailable | TooMany) and error.retry_after_s:
            headers["Retry-After"] = str(ceil(error.retry_after_s))
        return respond(problem_of(error), headers)
    except web.HTTPException as error:
        return _from_http(error, request)
    except Exception:
        logger.exception("request %s %s failed", request.method, request.path)
        return _plain(
            HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the log tells what"
        )


def _from_http(error: web.HTTPException, request: web.Request) -> web.StreamResponse:
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    detail = {
        404: f"there is nothing at {request.path}; /api/v1/openapi.json lists what there is",
        405: f"{request.method} is not possible at {request.path}",
        413: "the body is too large; send it in smaller parts",
    }.get(error.status, error.reason)
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    return respond(
        Problem(title=HTTPStatus(error.status).phrase, status=error.status, detail=detail), allow
    )


def _plain(status: HTTPStatus, detail: str) -> web.Response:
    return respond(Problem(title=status.phrase, status=status.value, detail=detail))
