"""People: who reads, on which lists, with whose consent; the only home of personal data."""
