"""The desk: what editors and operations see, and who may see it."""

from newsletter.web.desk import account, editions, entrance, people, reports

#: its rooms
DESK = (entrance, account, people, editions, reports)
