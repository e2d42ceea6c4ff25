"""What comes back by mail: read from real IMAP servers and from files, taken in once."""
