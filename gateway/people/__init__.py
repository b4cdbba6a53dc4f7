"""Users, their tokens and rights, and the trail of what they changed."""
