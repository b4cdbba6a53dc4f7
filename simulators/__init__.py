"""Stand-ins for the outside world; they import no production code."""
