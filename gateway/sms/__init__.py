"""Text messages: from the moment one is asked for until a modem has taken it, and back."""
