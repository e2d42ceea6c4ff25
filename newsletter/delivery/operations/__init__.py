"""For operators: what they may do to a sending, and what they see of it."""
