"""One date's newsletter: calendar, assembling, review, and editions written by hand."""
