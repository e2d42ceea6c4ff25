"""A judgement as a colleague would say it: what happened, in one sentence, and what follows from it, in another."""

from newsletter.tracking.bounces.judgement import Action, Judgement, Lesson, Meaning

_FAILED = {
    Meaning.DEAD: "{who} does not exist",
    Meaning.FULL: "The mailbox of {who} is full",
    Meaning.POLICY: "The server of {who} does not want it from us",
    Meaning.TOO_LARGE: "It is too large for the server of {who}",
    Meaning.NO_HOST: "There is no mail server for {who}",
    Meaning.LOOP: "On the way to {who} it went round in circles",
    Meaning.TEMPORARY: "The server of {who} kept saying “not now” until the one before it gave up",
    Meaning.OTHER: "It did not reach {who}",
}
_DELAYED = {
    Meaning.FULL: "It waits, because the mailbox of {who} is full, and is being tried again",
    Meaning.LOOP: "It waits on the way to {who}, where it goes round in circles, and is being tried again",
}
_OTHERS = {
    Action.DELAYED: "It waits on the way to {who}, and is being tried again",
    Action.DELIVERED: "It was delivered to {who}",
    Action.RELAYED: "It was handed on to a server for {who} that will tell nothing more",
    Action.MDN: "The mail program of {who} says that it {did}",
    Action.AUTO_REPLY: "Nobody wrote this: it is an automatic answer",
    Action.COMPLAINT: "{who} reported it as spam",
    Action.UNSUBSCRIBE: "Somebody asks to be taken off",
    Action.UNRECOGNISED: "This is no report that is known here: somebody should read it",
}
#: RFC 8098 section 3.2.6.2
_DISPOSED = {
    "displayed": "was opened",
    "deleted": "was deleted",
    "dispatched": "was passed on",
    "processed": "was dealt with by a rule",
    "denied": "will not say what became of it",
}
_FOLLOWS = {
    Lesson.SUPPRESS: "The address must not be mailed again.",
    Lesson.COUNT: "It is counted; some of these in some weeks suppress the address.",
    Lesson.ALARM: "Nobody's address is at fault: operations should look at it.",
    Lesson.NONE: "",
}


def tell(judgement: Judgement) -> str:
    """What happened, in one sentence with its code."""
    who = judgement.address or "the recipient"
    meaning = judgement.meaning or Meaning.OTHER
    if judgement.action is Action.FAILED:
        pattern = _FAILED[meaning]
    elif judgement.action is Action.DELAYED:
        pattern = _DELAYED.get(meaning, _OTHERS[Action.DELAYED])
    else:
        pattern = _OTHERS[judgement.action]
    did = _DISPOSED.get(judgement.words.rpartition(";")[2].strip().partition("/")[0].lower(), "dealt with it")
    said = pattern.format(who=who, did=did)
    code = f" ({judgement.code})" if judgement.code else ""
    return f"{said[0].upper() if said.startswith('the ') else said[0]}{said[1:]}{code}."


def follows(judgement: Judgement) -> str:
    """What follows from it for the address, in one sentence; empty where nothing does."""
    if judgement.meaning is Meaning.DEAD and judgement.lesson is Lesson.COUNT:
        return "It is counted only: others got the same copy, or a part of the report is missing."
    return _FOLLOWS[judgement.lesson]
