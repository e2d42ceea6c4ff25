"""An edition's words: written by field, kept as typed, merged, gone back to."""
