"""How fast: limits that all processes share, a warm-up for new senders, and a brake."""
