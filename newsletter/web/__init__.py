"""Pages: what the emails link to, the preview, the send log, and the provider's hooks."""
