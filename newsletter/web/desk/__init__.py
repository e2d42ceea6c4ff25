"""The desk: what editors and operations see, and who may see it."""

from newsletter.web.desk import account, deciding, editions, entrance, looks, people, results, settings, whys, writing

#: its rooms
DESK = (entrance, account, people, settings, editions, looks, deciding, writing, results, whys)
