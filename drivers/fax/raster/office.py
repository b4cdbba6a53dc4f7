"""A Word document or the like becomes a PDF, by a headless LibreOffice of its own profile."""

from __future__ import annotations

import resource
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from drivers.fax.raster.kinds import Kind
from drivers.fax.raster.refusals import Refused

_MAX_ENTRIES = 20_000
_REMEDY = "send it as PDF"
_SETTINGS = (
    # Macros never run, not even signed ones.
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    # What a document links to is not fetched.
    ("/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "2"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeBounds:
    """Where LibreOffice is, and what it may use."""

    program: str
    memory_mb: int
    max_unpacked_mb: int

    def widen(self) -> None:
        """Give the process that is about to become LibreOffice its own bound of memory."""
        size = self.memory_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def write_pdf(source: Path, kind: Kind, into: Path, bounds: OfficeBounds) -> None:
    """Convert; `into` must not exist."""
    _refuse_bombs(source, bounds.max_unpacked_mb)
    folder = into.parent / "office"
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    document = folder / "document"  # without an ending, so that the content decides
    document.symlink_to(source.resolve())
    command = [
        bounds.program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
        "--invisible", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
        "--convert-to", "pdf", "--outdir", str(folder / "out"), str(document),
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=bounds.widen, check=False,
    )  # fmt: skip
    result = folder / "out" / "document.pdf"
    if done.returncode or not result.is_file():
        raise Refused(f"is {kind.value} that LibreOffice cannot read: {_REMEDY}")
    result.rename(into)


def _refuse_bombs(source: Path, max_unpacked_mb: int) -> None:
    if not zipfile.is_zipfile(source):
        return
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES or (
        sum(entry.file_size for entry in entries) > max_unpacked_mb * 1_000_000
    ):
        raise Refused(f"unpacks to more than {max_unpacked_mb} MB: {_REMEDY}")


def _registry() -> str:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items '
        'xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>'
    )
