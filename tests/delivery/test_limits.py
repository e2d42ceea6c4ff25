"""Throttle, warm-up, canary and brake."""

import time
from datetime import timedelta
from math import inf
from threading import Event

from sqlalchemy.orm import Session

from newsletter.config import Limits
from newsletter.db import Database
from newsletter.delivery.ledger import claiming, statuses
from newsletter.delivery.models import Batch, BatchState, Delivery, Sending, SendingState, Status
from newsletter.delivery.operations import controls
from newsletter.delivery.operations.balance import Balance, balance
from newsletter.delivery.pace import brake, warm_up
from newsletter.delivery.pace.brake import Figures
from newsletter.delivery.pace.throttle import Throttle
from newsletter.delivery.pace.warm_up import Day
from newsletter.delivery.wire import dispatch
from newsletter.delivery.wire.parcel import Parcel, Report, Words
from tests.delivery.world import FRIDAY, LEASE, NINE, Notebook, people, planned, route

HOUR = timedelta(hours=1)


def with_limits(**limits: object) -> Limits:
    return Limits.model_validate({"canary_share": 0, **limits})


def slowly(_parcel: Parcel) -> Report:
    """Everything is taken, after a while."""
    time.sleep(0.02)
    return Report()


def gone_in(session: Session, throttle: Throttle, seconds: float, *, batch: int, step: float = 0.05) -> int:
    """How many messages go in *seconds*, where as many are sent as there is room for."""
    gone = 0
    for tick in range(round(seconds / step)):
        now = NINE + timedelta(seconds=tick * step)
        while batch <= (room := throttle.room(session, "", now=now)).messages or room.overdraw:
            throttle.spend(session, "", batch, now=now)
            gone += batch
    return gone


def test_a_rate_is_kept_but_for_a_quarter_second_and_one_batch(session: Session) -> None:
    throttle = Throttle("smtp", with_limits(per_second=100))

    assert 1000 <= gone_in(session, throttle, 10, batch=25) <= 1050


def test_an_hours_messages_are_never_exceeded_in_any_sixty_minutes(session: Session) -> None:
    throttle = Throttle("smtp", with_limits(per_hour=100))
    late = NINE + timedelta(minutes=55)
    throttle.spend(session, "", 100, now=late)

    assert (
        throttle.room(session, "", now=late + timedelta(minutes=59)).messages,
        throttle.room(session, "", now=late + timedelta(minutes=62)).messages,
    ) == (0, 100)


def test_a_domain_with_a_limit_of_its_own_does_not_slow_the_others(session: Session) -> None:
    throttle = Throttle("smtp", with_limits(domains={"gmail.com": 4}))
    throttle.spend(session, "gmail.com", 8, now=NINE)

    assert (throttle.room(session, "gmail.com", now=NINE).messages, throttle.room(session, "", now=NINE).wait) == (0, 0)


def test_a_domains_hour_counts_only_its_own_messages(session: Session) -> None:
    throttle = Throttle("smtp", with_limits(domains={"gmail.com": {"per_hour": 100}}))
    throttle.spend(session, "", 500, now=NINE)
    throttle.spend(session, "gmail.com", 60, now=NINE)

    rooms = [throttle.room(session, lane, now=NINE + timedelta(minutes=5)) for lane in ("gmail.com", "")]

    assert [room.messages for room in rooms] == [40, inf]


def test_a_domain_has_no_more_messages_on_the_wire_at_once_than_connections(database: Database) -> None:
    limits = with_limits(domains={"Gmail.com": {"connections": 3}})
    with database.write() as session:
        people(session, 20, domain="gmail.com")
        sending = planned(session, newsletter=FRIDAY.model_copy(update={"limits": limits}))
    sender = Notebook(window=8, answer=slowly)

    dispatch.run(database, sender, route(sending.edition_id, limits), owner="ada", clock=lambda: NINE)

    assert (sum(sender.sent.values()), sender.most_at_once) == (20, 3)


def test_two_workers_share_one_bucket(session: Session) -> None:
    limits = with_limits(per_second=100)
    Throttle("smtp", limits).spend(session, "", 100, now=NINE)

    assert Throttle("smtp", limits).room(session, "", now=NINE).messages == 0


def test_nobody_sends_before_the_time_that_the_provider_named(session: Session) -> None:
    throttle = Throttle("sendgrid", with_limits())
    throttle.hold(session, 60, now=NINE)

    waits = [throttle.room(session, "", now=NINE + timedelta(seconds=seconds)).wait for seconds in (30, 61)]

    assert waits == [30.0, 0.0]


def test_batches_are_no_larger_than_what_may_go_at_once(session: Session) -> None:
    people(session, 30, domain="gmail.com")
    people(session, 30)
    newsletter = FRIDAY.model_copy(update={"limits": with_limits(domains={"gmail.com": 20})})

    edition_id = planned(session, size=25, newsletter=newsletter).edition_id

    sizes = {(row.lane, row.size) for row in session.query(Batch).filter_by(edition_id=edition_id)}
    assert sizes == {("gmail.com", 5), ("", 25), ("", 5)}


def test_a_warm_up_grows_by_half_on_each_good_day() -> None:
    assert warm_up.allowance(1000, [Day(1000), Day(1500)], Limits()) == 2250


def test_a_warm_up_shrinks_after_too_many_bounces_and_never_below_its_beginning() -> None:
    assert warm_up.allowance(1000, [Day(1000), Day(1500, failed=100), Day(1000, complained=10)], Limits()) == 1000


def test_a_warm_up_holds_on_a_doubtful_day_and_on_an_empty_one() -> None:
    assert warm_up.allowance(1000, [Day(1000), Day(1500, failed=50), Day(10)], Limits()) == 1500


def test_a_warm_up_learns_from_what_the_sender_did(session: Session) -> None:
    throttle = Throttle("smtp", with_limits(warm_up=100))
    throttle.spend(session, "", 100, now=NINE)

    assert throttle.room(session, "", now=NINE + timedelta(days=2)).messages == 150


def test_two_of_twenty_bounced_is_too_much() -> None:
    assert brake.too_much(Figures(20, bounced=2), Limits()) == "2 of 20 were bounced, more than 5%"


def test_one_bad_address_stops_nothing() -> None:
    assert brake.too_much(Figures(10, bounced=1, refused=1), Limits()) == ""


def canaried(session: Session, count: int, *seeds: str, **limits: object) -> Sending:
    newsletter = FRIDAY.model_copy(
        update={"limits": Limits.model_validate({"canary_least": 5, **limits}), "seeds": seeds}
    )
    return planned(session, newsletter=newsletter)


def test_canaries_are_spread_over_the_audience_and_go_first(session: Session) -> None:
    ids = people(session, 100)
    sending = canaried(session, 100)

    claims = claiming.claim(session, sending.edition_id, owner="ada", lease=LEASE, limit=9, now=NINE)

    first = session.query(Delivery.subscriber_id).filter_by(edition_id=sending.edition_id, batch=claims[0].number)
    assert (len(claims), sorted(one for (one,) in first)) == (1, ids[19::20])


def test_seed_addresses_are_always_among_the_canaries(session: Session) -> None:
    people(session, 100)
    sending = canaried(session, 100, "reader3@example.com")

    canaries = session.query(Batch.size).filter_by(edition_id=sending.edition_id, canary=True)
    assert sorted(size for (size,) in canaries) == [1, 5]


def test_when_the_canaries_are_well_the_rest_follows(database: Database) -> None:
    with database.write() as session:
        people(session, 100)
        edition_id = canaried(session, 100).edition_id

    ended = run(database, edition_id, Notebook())

    assert ended.balance == Balance(planned=100, accepted=100)


def run(database: Database, edition_id: int, sender: Notebook) -> dispatch.Ended:
    limits = Limits.model_validate({"canary_least": 5})
    return dispatch.run(database, sender, route(edition_id, limits), owner="ada", clock=lambda: NINE, stop=Event())


def refuse_all(parcel: Parcel) -> Report:
    return Report(refused={reader.subscriber_id: Words("550 blocked", 550) for reader in parcel.readers})


def test_when_the_canaries_are_refused_the_rest_is_not_sent(database: Database) -> None:
    with database.write() as session:
        people(session, 100)
        edition_id = canaried(session, 100).edition_id

    ended = run(database, edition_id, Notebook(answer=refuse_all))

    assert ended == dispatch.Ended(
        SendingState.PAUSED, "5 of 5 were refused, more than 10%", Balance(planned=100, refused=5, to_do=95)
    )


def test_resuming_sends_only_what_is_left(database: Database) -> None:
    with database.write() as session:
        people(session, 100)
        edition_id = canaried(session, 100).edition_id
    run(database, edition_id, Notebook(answer=refuse_all))
    with database.write() as session:
        controls.resume(session, edition_id, by="ada", reason="a blocklist, mended", now=NINE)

    ended = run(database, edition_id, Notebook())

    assert ended.balance == Balance(planned=100, accepted=95, refused=5)


def test_bounces_that_come_in_while_sending_stop_it(session: Session) -> None:
    ids = people(session, 100)
    sending = planned(session)
    for batch in session.query(Batch).filter(Batch.number <= 4):
        batch.state = BatchState.ACCEPTED
    session.flush()
    for one in ids[:3]:
        statuses.advance(session, sending.edition_id, one, Status.BOUNCED, reason="550 no such user", at=NINE)

    brake.look(session, sending.edition_id, Limits(), now=NINE)

    session.refresh(sending)
    assert (sending.state, sending.reason) == (SendingState.PAUSED, "3 of 40 were bounced, more than 5%")


def test_the_rest_waits_for_bounces_of_the_canaries_to_come_in(session: Session) -> None:
    people(session, 100)
    sending = canaried(session, 100)
    for batch in session.query(Batch).filter_by(canary=True):
        batch.state, batch.settled_at = BatchState.ACCEPTED, NINE
    session.flush()
    waiting = Limits(canary_wait=600)

    brake.look(session, sending.edition_id, waiting, now=NINE + timedelta(minutes=9))
    before = sending.canary_passed_at
    brake.look(session, sending.edition_id, waiting, now=NINE + timedelta(minutes=11))

    assert (before, balance(session, sending.edition_id).to_do, sending.canary_passed_at) == (
        None,
        95,
        NINE + timedelta(minutes=11),
    )
