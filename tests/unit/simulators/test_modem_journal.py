from __future__ import annotations

from pathlib import Path

from simulators.modem.journal import Event, Journal, read


def test_entries_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "modem.jsonl"
    journal = Journal(path)
    journal.write(Event.SUBMITTED, "0.1", reference=7, to="+905321112233", report=True)
    journal.write(Event.REPORTED, "0.1", status=0)
    first, second = read(path)
    assert (first.number, first.event, first.message) == (1, Event.SUBMITTED, "0.1")
    assert dict(first.fields) == {"reference": 7, "to": "+905321112233", "report": True}
    assert second.event is Event.REPORTED
    journal.close()


def test_a_later_run_goes_on_where_the_last_ended(tmp_path: Path) -> None:
    path = tmp_path / "modem.jsonl"
    for _ in range(2):
        journal = Journal(path)
        journal.write(Event.STARTED)
        journal.close()
    assert [entry.number for entry in read(path)] == [1, 2]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "modem.jsonl"
    journal = Journal(path)
    journal.write(Event.STORED, "0.1", memory="SM")
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"n":2,"t":1,"ev')
    assert [entry.message for entry in read(path)] == ["0.1"]
