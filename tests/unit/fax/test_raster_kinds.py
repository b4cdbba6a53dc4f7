"""What a file is, is told by its beginning, whatever it is called."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fax.raster.kinds import Kind, kind_of
from drivers.fax.raster.refusals import Refused

ZIP_OF_WORD = ("[Content_Types].xml", "word/document.xml")


def archive(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        if mimetype:
            packed.writestr("mimetype", mimetype)
        for name in names:
            packed.writestr(name, "x")
    return buffer.getvalue()


def compound(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le")


def told(folder: Path, content: bytes) -> Kind:
    file = folder / "misleading.pdf"
    file.write_bytes(content)
    return kind_of(file)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4\n", Kind.PDF),
        (b"\xef\xbb\xbf  \r\n%PDF-1.4", Kind.PDF),
        (b"II*\0\x08\0\0\0", Kind.TIFF),
        (b"MM\0*\0\0\0\x08", Kind.TIFF),
        (b"\x89PNG\r\n\x1a\n\0\0", Kind.PICTURE),
        (b"\xff\xd8\xff\xe0", Kind.PICTURE),
        (b"GIF89a", Kind.PICTURE),
        (b"RIFF\0\0\0\0WEBPVP8 ", Kind.PICTURE),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", Kind.PICTURE),
        (b"{\\rtf1\\ansi Hello}", Kind.WRITER),
        (b"Merhaba", Kind.TEXT),
        ("Merhaba dünya".encode("utf-16"), Kind.TEXT),
        ("Merhaba dünya, nasılsın".encode("utf-16-le"), Kind.TEXT),
        ("Заказ".encode("windows-1251"), Kind.TEXT),
        (b"two\x0cpages\x1b", Kind.TEXT),
        (b"<!DOCTYPE html><p>", Kind.HTML),
        (b" <!-- sent by mail -->\n<html lang='tr'>", Kind.HTML),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'>", Kind.HTML),
        ("<html><p>a".encode("utf-16"), Kind.HTML),
        (b"BMW is a car maker", Kind.TEXT),
        (archive(*ZIP_OF_WORD), Kind.WRITER),
        (archive("[Content_Types].xml", "xl/workbook.xml"), Kind.CALC),
        (archive("[Content_Types].xml", "ppt/presentation.xml"), Kind.SLIDES),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), Kind.WRITER),
        (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), Kind.CALC),
        (compound("WordDocument"), Kind.WRITER),
        (compound("Workbook"), Kind.CALC),
    ],
)
def test_the_content_decides(tmp_path: Path, content: bytes, kind: Kind) -> None:
    assert told(tmp_path, content) is kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4\n" + archive(*ZIP_OF_WORD), Kind.PDF),
        (b"GIF89a/*<script>alert(1)</script>*/", Kind.PICTURE),
        (b"%PDF-1.4\n<html><script>", Kind.PDF),
        (b"<html>%PDF-1.4\n", Kind.HTML),
    ],
)
def test_a_file_that_is_two_things_is_the_first(tmp_path: Path, content: bytes, kind: Kind) -> None:
    assert told(tmp_path, content) is kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"%!PS-Adobe-3.0", "PostScript.*send it as PDF"),
        (b"\x7fELF\x02", "program"),
        (b"MZ\x90\0", "program"),
        (b"\x1f\x8b\x08\0", "archive"),
        (b"\0\0\0\x18ftypheic", "HEIC.*JPEG"),
        (b"<?xml version='1.0'?><svg/>", "SVG.*send it as PDF"),
        (b"<svg xmlns='x'>", "SVG"),
        (b"II+\0\x08\0", "BigTIFF"),
        (archive("readme.txt"), "archive.*unpack it"),
        (archive(mimetype="application/epub+zip"), "archive"),
        (b"PK\x03\x04 and no more", "damaged archive"),
        (compound("EncryptedPackage"), "encrypted.*password"),
        (compound("__properties_version1.0"), "no document that is known"),
        (bytes(range(256)) * 4, "no document that is known"),
    ],
)
def test_what_no_pages_are_made_of_is_refused_with_the_remedy(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        told(tmp_path, content)


@given(content=st.binary(max_size=300))
def test_bytes_of_any_kind_are_told_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    try:
        kind = told(tmp_path_factory.getbasetemp(), content)
    except Refused:
        return
    assert kind in Kind
