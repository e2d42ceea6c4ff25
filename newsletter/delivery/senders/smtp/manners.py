"""What a mail server bears, as it showed by itself: nothing in EHLO tells it, and no standard."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manners:
    """What is known of one server; None is not known yet."""

    #: takes the next envelope in one write with the final dot (RFC 2920 section 3.1), and answers in order;
    #: some refuse it with 503, some drop it without a word, as their guard against SMTP smuggling
    groups: bool | None = None
    #: messages it takes on one connection before it wants another one
    most: int | None = None
    #: hangs up where a connection brings several errors: DATA then waits for the recipient's answer
    counts_errors: bool = False


#: told whenever something new was learned; called on the sender's own loop, so it must not wait
Learned = Callable[[Manners], None]
