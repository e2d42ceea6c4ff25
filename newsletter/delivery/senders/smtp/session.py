"""One SMTP session, as a state machine that knows at every moment what became of the copies on it.

Where the server allows pipelining (RFC 2920) an envelope leaves in one write, and where it was seen to bear it
(`manners`) the next envelope leaves with the final dot, so that a message costs one round trip. Nothing of a
message is written before the server asked for it, so whatever befalls an envelope, its copy was not sent:

    what happens            to an envelope                        to a message whose final dot was written
    2xx, 3xx                go on                                 accepted
    4xx, 5xx                as `wire.blame` says whose fault      as `wire.blame` says, never unknown
    421                     on another connection                 again
    the connection is lost  on another connection                 unknown; again if the dot had not left us

Anything that is not an answer ends the connection, as if it were lost. A refused recipient leaves the sender
standing, so the next recipient follows at once, without RSET and without MAIL: servers count both.
"""

from collections import deque
from enum import Enum
from typing import NamedTuple, Protocol

from newsletter import logs
from newsletter.delivery.senders.smtp import envelopes
from newsletter.delivery.senders.smtp.connection import Connection, Reply
from newsletter.delivery.senders.smtp.consignment import Copy
from newsletter.delivery.senders.smtp.manners import Manners
from newsletter.delivery.wire import blame
from newsletter.delivery.wire.blame import Fault, Whose
from newsletter.delivery.wire.parcel import Words
from newsletter.delivery.wire.replies import tidy

log = logs.get_logger(__name__)

#: copies after a refusal, on whatever connection, whose DATA waits for the recipient's answer
_CAREFUL_FOR = 50
#: times the patience with a server that is being tried
_BUSY = 10
#: errors without a delivery between after which a 421 is taken to be about them
_MANY_ERRORS = 2


class Desk(Protocol):
    """Where a session gets its copies, and tells what it learned, that it has nothing to do, or is over."""

    #: envelopes whose DATA is to wait for the recipient's answer, because one was refused a moment ago
    caution: int

    @property
    def manners(self) -> Manners: ...

    def take(self) -> Copy | None: ...

    def hand_back(self, copy: Copy, words: Words, *, free: bool) -> None: ...

    def object(self, copy: Copy, words: Words) -> None: ...

    def may_try(self, session: "Session") -> bool: ...

    def learn_grouping(self, groups: bool) -> None: ...

    def learn_errors(self) -> None: ...

    def patience(self) -> float: ...

    def answered_within(self, seconds: float) -> None: ...

    def rest(self, session: "Session") -> None: ...

    def over(self, session: "Session") -> None: ...


class Step(Enum):
    """What the next answer is about."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    #: the final dot of a message
    DOT = "the message"
    #: the final dot of an empty message, after a server asked for one that nobody will get
    EMPTY = "the empty message"
    RSET = "RSET"
    #: asks a silent server whether it is there
    NOOP = "NOOP"
    QUIT = "QUIT"


_BLAMED = {
    Step.MAIL: blame.Step.MAIL,
    Step.RCPT: blame.Step.RCPT,
    Step.DATA: blame.Step.DATA,
    Step.DOT: blame.Step.DOT,
}


class _Verdict(NamedTuple):
    """The first refusal of an envelope."""

    step: Step
    reply: Reply


class Session(Connection):
    """A connection that is set up by `ask` and then, after `start`, runs by itself."""

    def __init__(self, desk: Desk, *, timeout: float, dot_timeout: float, most: int) -> None:
        super().__init__(timeout=timeout)
        self._desk, self._dot_timeout = desk, dot_timeout
        #: of all connections of the pool, from 1
        self.number = 0
        #: copies the server gave a final answer to, and those it took
        self.answered = self.delivered = 0
        #: it ended with a "not now" to MAIL, in the server's words: after deliveries that is the connection's limit
        self.not_now: Words | None = None
        #: messages that may still be written on this connection
        self._left = most
        #: the copy whose final dot was written, and the one whose envelope was
        self._dotted: Copy | None = None
        self._waiting: Copy | None = None
        self._envelope = envelopes.NONE
        #: the waiting copy's commands that wait for an answer to those before them
        self._unsent: list[tuple[bytes, Step]] = []
        self._verdict: _Verdict | None = None
        self._recipient_taken = False
        #: the sender that the server holds for the next recipient; empty where none
        self._sender_stands = b""
        #: the waiting copy's envelope was written with the final dot before it; whether that is borne is being tried
        self._grouped = self.trying = False
        self._probed = False
        self._errors = 0
        self._awaited: deque[Step] = deque()
        self._due = 0.0

    # what the pool asks

    def start(self) -> None:
        """Send copies until there are none; call it again when there are."""
        self.started = True
        self._next(b"")

    def quit(self) -> None:
        """Say goodbye, once the answers under way have come."""
        self._left = 0
        if not self.is_over and not self._awaited:
            self._expect(b"QUIT\r\n", Step.QUIT)

    def tick(self, now: float) -> None:
        """Give up what is overdue at *now*, and ask after a group that nothing is heard of."""
        if self._awaited and now > self._due:
            self.end(f"no answer to {self._awaited[0].value} in time")
        elif self._waiting and not self._waiting.settled and now > self._waiting.consignment.dot_by:
            self._waiting.again(Words("the mail server was too slow"))
        elif self._in_doubt() and now - (self._due - self._timeout) > self._patience():
            self._ask_after_group()

    def waits_for(self) -> str:
        """What the server has not answered yet; empty where nothing is awaited."""
        return self._awaited[0].value if self._awaited else ""

    # answers

    def heard(self, code: int, text: bytes) -> None:
        if not self._awaited:
            return self.end(f"the server said {Reply(code, text).words().text}")
        step, now = self._awaited.popleft(), self._loop.time()
        if step is Step.MAIL and not self._grouped:
            self._desk.answered_within(now - (self._due - self._timeout))
        if self._awaited:
            self._due = now + (self._dot_timeout if self._awaited[0] is Step.DOT else self._timeout)
        if code == 421:
            return self._heard_goodbye(step, Reply(code, text))
        if self._probed and step is Step.MAIL:  # or is it the answer to NOOP? then there will be no other
            self._loop.call_later(self._patience(), self._conclude)
        match step:
            case Step.DOT:
                return self._heard_fate(code, text)
            case Step.MAIL | Step.RCPT:
                return self._heard_about_envelope(step, code, text)
            case Step.DATA:
                return self._heard_go_ahead(code, text)
            case Step.QUIT:
                return self.end("it was closed")
            case _:
                if step is Step.RSET and code >= 300:
                    return self.end(f"the server refused RSET: {Reply(code, text).words().text}")
                if step is Step.NOOP:
                    self._probed = False
                else:
                    self._sender_stands = b""
                if self._awaited:
                    return None
                return self._continue() if self._waiting else self._next(b"")

    def expects_more(self) -> bool:
        return bool(self._awaited) and self._awaited[0] is not Step.DOT

    def _heard_goodbye(self, step: Step, reply: Reply) -> None:
        copy, words = self._dotted, reply.words()
        if step is Step.DOT and copy is not None:
            self._dotted = None
            copy.again(words)
        elif self._errors >= _MANY_ERRORS or (step is Step.RCPT and self.answered - self.delivered >= _MANY_ERRORS):
            self._desk.learn_errors()
        elif step is Step.MAIL:
            self.not_now = words
        self.end(words.text, words)

    def _heard_fate(self, code: int, text: bytes) -> None:
        copy = self._dotted
        assert copy is not None  # noqa: S101 - a DOT is awaited only while a copy is dotted
        if 300 <= code < 400 or (self._stuck and code < 300):
            return self.end(f"the server answered out of turn: {Reply(code, text).words().text}")
        self._dotted, self._sender_stands = None, b""
        self.answered += 1
        if code < 300:
            self.delivered += 1
            self._errors = 0
            copy.accepted(text)
        else:
            self._turn_down(copy, Step.DOT, Reply(code, text))
        if self._stuck:
            return self.end("the server refused the message before its end")
        if self.trying and self._awaited:
            self._loop.call_later(self._patience(), self._ask_after_group)
        return None if self._awaited or self.is_over else self._next(b"")

    def _heard_about_envelope(self, step: Step, code: int, text: bytes) -> None:
        if 300 <= code < 400:
            return self.end(f"the server answered out of turn: {Reply(code, text).words().text}")
        if code >= 400:
            if self._grouped and step is Step.MAIL and code in _OUT_OF_STEP:
                return self._group_was_refused(Reply(code, text))
            self._verdict = self._verdict or _Verdict(step, Reply(code, text))
        elif step is Step.RCPT:
            self._recipient_taken = True
        else:
            self._sender_stands = self._envelope.sender
        if self.trying and step is Step.RCPT:
            self._settle_grouping(groups=code not in _OUT_OF_STEP)
        return None if self._awaited else self._continue()

    def _continue(self) -> None:
        """What of the envelope had to wait; after a refusal the copy is done with."""
        if self._verdict is not None:
            self._give_up_waiting(self._verdict)
            return None if self.is_over else self._next(b"")
        command, step = self._unsent.pop(0)
        return self._expect(command, step)

    def _heard_go_ahead(self, code: int, text: bytes) -> None:
        copy, verdict = self._waiting, self._verdict
        assert copy is not None  # noqa: S101 - DATA is awaited only while a copy waits
        if code != 354:
            if code < 400:
                return self.end(f"the server answered out of turn: {Reply(code, text).words().text}")
            self._give_up_waiting(verdict or _Verdict(Step.DATA, Reply(code, text)))
            if self.is_over:
                return None
            # a recipient that was taken would be sent the next message too
            return self._next(b"RSET\r\n", Step.RSET) if self._recipient_taken else self._next(b"")
        if verdict is not None:
            self._give_up_waiting(verdict)
            if self._recipient_taken:  # an empty message would reach somebody
                return self.end("the server asked for a message it had refused")
            return None if self.is_over else self._next(b".\r\n", Step.EMPTY)
        if copy.settled or self._probed or self._loop.time() > copy.consignment.dot_by:
            return self.end("the mail server was too slow")  # what was written since would be taken for the message
        if self._unread or self._rest:
            return self.end("the server answered before the message was sent")
        self._waiting, self._dotted = None, copy
        self._left -= 1
        copy.begun()
        return self._next(copy.message, Step.DOT)

    def _give_up_waiting(self, verdict: _Verdict) -> None:
        copy, self._waiting = self._waiting, None
        self._unsent = []
        self._errors += 1
        self._desk.caution = _CAREFUL_FOR
        if copy is not None and not copy.settled:
            self._turn_down(copy, verdict.step, verdict.reply)

    def _turn_down(self, copy: Copy, step: Step, reply: Reply) -> None:
        """Say what the server's no means for *copy*."""
        fault = blame.judge(_BLAMED[step], reply.code, reply.said)
        words = reply.words()
        if step is Step.MAIL and not fault.lasting:
            # the limit of this connection, or of the server: nothing was said about the copy
            self.not_now, self._waiting = words, copy
            return self.end(words.text, words)
        if fault.whose is Whose.CONNECTION and step is not Step.DOT:
            self._waiting = copy
            return self.end(words.text, words)
        self.answered += 1
        return _judged(self._desk, copy, fault, words)

    # the next copy

    def _next(self, before: bytes, *steps: Step) -> None:
        """Write *before*, which *steps* will answer, and with it the next envelope where that is borne."""
        if steps and not self._may_group(steps[0]):
            return self._expect(before, *steps)
        copy = self._take()
        if copy is None:
            return self._expect(before, *steps) if steps else self._nothing_to_do()
        self._waiting, self._verdict, self._recipient_taken = copy, None, False
        self._grouped = bool(steps)
        self.trying = self._grouped and self._desk.manners.groups is None
        commands = self._commands()
        first = len(commands) if self.offer.pipelining else 1
        if self.offer.pipelining and (self.trying or self._is_careful()):
            first -= 1
        self._unsent = commands[first:]
        data = b"".join([before, *(command for command, _ in commands[:first])])
        return self._expect(data, *steps, *(step for _, step in commands[:first]))

    def _may_group(self, step: Step) -> bool:
        """Whether the next envelope may follow in the write that *step* will answer."""
        if not self.offer.pipelining or self._left < 1 or step is not Step.DOT:
            return False
        groups = self._desk.manners.groups
        return self.delivered > 0 and self._desk.may_try(self) if groups is None else groups

    def _is_careful(self) -> bool:
        """Whether DATA waits, so that a dead address costs one error and not two."""
        if self._desk.caution:
            self._desk.caution -= 1
            return True
        return self._desk.manners.counts_errors

    def _commands(self) -> list[tuple[bytes, Step]]:
        envelope = self._envelope
        stands = self._sender_stands if not self._grouped else b""
        if stands == envelope.sender:
            return [(envelope.rcpt, Step.RCPT), (b"DATA\r\n", Step.DATA)]
        reset = [(b"RSET\r\n", Step.RSET)] if stands else []
        return [*reset, (envelope.mail, Step.MAIL), (envelope.rcpt, Step.RCPT), (b"DATA\r\n", Step.DATA)]

    def _nothing_to_do(self) -> None:
        if self._left > 0:
            self._desk.rest(self)
        else:
            self.quit()

    def _take(self) -> Copy | None:
        """The next copy whose envelope can be written; those that never will be are settled on the way."""
        while self._left > 0 and (copy := self._desk.take()) is not None:
            try:
                self._envelope = envelopes.pack(copy, self.offer)
            except envelopes.Unwritable as error:
                copy.refused(Words(str(error)))
            except envelopes.TooLarge as error:
                self._desk.object(copy, Words(str(error)))
            except Exception:
                log.exception("a copy could not be made", subscriber=copy.reader.subscriber_id)
                copy.refused(Words("this copy could not be made; the log says why"))
            else:
                return copy
        return None

    def _expect(self, data: bytes, *steps: Step) -> None:
        if not self._awaited:
            self._due = self._loop.time() + (self._dot_timeout if steps[0] is Step.DOT else self._timeout)
        self._awaited.extend(steps)
        self.transport.write(data)

    # whether envelopes may come with the dot

    def _patience(self) -> float:
        """Seconds of silence that mean something: more where the server was seen to bear groups, and may be busy."""
        return self._desk.patience() * (1 if self.trying else _BUSY)

    def _in_doubt(self) -> bool:
        return self._grouped and not self._probed and bool(self._awaited) and self._awaited[0] is Step.MAIL

    def _ask_after_group(self) -> None:
        """Nothing is heard of a group: whoever answers NOOP, and NOOP alone, has dropped it."""
        if not self.is_over and self._in_doubt():
            self._probed = True
            self._expect(b"NOOP\r\n", Step.NOOP)

    def _conclude(self) -> None:
        """One answer came since NOOP: to NOOP, unless the next one has followed."""
        if not self.is_over and self._probed and self._awaited and self._awaited[0] is Step.RCPT:
            self._settle_grouping(groups=False)
            self.end("the server drops what comes with the final dot")

    def _group_was_refused(self, reply: Reply) -> None:
        self._settle_grouping(groups=False)
        self.end(f"the server takes nothing with the final dot: {reply.words().text}")

    def _settle_grouping(self, *, groups: bool) -> None:
        self.trying = False
        self._desk.learn_grouping(groups)

    # the end

    def end(self, why: str, words: Words | None = None) -> None:
        """The connection is over: say what became of the copies on it, in the server's *words* if it had any."""
        if self.is_over:
            return
        dotted, waiting, self._dotted, self._waiting = self._dotted, self._waiting, None, None
        self._hang_up(why)
        if dotted is not None and self._stuck:
            dotted.again(Words(tidy(f"{why}; the message had not left")))
        elif dotted is not None:
            dotted.unknown(Words(tidy(f"{why}; the message had left, its answer is not known")))
        if waiting is not None and not waiting.settled:
            # on a connection that answered for others it is not this copy's doing
            free = self.answered > 0 or self.not_now is not None
            self._desk.hand_back(waiting, words or Words(tidy(why)), free=free)
        if self.started:
            self._desk.over(self)


#: answers to MAIL that say "not here": the group was read, and not understood as one
_OUT_OF_STEP = frozenset({500, 502, 503})


def _judged(desk: Desk, copy: Copy, fault: Fault, words: Words) -> None:
    """What becomes of *copy* by an answer about it."""
    if not fault.lasting:
        copy.again(Words(words.text, words.code, fault.lesson))
    elif fault.whose is Whose.READER:
        copy.refused(Words(words.text, words.code, fault.lesson))
    else:
        desk.object(copy, words)
