"""What every page and API stands on."""
