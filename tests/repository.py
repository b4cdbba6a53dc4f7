"""Checks what no linter knows: sizes of modules, names that say nothing, hosts in the repo."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "drivers", "crm_link", "simulators")
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 45
EMPTY_NAMES = frozenset({"utils.py", "helpers.py", "common.py", "base.py", "misc.py", "util.py"})
REGISTRY_HOST = re.compile(r"(?i)pypi\.(org|python)|pythonhosted|deb\.debian|registry\.npmjs")


def main() -> int:
    """Print every fault; return 1 when there is one."""
    faults = [*_modules(), *_hosts()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT)
            text = path.read_text(encoding="utf-8")
            if path.name in EMPTY_NAMES:
                yield f"{name}: name the module after the noun it owns"
            if text.count("\n") > MAX_MODULE_LINES:
                yield f"{name}: over {MAX_MODULE_LINES} lines: two responsibilities"
            yield from _functions(name, text)


def _functions(name: Path, text: str) -> Iterator[str]:
    if "migrations" in name.parts:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > MAX_FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {size} lines"


def _hosts() -> Iterator[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path == Path(__file__) or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if REGISTRY_HOST.search(text):
            yield f"{name}: names a package registry's host"


if __name__ == "__main__":
    sys.exit(main())
