"""Santral's tests."""
