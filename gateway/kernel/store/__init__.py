"""The store: units of work on SQLite or PostgreSQL."""

from gateway.kernel.store.engine import Store, open_store
from gateway.kernel.store.schema import JsonText, UtcDateTime, metadata

__all__ = ["JsonText", "Store", "UtcDateTime", "metadata", "open_store"]
