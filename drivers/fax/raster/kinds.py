"""What a file is, by its content; a file that is two things is what its first bytes say.

A PDF with an archive glued to its end is a PDF and never opened as an archive; an archive with a
PDF inside is an archive. A signature that is not at the beginning does not count.
"""

from __future__ import annotations

import re
import zipfile
from enum import StrEnum
from pathlib import Path

from drivers.fax.raster.refusals import Refused


class Kind(StrEnum):
    """What pages are made of."""

    PDF = "a PDF document"
    TIFF = "a TIFF picture"
    PICTURE = "a picture"
    TEXT = "a plain text"
    HTML = "an HTML page"
    WRITER = "a Word document"
    CALC = "an Excel workbook"
    SLIDES = "a presentation"

    @property
    def of_office(self) -> bool:
        """Tell whether LibreOffice has to read it."""
        return self in {Kind.WRITER, Kind.CALC, Kind.SLIDES}


_HEAD_BYTES = 4096
_SIGNATURES = (
    (b"%PDF-", Kind.PDF),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"\x89PNG\r\n\x1a\n", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF87a", Kind.PICTURE),
    (b"GIF89a", Kind.PICTURE),
    (b"{\\rtf", Kind.WRITER),
)
_FOREIGN = (
    (b"%!PS", "is PostScript"),
    (b"II+\0", "is a BigTIFF"),
    (b"MM\0+", "is a BigTIFF"),
    (b"\x7fELF", "is a program"),
    (b"MZ", "is a program"),
    (b"Rar!", "is an archive"),
    (b"7z\xbc\xaf", "is an archive"),
    (b"\x1f\x8b", "is an archive"),
)
_INSIDE_ARCHIVES = (
    ("word/", Kind.WRITER),
    ("xl/", Kind.CALC),
    ("ppt/", Kind.SLIDES),
)
_OPEN_DOCUMENTS = (
    (b"application/vnd.oasis.opendocument.text", Kind.WRITER),
    (b"application/vnd.oasis.opendocument.spreadsheet", Kind.CALC),
    (b"application/vnd.oasis.opendocument.presentation", Kind.SLIDES),
)
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB] 2.2
_COMPOUND_STREAMS = (
    ("EncryptedPackage", None),
    ("WordDocument", Kind.WRITER),
    ("Workbook", Kind.CALC),
    ("PowerPoint Document", Kind.SLIDES),
)
_HTML = re.compile(
    rb"(?is)(?:\s|<!--.*?-->)*<(?:!doctype\s+html|html|head|body|title|meta|table|div|p|h[1-6])[\s>/]"
)
_XML = re.compile(rb"(?is)(?:\s|<!--.*?-->)*<(?:\?xml|!doctype|svg)[\s>]")
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_AS_PDF = "send it as PDF"


def kind_of(file: Path) -> Kind:
    """Return what a file is; refuse what no pages are made of."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise Refused("is empty: send a file with something in it")
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.PICTURE
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Kind.PICTURE
    return _packed(file, head) or _written(head)


def _packed(file: Path, head: bytes) -> Kind | None:
    for signature, what in _FOREIGN:
        if head.startswith(signature):
            raise Refused(f"{what}: {_AS_PDF}")
    if head[4:8] == b"ftyp":
        raise Refused("is a HEIC picture or a film: send it as JPEG or PDF")
    if head.startswith(b"PK\x03\x04"):
        return _archive(file)
    if head.startswith(_COMPOUND):
        return _compound(file)
    return None


def _archive(file: Path) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if names[0] == "mimetype":
                with archive.open("mimetype") as stream:
                    declared = stream.read(200)
                for mimetype, kind in _OPEN_DOCUMENTS:
                    if declared.startswith(mimetype):
                        return kind
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, IndexError) as error:
        raise Refused("is a damaged archive: send its documents by themselves") from error
    if "[Content_Types].xml" in names:
        for folder, kind in _INSIDE_ARCHIVES:
            if any(name.startswith(folder) for name in names):
                return kind
    raise Refused("is an archive: unpack it and send its documents by themselves")


def _compound(file: Path) -> Kind:
    content = file.read_bytes()  # bounded: the size was looked at before
    for name, kind in _COMPOUND_STREAMS:
        if name.encode("utf-16-le") in content:
            if kind is None:
                raise Refused("is encrypted: remove its password and send it again")
            return kind
    raise Refused(f"is no document that is known here: {_AS_PDF}")


def _written(head: bytes) -> Kind:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip().startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[2:].replace(b"\0", b"")
        return Kind.HTML if _HTML.match(text) else Kind.TEXT
    if _HTML.match(text):
        return Kind.HTML
    if _XML.match(text):
        if b"html" in text[:300].lower():
            return Kind.HTML
        raise Refused(f"is an SVG drawing or another XML file: {_AS_PDF}")
    if _CONTROLS.search(head) and not wide_text(head):
        raise Refused(f"is no document that is known here: {_AS_PDF}")
    return Kind.TEXT


def wide_text(head: bytes) -> str:
    """Return which UTF-16 it is that has no mark at its beginning; empty: none."""
    half = len(head) // 2
    if half < 2:
        return ""
    low, high = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    # A text has blanks and line ends, whose other byte is zero; no letter is U+0000.
    if high > half // 10 and low == 0:
        return "utf-16-le"
    return "utf-16-be" if low > half // 10 and high == 0 else ""
