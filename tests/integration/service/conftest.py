"""The office that tests of the whole service work in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.integration.service.office import Office, open_office

OpenOffice = Callable[..., AbstractAsyncContextManager[Office]]


@pytest.fixture
def office(tmp_path: Path) -> OpenOffice:
    """Opens an office: `async with office("--submit-delay", "1", count=2) as ...`."""
    return partial(open_office, tmp_path)
