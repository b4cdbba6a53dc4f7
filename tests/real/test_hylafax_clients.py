"""HylaFAX's own clients work with the simulated fax server as with hfaxd."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from simulators.fax.child import FaxProcess

pytestmark = pytest.mark.real

CLIENTS = ("sendfax", "faxstat", "faxalter", "faxrm")
Clients = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[FaxProcess]:
    """A simulated server with short pages."""
    with FaxProcess(["--dial-s=0.1", "--page-s=0.05"]) as made:
        yield made


@pytest.fixture
def clients(server: FaxProcess, program: Callable[[str], str], tmp_path: Path) -> Clients:
    """Runs one of the real clients against it."""
    for name in CLIENTS:
        program(name)

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [name, "-h", f"localhost:{server.port}", *arguments], capture_output=True, text=True,
            timeout=30, cwd=tmp_path, check=False, env={"PATH": "/usr/bin:/bin", "HOME": "/root"},
        )  # fmt: skip

    return run


@pytest.fixture
def pdf(tmp_path: Path) -> str:
    """A PDF of two pages."""
    file = tmp_path / "offer.pdf"
    canvas = Canvas(str(file))
    for page in range(2):
        canvas.drawString(100, 700, f"Page {page}")
        canvas.showPage()
    canvas.save()
    return str(file)


def over(server: FaxProcess, count: int) -> list[dict[str, object]]:
    """Wait until so many jobs are over; return all."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        jobs: list[dict[str, object]] = server.get("/jobs")
        if sum(job["state"] in {"DONE", "FAILED"} for job in jobs) >= count:
            return jobs
        time.sleep(0.05)
    raise TimeoutError(server.get("/jobs"))


def test_sendfax_sends_a_pdf(server: FaxProcess, clients: Clients, pdf: str) -> None:
    said = clients("sendfax", "-n", "-f", "crm", "-i", "crm:77", "-d", "5551234", pdf)
    assert said.stdout == "request id is 1 (group id 1) for host localhost (1 file)\n", said.stderr
    [job] = over(server, 1)
    assert (job["state"], job["pages_sent"], job["owner"]) == ("DONE", 2, "root")
    [sent] = server.get("/sent")
    assert (sent["token"], sent["number"], sent["pages"]) == ("crm:77", "5551234", 2)
    assert server.fetch(f"/sent/{sent['file']}").startswith(b"II*\0")


def test_sendfax_sends_text_with_a_cover_to_two(
    server: FaxProcess, clients: Clients, tmp_path: Path
) -> None:
    text = tmp_path / "note.txt"
    text.write_text("two lines\nof text\n")
    said = clients(
        "sendfax", "-c", "Merhaba", "-r", "Teklif", "-x", "ACME", "-t", "2", "-T", "4", "-P",
        "bulk", "-m", "-d", "Ahmet@5551235", "-d", "Mehmet@5551236", str(text),
    )  # fmt: skip
    assert said.stdout.count("request id is") == 2, said.stderr
    jobs = over(server, 2)
    assert [job["state"] for job in jobs] == ["DONE", "DONE"]
    assert [job["pages_sent"] for job in jobs] == [2, 2]  # the cover is a page
    assert [job["parameters"]["TOUSER"] for job in jobs] == ["Ahmet", "Mehmet"]  # type: ignore[index]


def test_sendfax_waits_for_its_time_and_faxalter_changes_it(
    server: FaxProcess, clients: Clients, pdf: str
) -> None:
    said = clients("sendfax", "-n", "-a", "now + 1 hour", "-d", "5559901", pdf)
    assert said.returncode == 0, said.stderr
    time.sleep(1.1)  # a job's file that was written in this second is not read anew
    said = clients("faxalter", "-P", "90", "-d", "5551237", "1")
    assert said.stdout == "Job 1: done.\n", said.stderr
    [job] = server.get("/jobs")
    assert (job["parameters"]["SCHEDPRI"], job["parameters"]["DIALSTRING"]) == ("90", "5551237")
    time.sleep(1.1)
    said = clients("faxalter", "-P", "high", "1")
    assert "Syntax error, invalid number" in said.stderr
    time.sleep(1.1)
    assert clients("faxalter", "-a", "now", "1").stdout == "Job 1: done.\n"
    assert [job["state"] for job in over(server, 1)] == ["DONE"]


def test_faxrm_removes(server: FaxProcess, clients: Clients, pdf: str) -> None:
    clients("sendfax", "-n", "-a", "now + 1 hour", "-d", "5559901", pdf)
    assert clients("faxrm", "1").stdout == "Job 1 removed.\n"
    assert [job["status"] for job in server.get("/jobs")] == ["Job aborted by request"]
    assert "job does not exist" in clients("faxrm", "99999").stderr


def test_faxstat_shows_everything(server: FaxProcess, clients: Clients, pdf: str) -> None:
    clients("sendfax", "-n", "-D", "-t", "1", "-T", "1", "-d", "5559901", pdf)
    clients("sendfax", "-n", "-a", "now + 1 hour", "-d", "5551002", pdf)
    server.receive(Path(pdf), station="LAB 1002", caller="5551002", called="5551001")
    over(server, 1)
    shown = clients("faxstat", "-i", "-g", "-s", "-d", "-r", "-f").stdout
    for words in (
        "HylaFAX version 6.0.7",
        "HylaFAX scheduler on vm: Running\n",
        "Modem ttyFAX0 (+90 212 555 1001): Running and idle\n",
        "JID  Pri S  Owner Number       Pages Dials     TTS Status\n",
        "1    127 F   root 5559901       0:2   1:1          Busy signal detected; too\n",
        "2    127 P   root 5551002       0:0   0:12",
        "Protect Page  Owner        Sender/TSI  Recvd@ Filename\n",
        "-rw-r--    2  10             LAB 1002",
        "fax000000001.tif\n",
        "doc2.pdf.2\n",
    ):
        assert words in shown, shown
