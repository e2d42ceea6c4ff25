"""The web in, stories out: sources, fetching, articles, voices, grouping, ranking."""
