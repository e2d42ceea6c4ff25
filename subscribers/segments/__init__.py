"""Segments: named filters over people, in a small language, compiled to SQL and never written in it."""
