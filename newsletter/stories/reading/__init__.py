"""The web in, articles out: sources visited politely, feeds and pages read, articles kept."""
