"""What one message that came back says, as values; pure: it knows neither a database nor who our readers are."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a message is, or what it tells of a copy."""

    #: it was not delivered, and will not be
    FAILED = "failed"
    #: it waits, and will be tried again
    DELAYED = "delayed"
    #: it was delivered
    DELIVERED = "delivered"
    #: it was handed on to a server that tells nothing
    RELAYED = "relayed"
    #: a mail program, or a rule of the reader's, says what it did with it (RFC 8098)
    MDN = "mdn"
    #: nobody wrote this: a vacation, a receipt, a ticket
    AUTO_REPLY = "auto-reply"
    #: a reader said it is spam (RFC 5965)
    COMPLAINT = "complaint"
    #: a letter that asks to be taken off
    UNSUBSCRIBE = "unsubscribe"
    #: anything else; a person may look at it
    UNRECOGNISED = "unrecognised"


class Meaning(StrEnum):
    """Why it was not delivered."""

    #: there is no such mailbox
    DEAD = "dead"
    #: the mailbox is full
    FULL = "full"
    #: they do not want it from us: reputation, authentication, content, rules
    POLICY = "policy"
    TOO_LARGE = "too large"
    #: the domain has no mail server, or does not exist
    NO_HOST = "no host"
    #: it goes round in circles
    LOOP = "loop"
    #: a "not now", also one that was asked too often
    TEMPORARY = "temporary"
    OTHER = "other"


class Lesson(StrEnum):
    """What it teaches."""

    #: this address must not be mailed again
    SUPPRESS = "suppress"
    #: one more of these about this address; some number of them in some weeks means something
    COUNT = "count"
    #: nobody's address is at fault: operations should know
    ALARM = "alarm"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a message says of one recipient; empty is what it does not say."""

    action: Action
    #: empty where nothing failed or waits
    meaning: Meaning | None = None
    lesson: Lesson = Lesson.NONE
    #: the true one: an enhanced code such as "5.1.1", else a basic one such as "550"
    code: str = ""
    #: the recipient that it is about: as it was mailed, where that is told
    address: str = ""
    #: the mark of the return address it came to ("e12-s345-…"), not yet verified
    token: str = ""
    #: of the message that it is about, with its angle brackets
    message_id: str = ""
    #: the server's own words, on one line; they may hold addresses
    words: str = ""
    #: of the edition that came back, from its own headers: List-Id and Feedback-ID, as they stand
    list_id: str = ""
    feedback_id: str = ""
