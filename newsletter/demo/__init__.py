"""The demo: a week of November 2021 with its feeds, and two hundred people who read about it."""
