"""Random weather: whatever servers and wires do, the report agrees with what the server took."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.config import Smtp
from newsletter.delivery.senders.smtp.sender import SmtpSender
from newsletter.delivery.wire.parcel import Parcel
from newsletter.testing import wire_faults
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Fault, Moment, Script, Wire
from tests.senders.conftest import PlainMould, a_parcel
from tests.senders.test_smtp_faults import lies, send

READERS = tuple(f"reader{number}@example.com" for number in range(12))
SHORT = settings(deadline=None, max_examples=20, database=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(SHORT, max_examples=500)

steps = st.sampled_from(["greeting", "ehlo", "mail", "rcpt", "data", "body", "message", "rset"])
trouble = st.one_of(
    st.sampled_from([421, 450, 451, 452, 500, 550, 552, 554]).map(wire_faults.answer),
    st.just(wire_faults.goodbye()),
    st.sampled_from([wire_faults.cut, wire_faults.stall, wire_faults.garble]).flatmap(
        lambda kind: st.booleans().map(lambda taken: kind(taken=taken))
    ),
    st.just(wire_faults.delay(0.05)),
)
#: at which question to the server (counted over all connections) what goes wrong
storms = st.dictionaries(st.integers(1, 60), st.tuples(steps, trouble), max_size=6)


def _following(storm: dict[int, tuple[str, Fault]]) -> Script:
    """Each trouble strikes at its step, the first time that comes after so many questions."""
    left, asked = sorted(storm.items()), 0

    def script(moment: Moment) -> Fault | None:
        nonlocal asked
        asked += 1
        for number, (due, (step, fault)) in enumerate(left):
            if asked >= due and moment.step == step:
                del left[number]
                return fault
        return None

    return script


def _a_sender(port: int, connections: int = 2) -> SmtpSender:
    smtp = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 0.3, "dot_timeout": 0.3}
    return SmtpSender(Smtp.model_validate(smtp | {"connections": connections}))


def _what_was_said_untruly(sink: SmtpSink, port: int, connections: int, parcel: Parcel) -> Sequence[str]:
    sender = _a_sender(port, connections)
    try:
        return lies(send(sender, parcel), sink)
    finally:
        sender.close()


@SHORT
@given(storm=storms, pipelining=st.booleans(), eager=st.booleans(), connections=st.integers(1, 3))
def test_the_report_is_true_under_any_faults_of_the_server(
    storm: dict[int, tuple[str, Fault]], pipelining: bool, eager: bool, connections: int
) -> None:
    with SmtpSink(_following(storm), pipelining=pipelining, eager=eager, keep=False) as sink:
        assert _what_was_said_untruly(sink, sink.port, connections, a_parcel(*READERS)) == []


@SHORT
@given(
    up=st.none() | st.integers(0, 30_000),
    down=st.none() | st.integers(0, 1_500),
    breaks=st.integers(1, 4),
    pipelining=st.booleans(),
)
def test_the_report_is_true_wherever_the_wire_breaks(
    up: int | None, down: int | None, breaks: int, pipelining: bool
) -> None:
    with (
        SmtpSink(pipelining=pipelining, keep=False) as sink,
        Wire(sink.port, up=up, down=down, connections=breaks) as wire,
    ):
        assert _what_was_said_untruly(sink, wire.port, 2, a_parcel(*READERS)) == []


@pytest.mark.long
@LONG
@given(storm=storms, pipelining=st.booleans(), eager=st.booleans(), connections=st.integers(1, 3))
def test_the_report_is_true_under_any_faults_at_length(
    storm: dict[int, tuple[str, Fault]], pipelining: bool, eager: bool, connections: int
) -> None:
    with SmtpSink(_following(storm), pipelining=pipelining, eager=eager, keep=False) as sink:
        assert _what_was_said_untruly(sink, sink.port, connections, a_parcel(*READERS)) == []


@pytest.mark.long
@LONG
@given(
    up=st.none() | st.integers(0, 400_000),
    down=st.none() | st.integers(0, 1_500),
    breaks=st.integers(1, 4),
    size=st.sampled_from([100, 30_000]),
)
def test_the_report_is_true_wherever_the_wire_breaks_at_length(
    up: int | None, down: int | None, breaks: int, size: int
) -> None:
    parcel = a_parcel(*READERS, mould=PlainMould(size))
    with SmtpSink(keep=False) as sink, Wire(sink.port, up=up, down=down, connections=breaks) as wire:
        assert _what_was_said_untruly(sink, wire.port, 2, parcel) == []
