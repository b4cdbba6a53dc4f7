"""Calls: who called, who rang, who answered, what became of it."""
