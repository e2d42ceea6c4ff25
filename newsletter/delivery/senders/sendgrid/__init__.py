"""SendGrid: its API, its pace, and how far a request came."""
