"""A route as data: what it takes, what it gives, and who may use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from gateway.web.principal import Permission, Principal
from gateway.web.sessions import Session


class Schema(BaseModel):
    """Root of every request and response type: unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class NoBody(Schema):
    """A request without a body, or without query parameters."""


B = TypeVar("B", bound=Schema)
Q = TypeVar("Q", bound=Schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file of a form, while its request is handled."""

    field: str
    name: str
    """As the sender calls it: no path, but nothing to rely on."""
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[B, Q]):
    """One authenticated, permitted and validated request."""

    principal: Principal
    path: Mapping[str, str]
    body: B
    query: Q
    idempotency_key: str = ""
    """The request's Idempotency-Key header."""
    session: Session | None = None
    """Set where a signed-in browser asks."""
    address: str = ""
    """Where the request comes from."""
    agent: str = ""
    """What the asking program calls itself."""
    upload: AsyncIterator[bytes] | None = None
    """The body as it arrives, where the route takes a file."""
    files: tuple[UploadedFile, ...] = ()
    """Where the route takes a form with files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer whose status or headers are not the route's usual ones."""

    body: Schema
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    session: str | None = None
    """The secret of a new session, for the browser's cookie; an empty one takes it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReply:
    """An answer that is a file on disk; parts of it may be asked for (RFC 9110 §14)."""

    path: Path
    media_type: str
    name: str = ""
    """What it is called when it is saved; plain ASCII."""
    inline: bool = True
    """To be shown or played by the browser; otherwise saved."""
    keeps: bool = False
    """The same address never gives anything else, so that the browser may keep it for a while."""


class FileBody(Schema):
    """What a route that answers with a file declares as its answer."""


Handler = Callable[[Call[Any, Any]], Awaitable[Schema | Reply | FileReply]]
Lines = AsyncIterator[list[bytes]]
"""The lines of a body as they arrive, some at a time."""
LineHandler = Callable[[Call[Any, Any], Lines], AsyncIterator[bytes]]
"""Answers lines with lines (NDJSON), in the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation under /api/v1."""

    method: str
    path: str
    """Below /api/v1, as `/parties/{party_id}`."""
    permission: Permission
    handler: Handler
    summary: str
    returns: type[Schema]
    body: type[Schema] = NoBody
    query: type[Schema] = NoBody
    status: int = 200
    lines: LineHandler | None = None
    """Set where body and answer are streams of JSON lines; `body` and `returns` are one line."""
    uploads: bool = False
    """Its body is a file, which the handler takes as `Call.upload` and limits in size."""
    form: bool = False
    """Its body may be a form with files, whose other fields make `body`."""
    media_type: str = "application/json"
    """Of the answer; another one where it is a file (`returns=FileBody`)."""
    idempotent_by_key: bool = False
    """Takes an Idempotency-Key header."""
    password_due: bool = False
    """Open also to who must change his password first."""
