"""One edition: how it looks, what is open, what is decided, what became of it."""
