"""Figures and ratios, each with the peer or the limit that it is held against."""
