"""To the wire: one loop takes batches from the ledger to a sender, and brings the answers back."""
