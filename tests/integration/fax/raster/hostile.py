"""Broken and hostile documents, each with what is said of it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pikepdf

from tests.integration.fax.raster import papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """One document that must be refused."""

    name: str
    make: Callable[[], bytes]
    says: str
    """A regular expression of the refusal, after the document's name."""


def _pdf(objects: Sequence[bytes], root: int = 1) -> bytes:
    """A PDF of hand-written objects, numbered from 1."""
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, content in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    at = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(
        b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, root, at)
    )
    return out.getvalue()


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def _page(content: bytes, resources: bytes = b"", *more: bytes) -> bytes:
    return _pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << %s >> >>" % resources,
        _stream(b"", content),
        *more,
    ])  # fmt: skip


def truncated_pdf() -> bytes:
    """Ends before its pages."""
    return papers.pdf()[:200]


def encrypted_pdf() -> bytes:
    """Asks for a password."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        document.save(buffer, encryption=pikepdf.Encryption(user="secret", owner="owner"))
    return buffer.getvalue()


def no_pages() -> bytes:
    """Is whole and has nothing in it."""
    return _pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>",
    ])  # fmt: skip


def endless_tree() -> bytes:
    """Its pages are their own parent."""
    return _pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>",
    ])  # fmt: skip


def ten_thousand_pages() -> bytes:
    """Every one of them is blank."""
    kids = b" ".join([b"3 0 R"] * 10_000)
    return _pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count 10000 >>" % kids,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ])  # fmt: skip


def long_computing() -> bytes:
    """Forms that draw forms ten times each, twelve deep: 10^12 squares."""
    forms = [
        _stream(
            b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject <<"
            b" /F %d 0 R >> >>" % (number + 1),
            b"/F Do " * 10,
        )
        for number in range(5, 16)
    ]
    last = _stream(b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]", b"0 0 9 9 re f")
    return _page(b"/F Do", b"/XObject << /F 5 0 R >>", *forms, last)


def huge_png() -> bytes:
    """Says 60,000 by 60,000 dots, in a hundred bytes."""
    head = struct.pack(">LLBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(99)))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">L", len(content)) + kind + content
        + struct.pack(">L", zlib.crc32(kind + content))
    )  # fmt: skip


def torn_jpeg() -> bytes:
    """A photograph whose end is missing."""
    whole = papers.picture(papers.photo(), "JPEG")
    return whole[: len(whole) // 3]


def endless_tiff() -> bytes:
    """Its only page is followed by itself."""
    content = bytearray(papers.fax([papers.scribble(height=200)]))
    first = int.from_bytes(content[4:8], "little")
    entries = int.from_bytes(content[first : first + 2], "little")
    struct.pack_into("<L", content, first + 2 + 12 * entries, first)
    return bytes(content)


def tiff_of_ten_thousand_pages() -> bytes:
    """Ten thousand directories over one strip."""
    strip = bytes(64)
    out = bytearray(struct.pack("<2sHL", b"II", 42, 8 + len(strip)) + strip)
    for number in range(10_000):
        values = (
            (256, 1728), (257, 100), (258, 1), (259, 4), (262, 0), (273, 8), (277, 1),
            (278, 100), (279, len(strip)),
        )  # fmt: skip
        after = len(out) + 2 + 12 * len(values) + 4
        out += struct.pack("<H", len(values))
        for tag, value in values:
            out += struct.pack("<HHLL", tag, 4, 1, value)
        out += struct.pack("<L", 0 if number == 9_999 else after)
    return bytes(out)


def zip_bomb() -> bytes:
    """A Word document with half a gigabyte of blanks in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as entry:
            for _ in range(520):
                entry.write(b" " * 1_000_000)
    return buffer.getvalue()


def plain_zip() -> bytes:
    """An archive of documents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("offer.pdf", papers.pdf())
    return buffer.getvalue()


def torn_zip() -> bytes:
    """A Word document whose end is missing."""
    return b"PK\x03\x04" + bytes(400)


def billion_laughs() -> bytes:
    """XML that unfolds to gigabytes."""
    entities = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10)
    )
    return f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]><svg>&l9;'.encode()


def deep_html() -> bytes:
    """A hundred thousand boxes, each in the other."""
    return b"<html>" + b"<div>" * 100_000


def endless_text() -> bytes:
    """A text of a thousand pages."""
    return b"once more\n" * 60_000


def endless_html() -> bytes:
    """A page of a thousand pages."""
    return b"<html>" + b"<p>once more" * 60_000


def wide_html() -> bytes:
    """A box as high as a house."""
    return b"<html><div style='height: 9999999mm'>x</div>"


def program() -> bytes:
    """Something that runs."""
    return b"\x7fELF\x02\x01\x01" + bytes(1000)


def noise() -> bytes:
    """Nothing at all."""
    return bytes(range(256)) * 20


TRAPS = (
    Trap(name="truncated.pdf", make=truncated_pdf, says="is damaged and cannot be read as PDF"),
    Trap(name="secret.pdf", make=encrypted_pdf, says="is encrypted: remove its password"),
    Trap(name="empty.pdf", make=no_pages, says="has no pages|is damaged"),
    Trap(name="endless.pdf", make=endless_tree, says="has a page 1 that cannot be read|is damaged"),
    Trap(name="long.pdf", make=ten_thousand_pages, says="has 10,000 pages, more than 200"),
    Trap(name="slow.pdf", make=long_computing, says="takes more than|cannot be"),
    Trap(name="huge.png", make=huge_png, says="has 60,000 by 60,000 dots, more than"),
    Trap(name="torn.jpg", make=torn_jpeg, says="is a damaged picture"),
    Trap(name="long.tif", make=tiff_of_ten_thousand_pages, says="has 10,000 pages, more than 200"),
    Trap(name="bomb.docx", make=zip_bomb, says="unpacks to more than 512 MB"),
    Trap(name="offers.zip", make=plain_zip, says="is an archive: unpack it"),
    Trap(name="torn.docx", make=torn_zip, says="is a damaged archive"),
    Trap(name="laughs.svg", make=billion_laughs, says="is an SVG drawing or another XML"),
    Trap(name="deep.html", make=deep_html, says="is nested more than 400 deep"),
    Trap(name="endless.txt", make=endless_text, says="has more than 200 pages"),
    Trap(name="endless.html", make=endless_html, says="has more than 200 pages|takes more than"),
    Trap(name="wide.html", make=wide_html, says="has more than 200 pages|takes more than"),
    Trap(name="setup.pdf", make=program, says="is a program: send it as PDF"),
    Trap(name="noise.doc", make=noise, says="is no document that is known here"),
    Trap(name="nothing.pdf", make=lambda: b"", says="is empty: send a file with something"),
)  # fmt: skip


def recursive_form() -> bytes:
    """A drawing that draws itself: readers stop, and the rest of the page is there."""
    form = _stream(
        b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject <<"
        b" /F 5 0 R >> >>",
        b"/F Do 100 600 99 99 re f",
    )
    return _page(b"/F Do 100 100 200 200 re f", b"/XObject << /F 5 0 R >>", form)


def acting() -> bytes:
    """Wants to run a script, start a program, and open a web page."""
    return _pdf([
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R /AA << /WC 6 0 R >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /AA << /O 6 0 R >> >>",
        _stream(b"", b"100 100 200 200 re f"),
        b"<< /S /JavaScript /JS (while (true) { app.alert('x') }) >>",
        b"<< /S /Launch /F (/bin/touch) /Win << /F (touch) /P (/tmp/launched) >> >>",
    ])  # fmt: skip


def flate_bomb() -> bytes:
    """A page whose picture unpacks to 400 MB of white and then is 20,000 dots wide."""
    packed = zlib.compress(b"\xff" * 20_000, 9)
    rows = zlib.compressobj(9)
    content = b"".join(rows.compress(b"\xff" * 20_000) for _ in range(20_000)) + rows.flush()
    assert len(packed) < len(content) < 1_000_000
    image = _stream(
        b"/Type /XObject /Subtype /Image /Width 20000 /Height 20000 /BitsPerComponent 8"
        b" /ColorSpace /DeviceGray /Filter /FlateDecode",
        content,
    )
    return _page(b"q 595 0 0 842 0 0 cm /I Do Q 9 9 99 99 re f", b"/XObject << /I 5 0 R >>", image)


HARMLESS = {"recursive.pdf": recursive_form, "acting.pdf": acting}
"""What has a hostile part that is left out, and a page that can be faxed."""
