"""One policy for everything that goes out, on whatever channel."""
