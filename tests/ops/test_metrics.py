"""GET /metrics: who gets it, what stands in it, and that nobody is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import event

from newsletter.app import App
from newsletter.delivery.models import (
    Batch,
    BatchState,
    Delivery,
    MailServer,
    Outcome,
    Process,
    Progress,
    Sending,
    SendingState,
    Status,
    Tally,
)
from newsletter.editions.models import Edition, Job, Slot, SlotState, State
from newsletter.stories.models import Health
from newsletter.tracking import gauges
from newsletter.tracking.models import Event, MailboxPlace, Watermark
from newsletter.tracking.webhooks.models import Endpoint, Happening
from tests.factories import a_source, a_subscriber, an_edition
from tests.web.site import served

TOKEN = "a token for tests"


def figures(text: str) -> dict[str, float]:
    """`name{label="value"}` → value, without what every process has."""
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _webhook(number: int, now: datetime) -> Endpoint:
    """The first fails, the second is off."""
    return Endpoint(
        key=f"{number}",
        url="https://example.com/a-key",
        kinds=[],
        sealed_secret="",
        made_by="",
        made_at=now,
        cursor=number,
        failing_since=None if number else now - timedelta(seconds=20),
        disabled_at=now if number else None,
    )


@pytest.fixture
def friday(app: App, now: datetime) -> Edition:
    """An edition that goes out: 100 planned, one refused, one unknown, something of everything else beside it."""
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    with app.database.write() as session:
        edition = an_edition(session, "Walmart goes live", state=State.SENDING)
        one = edition.id
        session.add(
            Sending(
                edition_id=one, sender="smtp", state=SendingState.RUNNING, planned=5, started_at=now,
                stuck="450 4.7.1 not now", stuck_at=now - 90 * second,
            )
        )  # fmt: skip
        session.flush()
        session.add_all(
            [
                Batch(edition_id=one, number=1, state=BatchState.ACCEPTED, size=2, refused=1, not_before=now),
                Batch(edition_id=one, number=2, state=BatchState.UNKNOWN, size=1, not_before=now),
                Batch(edition_id=one, number=3, size=2, not_before=now - 90 * second),
                *(Delivery(edition_id=one, batch=1 + n // 2, subscriber_id=n + 1) for n in range(5)),
                Outcome(edition_id=one, subscriber_id=1, status=Status.REFUSED, code=550, reason="no", at=now),
                Progress(edition_id=one, subscriber_id=2, status=Status.DELIVERED, at=now),
                Tally(key="smtp", minute=int(now.timestamp() // 60) - 1, messages=42),
                Slot(newsletter="friday", date=edition.date, job=Job.LOCK, due_at=now + minute),
                Slot(newsletter="friday", date=edition.date, job=Job.SEND, due_at=now, state=SlotState.MISSED),
                Process(name="w1", kind="worker", started_at=now, seen_at=now - 3 * second, ahead=1.5),
                MailServer(key="smtp.example.com:25", most=100, learned_at=now - minute),
                Watermark(provider="sendgrid", at=now - minute),
                Event(
                    provider="sendgrid", provider_event_id="1", kind="delivered", payload={},
                    at=now - 9 * second, received_at=now - 5 * second,
                ),
                MailboxPlace(place="imap bounces@example.com INBOX", failing_since=now - minute),
                *(_webhook(number, now) for number in range(2)),
                Happening(
                    type="alarm.raised", at=now - 30 * second, found_at=now, source="alarm", source_id=1, data={}
                ),
            ]
        )  # fmt: skip
        a_subscriber(session, "ada@example.com")
        source = a_source(session, "Retail Dive")
        source.failures, source.health, source.fetched_at = 2, Health.FAILING, now - minute
        return edition


def test_it_tells_how_everything_stands(app: App, friday: Edition, now: datetime) -> None:
    with served(app, lambda: now) as site:
        found = figures(site.get("/metrics").text)
    of = f"friday/{friday.date}"
    assert found == {
        "newsletter_database_up": 1,
        "newsletter_clock_doubted": 0,
        "newsletter_process_seen_age_seconds worker w1": 3,
        "newsletter_process_clock_ahead_seconds worker w1": 1.5,
        "newsletter_workers": 1,
        "newsletter_nobody_to_send": 0,
        "newsletter_broker_deaf": 0,
        "newsletter_slot_due_timestamp_seconds lock friday": now.timestamp() + 60,
        "newsletter_slots_missed send friday": 1,
        "newsletter_sources new": 0,
        "newsletter_sources ok": 0,
        "newsletter_sources failing": 1,
        "newsletter_sources gone": 0,
        "newsletter_sources by hand": 0,
        "newsletter_source_failures 1 Retail Dive": 2,
        "newsletter_source_visited_age_seconds 1 Retail Dive": 60,
        f"newsletter_edition_due_timestamp_seconds {of} sending": now.timestamp(),
        f"newsletter_sending_state {of} running": 1,
        f"newsletter_sending_stands_seconds {of}": 90,
        **{f"newsletter_copies {of} {word}": count for word, count in _BALANCE.items()},
        f"newsletter_copies_told {of} delivered": 1,
        f"newsletter_copies_refused 550 {of}": 1,
        f"newsletter_batches {of} accepted": 1,
        f"newsletter_batches {of} unknown": 1,
        f"newsletter_batches {of} queued": 1,
        f"newsletter_queue_age_seconds {of}": 90,
        "newsletter_handed_over_last_minute smtp": 42,
        "newsletter_events_silence_seconds sendgrid": 60,
        "newsletter_event_lag_seconds sendgrid": 4,
        "newsletter_events_quarantined": 0,
        "newsletter_mailbox_failing_seconds 1": 60,
        "newsletter_server_messages_per_connection smtp.example.com:25": 100,
        "newsletter_server_learned_age_seconds smtp.example.com:25": 60,
        "newsletter_alarms": 0,
        "newsletter_alarms_untold": 0,
        "newsletter_webhook_lag_seconds 1": 30,
        "newsletter_webhook_failing_seconds 1": 20,
        "newsletter_webhook_off 1": 0,
        "newsletter_webhook_lag_seconds 2": 0,
        "newsletter_webhook_failing_seconds 2": 0,
        "newsletter_webhook_off 2": 1,
    }


_BALANCE = {"planned": 5, "accepted": 1, "skipped": 0, "refused": 1, "unknown": 1, "to_do": 2}


def test_nobody_is_named_in_it(app: App, friday: Edition, now: datetime) -> None:
    with served(app, lambda: now) as site:
        text = site.get("/metrics").text
    assert "ada" not in text
    assert "@" not in text


def test_more_rows_are_no_more_queries(app: App, friday: Edition, now: datetime) -> None:
    counts = []
    for more in (0, 20):
        with app.database.write() as session:
            for number in range(more):
                a_source(session, f"Source {number}").failures = 1
                session.add(Process(name=f"p{number}", kind="worker", started_at=now, seen_at=now))
        with counted(app) as asked, app.database.read() as session:
            list(gauges.gather(session, app.settings, now=now))
        counts.append(len(asked))
    assert counts[0] == counts[1]


@contextmanager
def counted(app: App) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(app.database.reader, "before_cursor_execute", note)
    yield asked
    event.remove(app.database.reader, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"X-Forwarded-For": "192.0.2.7"}, 403),
        ("", {"Host": "news.example.com"}, 403),
        (TOKEN, {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.7"}, 200),
        (TOKEN, {"Authorization": f"bearer {TOKEN}"}, 200),
        (TOKEN, {}, 401),
        (TOKEN, {"Authorization": "Bearer another"}, 401),
        (TOKEN, {"Authorization": f"Basic {TOKEN}"}, 401),
        (TOKEN, {"Authorization": "Bearer"}, 401),
    ],
)
def test_who_gets_it(app: App, now: datetime, token: str, headers: dict[str, str], status: int) -> None:
    settings = app.settings.model_copy(update={"metrics_token": SecretStr(token)})
    with served(App(settings, app.database), lambda: now) as site:
        assert site.get("/metrics", headers=headers).status_code == status


def test_a_database_that_is_away_is_a_figure(app: App, now: datetime) -> None:
    with app.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE heartbeat RENAME TO gone")
    with served(app, lambda: now) as site:
        answer = site.get("/metrics")
    assert (answer.status_code, figures(answer.text)) == (200, {"newsletter_database_up": 0})


def test_a_program_that_asks_for_openmetrics_gets_it(app: App, now: datetime) -> None:
    with served(app, lambda: now) as site:
        answer = site.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert (answer.headers["content-type"].partition(";")[0], answer.text.endswith("# EOF\n")) == (
        "application/openmetrics-text",
        True,
    )
