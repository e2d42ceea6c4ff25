"""Collect, assemble, lock, send, sweep: by the clock or by hand, through the same functions."""
