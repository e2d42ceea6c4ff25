"""The desk: what editors and operations see, and who may see it."""

from newsletter.web.desk import account, deciding, editions, entrance, people, reports, writing

#: its rooms
DESK = (entrance, account, people, editions, deciding, writing, reports)
