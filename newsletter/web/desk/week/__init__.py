"""This week: the ranked stories, and what may be done with them."""
