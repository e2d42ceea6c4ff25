"""The send log over all editions, one copy's story, and why somebody has an edition or not."""
