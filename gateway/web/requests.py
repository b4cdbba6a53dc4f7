"""What a request says: its body, its query and its headers, read with suspicion."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from aiohttp import ClientPayloadError, web
from pydantic_core import from_json

from gateway.kernel.errors import BadRequest, Invalid
from gateway.web.routes import NoBody, Schema

MAX_IDEMPOTENCY_KEY = 128
MAX_AGENT = 200
MAX_FORM_BYTES = 64 * 1024
"""Of a form without files: taking one apart costs more than reading it."""
MULTIPART = "multipart/form-data"


def refuse_nul(request: web.Request) -> None:
    """Raise Invalid for a NUL in path or query: no database keeps one in a text."""
    texts = [
        *request.match_info.values(),
        *(text for pair in request.query.items() for text in pair),
    ]
    if any("\0" in text for text in texts):
        raise Invalid("the address holds a NUL character", field="path")


async def body_of(request: web.Request, model: type[Schema]) -> Schema:
    """Return the body; raises BadRequest, Invalid or pydantic's ValidationError."""
    if model is NoBody:
        return NoBody()
    raw = await request.read()
    if not raw.strip():
        raise Invalid("the request has no body; send JSON", field="body")
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"the body is no JSON: {error}") from None
    if b"\\u0000" in raw and (field := _nul_in(body)) is not None:
        raise Invalid(f"{field or 'the body'} holds a NUL character, which is no text", field=field)
    return model.model_validate(body)


def query_of(request: web.Request) -> Mapping[str, object]:
    """Return the query, with a list where a name is given more than once."""
    found: dict[str, object] = {}
    for name in request.query:
        values = request.query.getall(name)
        found[name] = values[0] if len(values) == 1 else values
    return found


def idempotency_key(request: web.Request) -> str:
    """Return the request's Idempotency-Key, or nothing; raises Invalid."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_IDEMPOTENCY_KEY or not key.isascii() or not (key.isprintable() or not key):
        raise Invalid(
            f"the Idempotency-Key must be at most {MAX_IDEMPOTENCY_KEY} printable ASCII characters",
            field="Idempotency-Key",
        )
    return key


async def form_of(request: web.Request) -> dict[str, str]:
    """Return the texts that a form sent; raises BadRequest or Invalid."""
    if request.content_type != MULTIPART and len(await request.read()) > MAX_FORM_BYTES:
        raise BadRequest(f"the form is larger than {MAX_FORM_BYTES} bytes")
    try:
        posted = await request.post()
    except (ValueError, LookupError) as error:
        raise BadRequest("the form cannot be read; it must be UTF-8") from error
    form = {name: value for name, value in posted.items() if isinstance(value, str)}
    for name, value in form.items():
        if "\0" in name or "\0" in value:
            raise Invalid("a field of the form holds a NUL character, which is no text")
    return form


async def parts_of(request: web.Request) -> AsyncIterator[bytes]:
    """Give a body as it arrives; raises BadRequest when its sender breaks off."""
    try:
        async for part in request.content.iter_any():
            yield part
    except (ClientPayloadError, ConnectionError) as error:
        raise BadRequest(f"the body broke off: {error}; send it again") from error


def agent_of(request: web.Request) -> str:
    """Return what a browser or program calls itself, shortened."""
    told = request.headers.get("User-Agent", "").replace("\0", "")[:MAX_AGENT]
    return told.encode(errors="replace").decode()


def _nul_in(value: object, path: str = "") -> str | None:
    """Return where in a body a text holds a NUL, as `persons.0.name`; None when none does."""
    if isinstance(value, str):
        return path if "\0" in value else None
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        if "\0" in str(key):
            return path
        found = _nul_in(part, f"{path}.{key}" if path else str(key))
        if found is not None:
            return found
    return None
