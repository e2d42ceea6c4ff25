"""What stands behind every edition: newsletters, sources, templates, settings."""
