"""What every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", deadline=None, max_examples=5000)
settings.load_profile("default")


def _missing(name: str) -> NoReturn:
    target = name if name == "asterisk" else "debian"
    reason = f"{name} is not installed (make {target} installs it, as root)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def need_program() -> Callable[[str], NoReturn]:
    """Call with the name of a real program that is missing: a skip here, a failure in CI."""
    return _missing


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Return the path of a real program, or skip (fail in CI) by its name."""

    def find(name: str) -> str:
        return shutil.which(name) or _missing(name)

    return find


_TOLD = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for what campaigns tell."""
    config.stash[_TOLD] = []


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Call with a tally, which is printed at the end of the run."""
    return request.config.stash[_TOLD].append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what campaigns told."""
    for line in config.stash[_TOLD]:
        terminalreporter.write_line(line)
