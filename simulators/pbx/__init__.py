"""A simulated Asterisk: its manager interface, a small office's dialplan, and telephones."""
