"""People who work here: who they are, what they may, how they prove it, and what they did.

Knows no other room. Readers' names and addresses are in `subscribers`; those of staff are here.
"""
