"""Sendings: all of them, one of them, and what operations do to it."""
