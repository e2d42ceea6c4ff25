"""Why somebody has not got their copy, or that they have: each sentence as a colleague would say it."""

from datetime import timedelta

import pytest

from newsletter.delivery.models import BatchState, SendingState, Status
from newsletter.editions.models import State
from newsletter.tracking import evidence, heard
from newsletter.tracking.reports.answers import Case
from subscribers import audience, readdressing, roll
from subscribers.models import Consent, Subscriber, SuppressionReason
from tests.factories import FRIDAY, a_subscriber
from tests.reports.world import ADA, MONDAY, NINE, World

SOON = NINE + timedelta(minutes=20)


@pytest.fixture
def ada(world: World) -> Subscriber:
    return a_subscriber(world.session, ADA)


def test_who_left_between_planning_and_the_fence(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    roll.unsubscribe(world.session, ada.id, source="one-click", now=NINE + timedelta(minutes=1))
    world.outcome(edition, ada, Status.SKIPPED, audience.UNSUBSCRIBED)
    assert world.why() == (
        "skipped",
        "ada@example.com left on 26 November 2021 at 09:01, after the audience was fixed and before their copy went out; so it was not sent.",
    )


def test_who_was_suppressed_between_planning_and_the_fence(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.outcome(edition, ada, Status.SKIPPED, audience.SUPPRESSED[SuppressionReason.COMPLAINT])
    assert world.why() == (
        "skipped",
        "Mail to ada@example.com was stopped (complaint) after the audience was fixed and before their copy went out; so it was not sent.",
    )


def test_who_paused_between_planning_and_the_fence(world: World, ada: Subscriber) -> None:
    world.outcome(world.copy(ada), ada, Status.SKIPPED, audience.PAUSED)
    assert world.why()[1] == (
        "ada@example.com paused by their own wish after the audience was fixed and before their copy went out; so it was not sent."
    )


def test_who_was_erased_between_planning_and_the_fence(world: World, ada: Subscriber) -> None:
    world.outcome(world.copy(ada), ada, Status.SKIPPED, audience.ERASED)
    number = ada.id
    roll.erase(world.session, ada.id, now=SOON)
    assert world.why(str(number), "2021-11-26") == (
        "skipped",
        "They were erased after the audience was fixed and before their copy went out; so it was not sent.",
    )


def test_the_copy_of_who_was_erased_later_is_told_by_its_number(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DELIVERED)
    number = ada.id
    roll.erase(world.session, ada.id, now=SOON)
    assert world.why(str(number), "2021-11-26") == (
        "delivered",
        f"Their mail server took the copy for reader {number} on 26 November 2021 at 09:05.",
    )


def test_what_was_cancelled_says_by_whom_and_why(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, state=BatchState.CANCELLED, sending=SendingState.CANCELLED, fenced_at=None)
    world.sending_of(edition).reason = "wrong sponsor"
    world.act(edition, "cancel", by="grace", reason="wrong sponsor", at=SOON)
    assert world.why() == (
        "cancelled",
        "The sending of The Friday Five of 26 November 2021 was cancelled on 26 November 2021 at 09:20 by grace: wrong sponsor; the copy for ada@example.com had not gone out and will not.",
    )


def test_a_refusal_in_the_servers_words(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, sender="smtp")
    world.outcome(edition, ada, Status.REFUSED, "550 5.1.1 no such user", code=550)
    assert world.why() == (
        "refused",
        "The mail server refused the copy for ada@example.com on 26 November 2021 at 09:04, and its words were “550 5.1.1 no such user”: there is no such mailbox.",
    )
    assert world.remedy() == (
        "Once that is mended, newsletter deliveries retry friday/2021-11-26 --refused-with 550 tries again."
    )


def test_a_refusal_that_is_about_us_does_not_blame_the_reader(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, sender="smtp")
    world.outcome(edition, ada, Status.REFUSED, "550 5.7.1 blocked: poor reputation", code=550)
    assert world.why()[1] == (
        "The mail server refused the copy for ada@example.com on 26 November 2021 at 09:04, and its words were “550 5.7.1 blocked: poor reputation”: that is about us (our address, login or reputation) and not about the reader."
    )


def test_a_whole_request_that_was_refused(world: World, ada: Subscriber) -> None:
    world.copy(ada, state=BatchState.REFUSED, reply="400 the content is empty")
    assert world.why()[1] == (
        "SendGrid refused the copy for ada@example.com on 26 November 2021 at 09:03, and its words were “400 the content is empty”."
    )


def test_unknown_by_smtp_is_for_an_operator(world: World, ada: Subscriber) -> None:
    world.copy(ada, sender="smtp", state=BatchState.UNKNOWN, reply="no answer to the final dot")
    assert world.why() == (
        "unknown",
        "The copy for ada@example.com was handed over on 26 November 2021 at 09:02 and the answer was lost (“no answer to the final dot”): nobody can say whether they have it.",
    )
    assert world.remedy() == "No event will tell: decide with newsletter deliveries resolve friday/2021-11-26"


def test_unknown_by_sendgrid_is_settled_by_its_events(world: World, ada: Subscriber) -> None:
    world.settings = world.settings.model_copy(
        update={"sendgrid": world.settings.sendgrid.model_copy(update={"webhook_key": "a key"})}
    )
    world.copy(ada, state=BatchState.UNKNOWN)
    assert world.remedy() == (
        "The scheduler settles them from SendGrid's events; keep it running, and see newsletter status."
    )


def test_unknown_by_smtp_is_sent_once_more_where_the_settings_say_so(world: World, ada: Subscriber) -> None:
    world.settings = world.settings.model_copy(
        update={"smtp": world.settings.smtp.model_copy(update={"unknown": "resend_once"})}
    )
    world.copy(ada, sender="smtp", state=BatchState.UNKNOWN)
    assert world.remedy() == "The scheduler sends them once more, for smtp.unknown says so."


def test_after_a_restored_backup_nobody_can_say(world: World, ada: Subscriber) -> None:
    world.copy(ada, state=BatchState.UNKNOWN, fenced_at=None, reply="restored backup")
    assert world.why() == (
        "unknown",
        "A backup was restored on 26 November 2021 at 09:03, and nobody can say whether the copy for ada@example.com had gone out.",
    )


def test_accepted_by_smtp_and_nothing_heard(world: World, ada: Subscriber) -> None:
    world.copy(ada, sender="smtp", reply="250 2.0.0 Ok: queued as 4F2")
    assert world.why() == (
        "accepted",
        "The mail server took the copy for ada@example.com on 26 November 2021 at 09:03, and nothing was heard of it since.",
    )
    assert world.remedy() == (
        "Only what fails comes back by SMTP, and no mailbox is read for it: see [mailbox] in newsletter.toml."
    )


def test_where_a_mailbox_is_read_silence_is_good_news(world: World, ada: Subscriber) -> None:
    mailbox = world.settings.mailbox.model_copy(update={"host": "imap.example.com"})
    world.settings = world.settings.model_copy(update={"mailbox": mailbox})
    world.copy(ada, sender="smtp")
    assert world.remedy() == (
        "Silence is good news there: only what fails comes back, within five days. Ask them to look for spam."
    )


def test_accepted_by_sendgrid_without_a_webhook_can_hear_nothing(world: World, ada: Subscriber) -> None:
    world.copy(ada)
    assert world.remedy() == (
        "Nothing can be heard: sendgrid.webhook_key is not set, so SendGrid's events are not believed."
    )


def test_accepted_by_the_maildir_reaches_nobody(world: World, ada: Subscriber) -> None:
    world.copy(ada, sender="maildir")
    assert world.why()[1].startswith("The outbox folder on disk took the copy for ada@example.com on 26 November 2021")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("delivered", "their mail server said so"),
        ("mdn", "their mail program said what it did with it"),
        ("auto-reply", "a machine of theirs answered it"),
    ],
)
def test_what_came_back_by_mail_may_show_that_it_arrived(world: World, ada: Subscriber, kind: str, said: str) -> None:
    edition = world.copy(ada, sender="smtp")
    world.event(edition, ada, kind, provider="mailbox", minutes=20)
    assert world.why() == (
        "delivered",
        f"The copy for ada@example.com arrived: {said} on 26 November 2021 at 09:20.",
    )


def test_delayed_in_their_servers_words(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DEFERRED, "451 4.7.1 greylisted, come back later")
    assert world.why() == (
        "delayed",
        "Their mail server puts the copy for ada@example.com off, last on 26 November 2021 at 09:05, and says “451 4.7.1 greylisted, come back later”.",
    )


def test_bounced_in_their_servers_words(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.BOUNCED, "552 5.2.2 mailbox full")
    assert world.why() == (
        "bounced",
        "The copy for ada@example.com came back on 26 November 2021 at 09:05: “552 5.2.2 mailbox full”: the mailbox is full.",
    )


def test_bounced_by_mail_says_what_was_understood(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, sender="smtp")
    back = heard.by_mail(
        "a letter",
        action="failed",
        meaning="dead",
        lesson="suppress",
        edition_id=edition.id,
        subscriber_id=ada.id,
        at=NINE + timedelta(minutes=5),
        words="the user is gone",
    )
    evidence.record(world.session, [back], now=SOON)
    assert world.why() == (
        "bounced",
        "The copy for ada@example.com came back on 26 November 2021 at 09:05: “the user is gone”: there is no such mailbox. Nothing is mailed to them since.",
    )


def test_words_without_a_code_are_not_judged(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.BOUNCED, "no thank you")
    assert world.why()[1] == "The copy for ada@example.com came back on 26 November 2021 at 09:05: “no thank you”."


def test_dropped_by_the_provider_says_why_it_did_not_try(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DROPPED, "Bounced Address")
    assert world.why() == (
        "dropped",
        "SendGrid did not even try the copy for ada@example.com on 26 November 2021 at 09:05: the address bounced before, and it keeps a list of those (“Bounced Address”).",
    )


def test_reported_as_spam(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.COMPLAINED)
    assert world.why() == (
        "complained",
        "ada@example.com had it, and reported it as spam on 26 November 2021 at 09:05; so nothing more is mailed to them.",
    )


def test_delivered(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DELIVERED, "250 OK")
    assert world.why() == (
        "delivered",
        "Their mail server took the copy for ada@example.com on 26 November 2021 at 09:05.",
    )


def test_delivered_at_the_address_they_had_then(world: World) -> None:
    person = a_subscriber(world.session, "ada@old.example")
    edition = world.copy(person)
    world.told(edition, person, Status.DELIVERED)
    wish = readdressing.ask(world.session, person, ADA, newsletter="friday", now=SOON)
    readdressing.move(world.session, wish, person.id, now=SOON + timedelta(days=1))
    assert world.why() == (
        "delivered",
        "Their mail server took the copy for ada@example.com on 26 November 2021 at 09:05, at ada@old.example, the address they had until 27 November 2021.",
    )


def test_opened(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DELIVERED)
    world.event(edition, ada, "open", minutes=30)
    world.event(edition, ada, "open", minutes=90)
    assert world.why() == (
        "opened",
        "ada@example.com has it: it was opened on 26 November 2021 at 09:30, the first of 2 times.",
    )


def test_a_link_in_it_was_followed(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DELIVERED)
    world.event(edition, ada, "click", minutes=31, url="https://retaildive.example/1")
    assert world.why() == (
        "clicked",
        "ada@example.com has it: they followed a link in it on 26 November 2021 at 09:31.",
    )


def test_a_machine_that_fetched_it_is_not_taken_for_the_reader(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DELIVERED)
    world.event(edition, ada, "open", sg_machine_open=True)
    assert world.why() == (
        "fetched",
        "The copy for ada@example.com arrived: it was fetched on 26 November 2021 at 09:05, as mail programs and scanners do; whether a person has looked nobody can say.",
    )


def test_what_bounced_after_it_was_opened_by_a_machine_bounced(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.event(edition, ada, "open", sg_machine_open=True)
    world.told(edition, ada, Status.BOUNCED, "550 5.1.1 gone")
    assert world.why()[0] == "bounced"


def test_on_the_wire(world: World, ada: Subscriber) -> None:
    world.copy(ada, state=BatchState.SENDING, sending=SendingState.RUNNING, settled_at=None)
    assert world.why() == (
        "on the wire",
        "The copy for ada@example.com is being handed over since 26 November 2021 at 09:02: ask again in a minute.",
    )


def test_a_sending_that_is_paused_says_by_whom_and_why(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, state=BatchState.QUEUED, sending=SendingState.PAUSED, fenced_at=None, settled_at=None)
    world.sending_of(edition).reason = "9 of 20 bounced"
    world.act(edition, "pause", by="brake", reason="9 of 20 bounced", at=SOON)
    assert world.why() == (
        "stopped",
        "The sending of The Friday Five of 26 November 2021 stands still since 26 November 2021 at 09:20, paused by brake: 9 of 20 bounced; the copy for ada@example.com is among those that did not go out yet.",
    )


def test_a_copy_that_waits_for_its_readers_morning(world: World, ada: Subscriber) -> None:
    world.copy(
        ada,
        state=BatchState.QUEUED,
        sending=SendingState.RUNNING,
        attempts=0,
        not_before=NINE + timedelta(hours=8),
        fenced_at=None,
        settled_at=None,
    )
    assert world.why(now=SOON) == (
        "waits",
        "The copy for ada@example.com goes out on 26 November 2021 at 17:00, in the morning of its reader.",
    )


def test_a_copy_that_is_tried_again(world: World, ada: Subscriber) -> None:
    world.copy(
        ada,
        state=BatchState.QUEUED,
        sending=SendingState.RUNNING,
        attempts=3,
        reply="450 4.2.1 over quota for this hour",
        not_before=NINE + timedelta(hours=1),
    )
    assert world.why(now=SOON) == (
        "waits",
        "The copy for ada@example.com was tried 3 times, and put off with the words “450 4.2.1 over quota for this hour”; it is tried again on 26 November 2021 at 10:00.",
    )


def test_a_copy_behind_the_first_slice(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, state=BatchState.QUEUED, sending=SendingState.RUNNING, fenced_at=None, settled_at=None)
    world.sending_of(edition).canary_passed_at = None
    assert world.why(now=SOON) == (
        "waits",
        "The copy for ada@example.com waits until the first slice of readers has theirs and was found good.",
    )


def test_a_copy_that_nobody_sends_says_what_does(world: World, ada: Subscriber) -> None:
    world.copy(ada, state=BatchState.QUEUED, sending=SendingState.RUNNING, fenced_at=None, settled_at=None)
    assert world.why(now=MONDAY) == (
        "waits",
        (
            "The copy for ada@example.com waits: no process is sending: newsletter scheduler goes on with it (where workers"
            " send, newsletter worker), or newsletter send."
        ),
    )


def test_a_copy_behind_a_limit_says_until_when(world: World, ada: Subscriber) -> None:
    from newsletter.delivery.pace.throttle import Throttle

    limits = world.settings.newsletters["friday"].limits.model_copy(update={"per_hour": 10})
    friday = world.settings.newsletters["friday"].model_copy(update={"limits": limits})
    world.settings = world.settings.model_copy(update={"newsletters": {"friday": friday}})
    world.copy(ada, state=BatchState.QUEUED, sending=SendingState.RUNNING, fenced_at=None, settled_at=None)
    Throttle("sendgrid", limits).spend(world.session, "", 10, now=SOON)
    assert world.why(now=SOON) == (
        "waits",
        "The copy for ada@example.com waits: the limit of 10 messages in an hour is used up, until 26 November 2021 at 10:21.",
    )


def test_what_is_in_the_queue(world: World, ada: Subscriber) -> None:
    bea = a_subscriber(world.session, "bea@example.com")
    edition = world.copy(ada, state=BatchState.QUEUED, sending=SendingState.RUNNING, fenced_at=None, settled_at=None)
    world.copy(bea, edition, state=BatchState.SENDING, lease_until=SOON + timedelta(minutes=1))
    assert world.why(now=SOON) == (
        "waits",
        "The copy for ada@example.com is in the queue: the sending is under way.",
    )


def test_what_became_of_the_copy_counts_for_more_than_that_they_left_since(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.told(edition, ada, Status.DELIVERED)
    roll.unsubscribe(world.session, ada.id, source="one-click", now=SOON)
    assert world.why()[0] == "delivered"


def test_of_two_newsletters_each_is_answered(world: World, ada: Subscriber) -> None:
    daily = world.settings.newsletters["friday"].model_copy(update={"slug": "daily", "title": "The Daily"})
    world.settings = world.settings.model_copy(update={"newsletters": {**world.settings.newsletters, "daily": daily}})
    world.copy(ada)
    held = world.edition(date=FRIDAY - timedelta(days=1), state=State.HELD, reason="not today")
    held.newsletter = "daily"
    assert [(reply.edition, reply.answer.case) for reply in world.ask()] == [
        ("daily/2021-11-25", Case.HELD),
        ("friday/2021-11-26", Case.ACCEPTED),
    ]


def test_the_story_of_a_copy_is_told_in_their_words_with_a_sentence_beside_each(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada, sender="smtp", reply="250 2.0.0 Ok: queued as 4F2")
    world.event(edition, ada, "delayed", provider="mailbox", reason="451 4.7.1 greylisted", minutes=20)
    world.event(edition, ada, "failed", provider="mailbox", reason="550 5.1.1 no such user", minutes=50, meaning="dead")
    world.told(edition, ada, Status.BOUNCED, "550 5.1.1 no such user")
    roll.suppress(
        world.session, ADA, reason=SuppressionReason.HARD_BOUNCE, note="550 5.1.1", now=NINE + timedelta(hours=1)
    )
    world.step(ada, Consent.UNSUBSCRIBED, "letter", NINE + timedelta(hours=2))
    (reply,) = world.ask()
    assert [(f"{one.at:%H:%M}", one.source, one.words, one.sentence) for one in reply.moments] == [
        ("09:00", "ledger", "planned", "The audience was fixed, and they were in it."),
        ("09:02", "ledger", "sent through smtp", "The copy was handed over."),
        ("09:03", "smtp", "250 2.0.0 Ok: queued as 4F2", "It was taken."),
        ("09:20", "mailbox", "delayed 451 4.7.1 greylisted", "Their mail server said to come back later."),
        ("09:50", "mailbox", "failed 550 5.1.1 no such user", "Their mail server sent it back."),
        ("10:00", "list", "hard_bounce 550 5.1.1", "Nothing is mailed to them since."),
        ("11:00", "list", "unsubscribed, by letter", "They left weekly."),
    ]


def test_a_word_that_is_new_to_us_is_shown_as_it_came(world: World, ada: Subscriber) -> None:
    edition = world.copy(ada)
    world.event(edition, ada, "teleported", reason="to another mailbox")
    assert (world.ask()[0].moments[-1].words, world.ask()[0].moments[-1].sentence) == (
        "teleported to another mailbox",
        "Stored as it came; it moves nothing.",
    )
