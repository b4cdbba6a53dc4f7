"""Forms with files: fields become the route's body, files lie in a folder while it is handled."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from aiohttp import BodyPartReader, ClientPayloadError, web

from gateway.kernel.errors import BadRequest, Invalid, Temporary
from gateway.web.requests import MULTIPART, body_of
from gateway.web.routes import Schema, UploadedFile

MAX_FILES = 20
MAX_FIELDS = 2000
MAX_FIELD_BYTES = 64 * 1024
MAX_TOTAL_BYTES = 100_000_000
_CHUNK = 256 * 1024


@asynccontextmanager
async def form_of(
    request: web.Request, model: type[Schema]
) -> AsyncIterator[tuple[Schema, tuple[UploadedFile, ...]]]:
    """Give body and files of a form; a body of JSON has no files.

    Raises BadRequest, Invalid or pydantic's ValidationError.
    """
    if request.content_type != MULTIPART:
        yield await body_of(request, model), ()
        return
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="santral-"))
    try:
        form = _Form(folder)
        await form.take(request)
        yield model.model_validate(form.body()), tuple(form.files)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class _Form:
    """A form while it arrives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fields: dict[str, list[str]] = {}
        self._count = 0
        self._left = MAX_TOTAL_BYTES
        self.files: list[UploadedFile] = []

    async def take(self, request: web.Request) -> None:
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader):
                    raise BadRequest("a part of the form is a form itself; send its files singly")
                await (self._field(part) if part.filename is None else self._file(part))
        except (ValueError, ClientPayloadError, ConnectionError, RuntimeError) as error:
            raise BadRequest(f"the form cannot be read: {error}; send it again") from error

    def body(self) -> dict[str, object]:
        """Return the fields, with a list where a name was given more than once."""
        return {name: told[0] if len(told) == 1 else told for name, told in self._fields.items()}

    async def _field(self, part: BodyPartReader) -> None:
        self._count += 1
        if self._count > MAX_FIELDS:
            raise Invalid(f"the form has more than {MAX_FIELDS} fields", field="body")
        name, raw = part.name or "", bytearray()
        while chunk := await part.read_chunk(_CHUNK):
            raw += chunk
            if len(raw) > MAX_FIELD_BYTES:
                raise Invalid(f"{name} is longer than {MAX_FIELD_BYTES} bytes", field=name)
        text = _text(bytes(raw), name)
        self._fields.setdefault(name, []).append(text)

    async def _file(self, part: BodyPartReader) -> None:
        if len(self.files) == MAX_FILES:
            raise Invalid(f"more than {MAX_FILES} files; send them in several", field="files")
        path = self._folder / str(len(self.files))
        name = (part.filename or "").replace("\\", "/").rpartition("/")[2]
        name = "".join(char for char in name if char.isprintable())[:200] or "file"
        with path.open("xb") as file:
            while chunk := await part.read_chunk(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise Invalid(
                        f"the files are larger than {MAX_TOTAL_BYTES // 1_000_000} MB together",
                        field="files",
                    )
                await _write(file, bytes(chunk))
        if path.stat().st_size or part.filename:
            self.files.append(UploadedFile(field=part.name or "", name=name, file=path))


async def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        await asyncio.to_thread(file.write, chunk)
    except OSError as error:
        raise Temporary(
            f"our disk does not take the file: {error.strerror}; see to space in its folder of "
            "temporary files",
            retry_after_s=60.0,
        ) from error


def _text(raw: bytes, name: str) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"the field {name!r} is no UTF-8 text") from None
    if "\0" in text or "\0" in name:
        raise Invalid(f"{name or 'a field'} holds a NUL character, which is no text", field=name)
    return text
