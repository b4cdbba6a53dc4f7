"""The wheel holds what a service needs, and no other distribution owns our names."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
         "--no-index", "--wheel-dir", folder, source],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_packages_migrations_and_commands(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        commands = archive.read(entry_points).decode()
    assert any(name.startswith("gateway/kernel/store/migrations/versions/0001") for name in names)
    assert "gateway/fax/cover_templates/standard.toml" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "crm_link",
        "drivers",
        "gateway",
        "simulators",
    }
    assert "santral = gateway.cli:main" in commands
    assert "santral-sim = simulators.cli:main" in commands


def test_the_wheel_runs_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    program = "import gateway.cli, sys; sys.exit(gateway.cli.main(['user', 'list']))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "SANTRAL_DATA": str(tmp_path / "data"), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "LOGIN" in done.stdout
    assert (tmp_path / "data" / "santral.db").exists()


def test_no_other_distribution_owns_our_import_names() -> None:
    owners = packages_distributions()
    for name in ("gateway", "drivers", "crm_link", "simulators"):
        assert set(owners[name]) == {"santral"}, name
