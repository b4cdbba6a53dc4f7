from __future__ import annotations

from simulators.modem.storage import Status, Storage, StoredMessage


def _storage(first_index: int = 1) -> Storage:
    return Storage({"SM": 2, "ME": 3}, first_index, ("ME", "SM"))


def _message() -> StoredMessage:
    return StoredMessage(message="0.1", status=Status.UNREAD, service_centre=b"\0", tpdu=b"\4")


def test_the_lowest_free_slot_is_taken() -> None:
    memory = _storage().memories["ME"]
    assert [memory.put(_message()) for _ in range(3)] == [1, 2, 3]
    del memory.slots[2]
    assert memory.put(_message()) == 2
    assert memory.full


def test_joined_memories_are_filled_and_numbered_one_after_another() -> None:
    storage = _storage(first_index=0)
    places = []
    while memory := storage.with_room("MT"):
        index = memory.put(_message())
        places.append((memory.name, storage.shown_index("MT", memory, index)))
    assert places == [("ME", 0), ("ME", 1), ("ME", 2), ("SM", 3), ("SM", 4)]
    assert (storage.used("MT"), storage.capacity("MT")) == (5, 5)
    found = storage.place("MT", 4)
    assert found is not None
    assert (found.memory.name, found.index) == ("SM", 1)
    assert [place.shown_index for place in storage.taken("MT")] == [0, 1, 2, 3, 4]


def test_indexes_outside_do_not_exist() -> None:
    storage = _storage()
    assert storage.place("SM", 0) is None
    assert storage.place("SM", 3) is None
    assert storage.place("SM", 2) is not None


def test_a_blocked_memory_is_full() -> None:
    storage = _storage()
    storage.memories["SM"].blocked = True
    assert storage.with_room("SM") is None
