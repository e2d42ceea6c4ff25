"""What is told of an edition afterwards: why somebody did not get it, one copy's story, and its figures."""
