"""GSM modems on serial ports, spoken to with AT commands."""
