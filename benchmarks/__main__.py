"""Runs the benchmarks, all or those named, and prints their figures."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Callable, Coroutine

from benchmarks import (
    calls,
    codecs,
    desk,
    faxing,
    fleet,
    intake,
    lookup,
    raster,
    ringing,
    sms,
    store,
)

BENCHMARKS: dict[str, tuple[str, Callable[[], Coroutine[None, None, None]]]] = {
    "codecs": ("PDUs coded and decoded, beside gsmmodem", codecs.main),
    "store": ("durable units of work at 1, 10 and 100 callers", store.main),
    "sms": ("messages end to end over 1 and 8 modems, beside gammu-smsd and smsd", sms.main),
    "fleet": ("64 modems at three seconds a message: are they ever idle", fleet.main),
    "intake": ("messages accepted over HTTP, one by one and in bulk", intake.main),
    "calls": ("a busy Asterisk followed, beside panoramisk and cacofonisk", calls.main),
    "ringing": ("from a telephone's ringing to the browser, at 50 calls a second", ringing.main),
    "desk": ("the same, at 200 screens", desk.main),
    "lookup": ("a caller among 1,000,000 numbers", lookup.main),
    "faxing": ("a fax on its way to its server; 1,000 over eight lines", faxing.main),
    "raster": ("documents to faxed pages, beside Ghostscript's own tiffg4", raster.main),
}


def main() -> int:
    """Run; figures go to standard output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}",
              file=sys.stderr)  # fmt: skip
        return 2
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"load before {os.getloadavg()[0]:.1f}: figures taken beside other work are floors"
    )
    for name in names:
        what, run = BENCHMARKS[name]
        print(f"\n== {name}: {what}\n", flush=True)
        asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
