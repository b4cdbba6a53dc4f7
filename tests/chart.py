"""Writes the chart of states into docs/sms.md; run it after a change of the states."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.sending.states import chart

DOCS = Path(__file__).parents[1] / "docs" / "sms.md"

if __name__ == "__main__":
    text = re.sub(
        r"(<!-- states -->\n).*?(<!-- /states -->)",
        lambda found: found[1] + chart() + found[2],
        DOCS.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    DOCS.write_text(text, encoding="utf-8")
