"""What the header of a received fax tells, and whether its last page came whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fax import tiff
from tests.integration.fax.raster import papers

DATA = Path(__file__).parent.parent.parent / "data" / "hylafax"


def test_a_call_that_was_cut_in_its_second_page_left_no_whole_fax() -> None:
    facts = tiff.facts_of(DATA / "received-broken.tif")
    assert facts is not None
    assert (facts.pages, facts.whole) == (2, False)
    assert facts.description.split("\n")[0].startswith("LAB 100")
    assert facts.description.split("\n")[4] == "99251002"


@pytest.mark.parametrize("compression", ["group3", "group4"])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_whole_fax_is_whole(tmp_path: Path, compression: str, reverse: bool) -> None:
    file = tmp_path / "a.tif"
    pages = [papers.sparse(seed) for seed in range(3)]
    file.write_bytes(papers.fax(pages, compression=compression, reverse=reverse))
    facts = tiff.facts_of(file)
    assert facts is not None
    assert (facts.pages, facts.whole) == (3, True)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    facts = tiff.facts_of(file)
    assert facts is None or not facts.whole


@given(content=st.binary(max_size=400))
def test_any_bytes_are_looked_at_without_harm(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "a.tif"
    for head in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        file.write_bytes(head + content)
        facts = tiff.facts_of(file)
        assert facts is None or facts.pages <= tiff.MAX_PAGES
