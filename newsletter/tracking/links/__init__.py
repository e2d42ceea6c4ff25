"""Who followed which link: an edition's links, what was heard of them, and whether it was a person.

`register` keeps where each link leads, `recording` takes in what is heard, `judging` says of each whether a person
did it (by `agents` and `networks`), `counts` adds up. What is kept under which setting: docs/tracking.md.
"""
