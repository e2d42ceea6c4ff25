"""Who may what: one table, which every page and command of the desk is held against."""

from enum import StrEnum

from newsletter.staff.models import Role


class May(StrEnum):
    """Something that not everybody may do."""

    #: see editions, previews, the send log
    LOOK = "look at editions and the send log"
    #: see a mail with a reader's own name and address in it
    READ_AS = "look at an edition as one of its readers"
    #: write, rank, place, test
    DRAFT = "change drafts"
    #: approve, hold, skip, choose another time
    APPROVE = "approve editions"
    #: stop a sending, at once
    STOP = "stop a sending"
    #: send, resume, resolve what is unknown
    SEND = "send editions"
    #: readers' addresses, many at once, in a file of one's own
    EXPORT = "take readers' addresses away in a file"
    #: who is never mailed
    SUPPRESS = "change who is never mailed"
    #: sources, newsletters, templates, timetable
    SET = "change settings"
    #: accounts, and what everybody did
    STAFF = "change who works here"


_DRAFTS = frozenset({May.LOOK, May.DRAFT})
_APPROVES = _DRAFTS | {May.READ_AS, May.APPROVE, May.STOP}
_OPERATES = frozenset({May.LOOK, May.READ_AS, May.STOP, May.SEND, May.EXPORT, May.SUPPRESS, May.SET})

ROLES: dict[Role, frozenset[May]] = {
    Role.EDITOR: _DRAFTS,
    Role.APPROVER: _APPROVES,
    Role.OPERATOR: _OPERATES,
    Role.ADMIN: frozenset(May),
}

#: what each is for, in a line
SAID: dict[Role, str] = {
    Role.EDITOR: "writes and changes drafts",
    Role.APPROVER: "also approves, holds and stops editions",
    Role.OPERATOR: "sends, suppressions, settings; changes no drafts",
    Role.ADMIN: "everything, and who works here",
}
