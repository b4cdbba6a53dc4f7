"""What must not be forgotten: a missed call is a task that the call-back closes."""
