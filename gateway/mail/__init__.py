"""Mail that goes out: queued, tried again, never doubled unnoticed."""
