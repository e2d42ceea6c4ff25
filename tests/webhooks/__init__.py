"""Outgoing webhooks, against a real HTTP server on loopback that does what receivers do, and what they should not."""
