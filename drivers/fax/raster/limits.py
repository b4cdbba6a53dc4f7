"""How much a document may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterLimits:
    """Bounds of one request, and of what runs at once."""

    max_pages: int = 200
    """Of one fax that goes out."""
    max_view_pages: int = 5000
    """Of a fax that came in, or that is looked at."""
    max_pixels: int = 100_000_000
    """Of one picture: an A4 page scanned at 900 dpi."""
    max_mb: int = 64
    """Of one document as it was handed in."""
    max_unpacked_mb: int = 512
    """Of what a Word document or the like holds, unpacked."""
    result_mb: int = 256
    """Of any file that is written."""
    memory_mb: int = 1536
    """Address space of a worker; LibreOffice has its own bound."""
    office_memory_mb: int = 6144
    """Address space, of which LibreOffice touches a tenth."""
    cpu_s: int = 120
    wall_s: float = 180.0
    at_once: int = 2
    """Documents that are worked on at the same time; as many views again beside them."""
    waiting: int = 32
    """Requests that wait for their turn; more are told to come again."""
    wait_s: float = 60.0
    """How long a request waits for its turn."""
