"""Fax drivers: one suite on real servers and on simulated ones."""
