"""Tells other programs what happened: signed, in order, tried again for a day."""
