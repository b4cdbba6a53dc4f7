"""Fax servers, and the pages that they send."""
