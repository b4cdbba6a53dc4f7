"""Texts that people send again and again, with fields that are filled in."""
