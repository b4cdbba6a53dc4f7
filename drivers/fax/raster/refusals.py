"""Why a worker does not make pages of a document; the service puts the document's name before."""

from __future__ import annotations


class Refused(Exception):
    """The document is at fault; the text goes on after its name and tells the remedy."""
