"""Pages of faxes a second and core, by both engines, beside Ghostscript's own tiffg4."""

from __future__ import annotations

import asyncio
import io
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from drivers.fax.raster.letters import FONT
from drivers.fax.raster.rasteriser import DocumentRasteriser, Engine
from gateway.fax.port import Resolution, SourceDocument

KINDS = 200, 200, 60
"""Pages of text, of text with a photograph, of photographs."""
ROUNDS = 2
A4 = (595.28, 841.89)
LINE = "Sayın müşterimiz, 4711 numaralı siparişiniz bugün deposundan çıktı; yarın öğleye kadar "


async def main() -> None:
    """Measure and print."""
    pdfmetrics.registerFont(TTFont("Roboto", str(FONT)))
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # what is measured is one core's work
    try:
        with tempfile.TemporaryDirectory() as folder:
            await _memory(Path(folder))
            await _speed(Path(folder))
            await _response(Path(folder))
    finally:
        os.sched_setaffinity(0, cores)


async def _memory(folder: Path) -> None:
    """Print what 200 pages take; comes first, since a process's peak never falls again."""
    source = _written(folder, "long", _mixed, 200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    await DocumentRasteriser(engine=Engine.EMBEDDED).raster(
        [source], Resolution.FINE, folder / "long.tif"
    )
    took = time.perf_counter() - began
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"200 mixed pages, {source.file.stat().st_size / 1e6:.1f} MB of PDF, {took:.1f} s:"
        f" worker {child / 1000:.0f} MB at most, service {grown / 1000:+.1f} MB\n"
    )


async def _speed(folder: Path) -> None:
    print(f"{KINDS} pages at 204 by 196, best of {ROUNDS}, pages a second on one core")
    print(f"{'pages':14} {'embedded':>9} {'plain pdfium':>13} {'ghostscript':>12} "
          f"{'gs tiffg4':>10} {'overhead':>9}")  # fmt: skip
    drawn = (("text", _text), ("mixed", _mixed), ("photographs", _photographs))
    for (name, draw), pages in zip(drawn, KINDS, strict=True):
        source = _written(folder, name, draw, pages)
        embedded = await _ours(source, Engine.EMBEDDED, folder)
        plain = _best(partial(_plainly, source.file, folder / "plain.tif"))
        row = f"{name:14} {pages / embedded:>9.1f} {pages / plain:>13.1f}"
        if shutil.which("gs"):
            theirs = _best(partial(_ghostscript, source.file, folder / "gs.tif"))
            ours = await _ours(source, Engine.GHOSTSCRIPT, folder)
            row += f" {pages / ours:>12.1f} {pages / theirs:>10.1f} {ours / theirs - 1:>+9.1%}"
        print(row, flush=True)
    single = _written(folder, "single", _text, 1)
    ours = await _ours(single, Engine.AUTOMATIC, folder)
    print(f"a document of one page, its process started for it: {ours * 1000:.0f} ms")


async def _ours(source: SourceDocument, engine: Engine, folder: Path) -> float:
    rasteriser, best = DocumentRasteriser(engine=engine), float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await rasteriser.raster([source], Resolution.FINE, folder / "ours.tif")
        best = min(best, time.perf_counter() - began)
    return best


def _best(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def _ghostscript(file: Path, into: Path) -> None:
    command = [
        "gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffg4", "-r204x196",
        "-sPAPERSIZE=a4", "-dFIXEDMEDIA", f"-sOutputFile={into}", str(file),
    ]  # fmt: skip
    subprocess.run(command, check=True)


def _plainly(file: Path, into: Path) -> None:
    """Make a fax as one does with the two libraries and no further thought."""
    pages = []
    with pdfium.PdfDocument(file) as document:
        for page in document:
            grey = page.render(scale=204 / 72, grayscale=True).to_pil()
            pages.append(grey.resize((1728, 2287)).convert("1"))
    pages[0].save(into, save_all=True, append_images=pages[1:], compression="group4")


async def _response(folder: Path) -> None:
    """Print for how long the service's loop stood still while documents were worked on."""
    source = _written(folder, "busy", _photographs, KINDS[-1])
    rasteriser = DocumentRasteriser(engine=Engine.EMBEDDED)
    work = asyncio.create_task(rasteriser.raster([source], Resolution.FINE, folder / "busy.tif"))
    longest, ticks = 0.0, 0
    while not work.done():
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - began - 0.005)
        ticks += 1
    await work
    print(f"\nthe service's loop meanwhile: {ticks} looks, late by {longest * 1000:.1f} ms at most")


def _written(
    folder: Path, name: str, draw: Callable[[Canvas, int], None], pages: int
) -> SourceDocument:
    file = folder / f"{name}.pdf"
    canvas = Canvas(str(file), pagesize=A4)
    for number in range(pages):
        draw(canvas, number)
        canvas.showPage()
    canvas.save()
    return SourceDocument(name=file.name, file=file)


def _text(canvas: Canvas, number: int, lines: int = 52) -> None:
    block = canvas.beginText(50, A4[1] - 60)
    block.setFont("Roboto", 10.5, 14)
    for line in range(lines):
        block.textLine(f"{number}.{line} {LINE}"[:95])
    canvas.drawText(block)


def _mixed(canvas: Canvas, number: int) -> None:
    _text(canvas, number, 30)
    canvas.drawImage(_photograph(number), 50, 60, 300, 225)
    for line in range(10):
        canvas.line(380, 60 + line * 22, 545, 60 + line * 22)


def _photographs(canvas: Canvas, number: int) -> None:
    for place in range(2):
        canvas.drawImage(_photograph(2 * number + place), 50, 60 + 380 * place, 495, 360)


def _photograph(number: int) -> ImageReader:
    """Return a JPEG of tones and grain, one of eight."""
    noise = np.random.default_rng(number % 8).integers(0, 256, (900, 1200), np.uint8)
    tones = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(25)), np.float32)
    spread = (tones - tones.min()) / (tones.max() - tones.min()) * 235 + 10
    image = Image.fromarray(np.clip(spread + noise / 16, 0, 255).astype(np.uint8)).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return ImageReader(io.BytesIO(buffer.getvalue()))
