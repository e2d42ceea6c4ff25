"""What desk and operations share: coming in, who may, accounts, the way around."""

from newsletter.web.staff import account, entrance, people

#: its rooms
STAFF = (entrance, account, people)
