"""The ledger: who gets a copy, and what became of it; rules say what may follow what."""
