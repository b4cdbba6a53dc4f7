"""Faxes: documents that go out as pages, and pages that come in."""
