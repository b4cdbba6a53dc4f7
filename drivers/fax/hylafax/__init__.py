"""HylaFAX by its client-server protocol (hfaxd, port 4559)."""
