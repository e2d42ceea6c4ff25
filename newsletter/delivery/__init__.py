"""Who gets it, once: ledger, dispatch, throttle, senders."""
