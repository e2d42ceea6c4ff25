"""Articles in, stories out: voices, grouping, ranking, reasons, drafts and memory."""
