"""What came back: events, hooks, links; statuses advance from here."""
