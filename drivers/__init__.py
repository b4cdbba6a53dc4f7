"""Drivers: they implement the features' ports towards hardware."""
