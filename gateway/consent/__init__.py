"""Who does not want to be contacted, and how he says so."""
