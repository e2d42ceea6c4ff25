"""Why somebody is not mailed, or was not in an audience: each sentence as a colleague would say it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.models import SendingState
from newsletter.editions import review
from newsletter.editions.models import Job, Slot, SlotState, State
from newsletter.errors import NotFound
from newsletter.tracking.reports.answers import Case
from subscribers import readdressing, roll, strangers, suppressions
from subscribers.models import Barred, Consent, Rhythm, SignUp, SuppressionReason, TopicChoice
from subscribers.segments import shelf as segments
from tests.factories import a_list, a_subscriber
from tests.reports.world import ADA, MONDAY, NINE, World

EARLIER = datetime(2021, 11, 3, 8, 30, tzinfo=UTC)
LATER = NINE + timedelta(hours=1)


@pytest.fixture
def sent(world: World) -> None:
    """Last Friday's edition went out, and Ada was not in its audience."""
    world.sending(world.edition())


def test_what_is_no_address_is_said_so(world: World) -> None:
    case, sentence = world.why("ada.example.com")
    assert (case, sentence.startswith("'ada.example.com' is not an address: ")) == ("not an address", True)


def test_nobody_has_it(world: World) -> None:
    assert world.why("bea@example.com") == ("no such person", "Nobody here has the address bea@example.com.")


@pytest.mark.parametrize(
    "typed",
    [
        "ada@exmaple.com",
        "ada@example.co",
        "aada@example.com",
        "da@example.com",
        "ada+news@example.com",
        "ADA@example.cm",
    ],
)
def test_who_may_have_been_meant_is_asked(world: World, typed: str) -> None:
    a_subscriber(world.session, ADA)
    assert world.remedy(typed) == "Was ada@example.com meant?"


def test_a_slip_in_the_name_of_a_house_is_seen(world: World) -> None:
    a_subscriber(world.session, "ada.l@gmail.com")
    assert world.remedy("ada.l@googlemail.com") == "Was ada.l@gmail.com meant?"


def test_who_is_far_off_is_not_named(world: World) -> None:
    a_subscriber(world.session, ADA)
    assert world.remedy("grace@example.org") == ""


def test_an_address_is_found_as_it_is_copied_from_a_mail(world: World, sent: None) -> None:
    a_subscriber(world.session, ADA)
    assert world.why("Ada Lovelace <ADA@Example.com>")[0] == "changed since"


def test_who_asked_in_a_form_and_did_not_answer_the_letter(world: World) -> None:
    world.session.add(
        SignUp(email=ADA, email_key=ADA, newsletter="friday", lists=["weekly"], asked_at=EARLIER, mailed_at=EARLIER)
    )
    assert world.why() == (
        "asked to join",
        "ada@example.com asked to join on 3 November 2021 at 08:30 and has not said yes: the letter that asks for it is not answered.",
    )


def test_who_asked_in_a_form_and_has_no_letter_yet(world: World) -> None:
    world.session.add(SignUp(email=ADA, email_key=ADA, newsletter="friday", lists=["weekly"], asked_at=EARLIER))
    assert world.why() == (
        "asked to join",
        "ada@example.com asked to join on 3 November 2021 at 08:30, and the letter that asks for their yes has not gone out yet.",
    )


def test_who_was_erased(world: World) -> None:
    roll.erase(world.session, a_subscriber(world.session, ADA).id, now=EARLIER)
    assert world.why() == (
        "erased",
        "Whoever had the address ada@example.com was erased on 3 November 2021 at 08:30; what they were sent can't be told any more.",
    )


def test_a_stranger_who_is_known_to_bounce(world: World) -> None:
    strangers.bar(world.session, {ADA: Barred.HARD_BOUNCE}, source="csv import", now=EARLIER)
    assert world.why() == (
        "barred",
        "Nobody here has the address ada@example.com, and no file may bring it in: the address does not exist.",
    )


def test_who_is_on_other_lists_only(world: World, sent: None) -> None:
    a_list(world.session)
    a_subscriber(world.session, ADA, "events")
    assert world.why() == (
        "not on the list",
        "ada@example.com is here, but not on the list weekly, which The Friday Five goes to: they are on events.",
    )


def test_who_is_on_no_list_at_all(world: World, sent: None) -> None:
    roll.add(world.session, ADA, source="by hand", now=EARLIER)
    assert world.why() == (
        "not on the list",
        "ada@example.com is here, but not on the list weekly, which The Friday Five goes to: they are on no list at all.",
    )


def test_who_was_never_asked_for_a_yes(world: World, sent: None) -> None:
    a_list(world.session)
    roll.add(world.session, ADA, lists=["weekly"], source="csv import", now=EARLIER)
    assert world.why() == (
        "unconfirmed",
        "ada@example.com was put on weekly on 3 November 2021 at 08:30, by csv import, and has not said yes: they were never asked for it.",
    )


def test_who_was_asked_for_a_yes_and_gave_none(world: World, sent: None) -> None:
    from subscribers import waiting

    a_list(world.session)
    person = roll.add(world.session, ADA, lists=["weekly"], source="csv import", now=EARLIER)
    waiting.take(world.session, person.id, now=EARLIER + timedelta(days=1))
    assert world.why() == (
        "unconfirmed",
        "ada@example.com was put on weekly on 3 November 2021 at 08:30, by csv import, and has not said yes: they were asked on 4 November 2021 at 08:30 and have not answered.",
    )


def test_who_left(world: World, sent: None) -> None:
    person = a_subscriber(world.session, ADA)
    roll.unsubscribe(world.session, person.id, source="one-click", now=EARLIER)
    assert world.why() == (
        "left",
        "ada@example.com left weekly on 3 November 2021 at 08:30, by the unsubscribe button of their mail program.",
    )


def test_who_left_and_came_back_after_the_audience_was_fixed(world: World, sent: None) -> None:
    person = a_subscriber(world.session, ADA)
    roll.unsubscribe(world.session, person.id, source="preferences page", now=EARLIER)
    roll.rejoin(world.session, person.id, ["weekly"], source="sign-up form", now=LATER)
    roll.confirm(world.session, person.id, source="confirmation link", now=LATER)
    assert world.why() == (
        "left",
        "ada@example.com left weekly on 3 November 2021 at 08:30, on their preferences page; they came back on 26 November 2021 at 10:00, after its audience was fixed.",
    )


def test_who_is_suppressed_with_the_evidence(world: World, sent: None) -> None:
    a_subscriber(world.session, ADA)
    roll.suppress(world.session, ADA, reason=SuppressionReason.HARD_BOUNCE, note="550 5.1.1 no such user", now=EARLIER)
    assert world.why() == (
        "suppressed",
        "Nothing is mailed to ada@example.com since 3 November 2021 at 08:30: the address does not exist. The evidence: “550 5.1.1 no such user”.",
    )


def test_who_was_suppressed_then_and_is_not_any_more(world: World, sent: None) -> None:
    a_subscriber(world.session, ADA)
    roll.suppress(world.session, ADA, reason=SuppressionReason.GIVEN_UP, now=EARLIER)
    suppressions.lift(world.session, ADA, why="the mailbox is empty again", now=LATER)
    assert world.why() == (
        "suppressed",
        "Nothing was mailed to ada@example.com from 3 November 2021 at 08:30 until 26 November 2021 at 10:00: mail came back too often, from a full mailbox or one that could not be reached. That is lifted since, in the words “the mailbox is empty again”.",
    )


@pytest.mark.parametrize("reason", SuppressionReason)
def test_every_reason_to_mail_nobody_has_its_words(world: World, sent: None, reason: SuppressionReason) -> None:
    a_subscriber(world.session, ADA)
    roll.suppress(world.session, ADA, reason=reason, now=EARLIER)
    assert world.why()[0] == "suppressed"


@pytest.mark.parametrize("reason", Barred)
def test_every_reason_to_bring_nobody_in_has_its_words(world: World, reason: Barred) -> None:
    strangers.bar(world.session, {ADA: reason}, source="csv import", now=EARLIER)
    assert world.why()[0] == ("erased" if reason is Barred.ERASED else "barred")


def test_who_paused(world: World, sent: None) -> None:
    a_subscriber(world.session, ADA).paused_until = date(2021, 12, 24)
    assert world.why() == (
        "paused",
        "ada@example.com paused by their own wish: they want nothing before 24 December 2021, and this is The Friday Five of 26 November 2021.",
    )


def test_who_wants_the_first_of_each_month_only(world: World) -> None:
    world.sending(world.edition(date=date(2021, 11, 5)))
    world.sending(world.edition())
    a_subscriber(world.session, ADA).rhythm = Rhythm.MONTHLY
    assert world.why() == (
        "monthly",
        "ada@example.com wants only the first edition of each month, and in November that was the one of 5 November 2021.",
    )


def test_who_joined_after_the_audience_was_fixed(world: World, sent: None) -> None:
    a_list(world.session)
    roll.add(world.session, ADA, lists=["weekly"], consent=Consent.CONFIRMED, source="paper form 7", now=LATER)
    assert world.why() == (
        "joined later",
        "ada@example.com joined weekly on 26 November 2021 at 10:00, after the audience of The Friday Five of 26 November 2021 was fixed on 26 November 2021 at 09:00; the next edition is their first.",
    )


def test_who_said_yes_after_the_audience_was_fixed(world: World, sent: None) -> None:
    a_list(world.session)
    person = roll.add(world.session, ADA, lists=["weekly"], source="sign-up form", now=EARLIER)
    roll.confirm(world.session, person.id, source="confirmation link", now=LATER)
    assert world.why()[1].startswith(
        "ada@example.com said yes to weekly on 26 November 2021 at 10:00, after the audience"
    )


def test_who_is_outside_the_segment_is_told_what_it_asks_for(world: World) -> None:
    a_subscriber(world.session, ADA, language="de")
    segments.save(world.session, "french", "list:weekly and language:fr", now=EARLIER)
    edition = world.edition(segment="french")
    world.sending(edition)
    world.act(edition, "plan", reason="segment french: list:weekly and language:fr")
    assert world.why() == (
        "outside the segment",
        "The Friday Five of 26 November 2021 went to the segment french alone, and ada@example.com is not in it: it asks for language:fr.",
    )


def test_who_did_not_tick_the_topic(world: World) -> None:
    person = a_subscriber(world.session, ADA)
    world.session.add(TopicChoice(subscriber_id=person.id, topic="logistics"))
    segments.save(world.session, "payers", "topic:payments", now=EARLIER)
    world.sending(world.edition(segment="payers"))
    assert (
        world.why()[1]
        == "The Friday Five of 26 November 2021 went to the segment payers alone, and ada@example.com is not in it: it asks for topic:payments, and they ticked logistics."
    )


def test_a_segment_that_is_gone_is_said_so(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.sending(world.edition(segment="french"))
    assert world.why() == (
        "outside the segment",
        "The Friday Five of 26 November 2021 went to the segment french alone, which is not kept any more: whether ada@example.com was in it nobody can say.",
    )


def test_an_edition_for_a_segment_hides_none_that_was_for_everybody(world: World) -> None:
    a_subscriber(world.session, ADA)
    segments.save(world.session, "french", "language:fr", now=EARLIER)
    world.sending(world.edition(segment="french"))
    world.sending(world.edition(date=date(2021, 11, 19)), audience_complete_at=NINE - timedelta(days=7))
    assert [(reply.edition, reply.answer.case) for reply in world.ask()] == [
        ("friday/2021-11-26", Case.OUTSIDE_SEGMENT),
        ("friday/2021-11-19", Case.CHANGED_SINCE),
    ]


def test_where_nothing_on_record_says_why_that_is_said(world: World, sent: None) -> None:
    a_subscriber(world.session, ADA)
    assert world.why() == (
        "changed since",
        "ada@example.com could have had The Friday Five of 26 November 2021 as they stand on record, and was not in its audience when that was fixed on 26 November 2021 at 09:00: a pause, a suppression or a choice of theirs must have ended since.",
    )


def test_an_old_address_leads_to_who_has_another_now(world: World, sent: None) -> None:
    person = a_subscriber(world.session, "ada@old.example")
    wish = readdressing.ask(world.session, person, ADA, newsletter="friday", now=EARLIER)
    readdressing.move(world.session, wish, person.id, now=EARLIER)
    roll.unsubscribe(world.session, person.id, source="one-click", now=EARLIER + timedelta(days=2))
    assert world.why("ada@old.example") == (
        "left",
        "ada@old.example is ada@example.com since 3 November 2021. ada@example.com left weekly on 5 November 2021 at 08:30, by the unsubscribe button of their mail program.",
    )


def test_there_is_no_edition_yet(world: World) -> None:
    a_subscriber(world.session, ADA)
    assert world.why() == (
        "no edition",
        "No edition's day has come yet: newsletter editions list shows those ahead, newsletter assemble makes one.",
    )


def test_an_edition_that_is_not_there_is_said_to_be_so(world: World) -> None:
    a_subscriber(world.session, ADA)
    with pytest.raises(NotFound, match="there is no edition '2021-11-12'"):
        world.why(ADA, "2021-11-12")


def test_a_draft_was_sent_to_nobody(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.DRAFT)
    assert world.why() == ("not yet sent", "The Friday Five of 26 November 2021 is a draft and was sent to nobody yet.")


def test_an_approved_edition_waits_for_its_hour(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.APPROVED)
    _hour(world.session, SlotState.PLANNED)
    assert world.why(ADA, "2021-11-26", now=NINE - timedelta(days=1)) == (
        "not yet sent",
        "The Friday Five of 26 November 2021 is approved and goes out on 26 November 2021 at 09:00; nobody has it yet.",
    )


def test_beside_an_edition_that_waits_it_is_said_who_would_not_get_it_anyway(world: World) -> None:
    person = a_subscriber(world.session, ADA)
    roll.unsubscribe(world.session, person.id, source="letter", now=EARLIER)
    world.edition(state=State.APPROVED)
    (reply,) = world.ask()
    assert (reply.answer.case, reply.answer.evidence[-1].words) == (
        Case.NOT_YET_SENT,
        "they would not get it anyway: ada@example.com left weekly on 3 November 2021 at 08:30, by a letter to the unsubscribe mailbox.",
    )


def test_a_held_edition_says_who_held_it_and_why(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.HELD, by="clock", reason="nobody approved it in time")
    assert world.why() == (
        "held",
        "The Friday Five of 26 November 2021 is held since 25 November 2021 at 16:00, by clock: nobody approved it in time; nobody has it.",
    )


def test_an_edition_held_by_a_restored_backup_may_have_gone_out(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.HELD, by="ops", reason=review.RESTORED)
    _, sentence = world.why()
    assert sentence.endswith("look at what readers have; the mail server's log or the provider knows who has it.")


def test_a_week_that_was_skipped(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.SKIPPED, by="picker", reason="a thin week")
    assert world.why() == (
        "no edition that week",
        "The Friday Five of 26 November 2021 was skipped on 25 November 2021 at 16:00, by picker: a thin week; no copy was planned here.",
    )


def test_an_edition_that_was_cancelled_before_anything_went_out(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.CANCELLED, by="editor@news.example.com", reason="wrong sponsor")
    assert world.why() == (
        "cancelled",
        "The Friday Five of 26 November 2021 was cancelled before anything went out on 25 November 2021 at 16:00, by editor@news.example.com: wrong sponsor; nobody has it.",
    )


def test_a_friday_that_was_missed(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.edition(state=State.APPROVED)
    _hour(world.session, SlotState.MISSED, "the machine was off until 3 December")
    assert world.why() == (
        "missed",
        "The Friday Five of 26 November 2021 was missed: the machine was off until 3 December. Its hour was 26 November 2021 at 09:00. Nobody has it.",
    )


def test_a_missed_friday_that_has_no_edition_is_the_newest_they_could_have_had(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.sending(world.edition(date=date(2021, 11, 19)))
    _hour(world.session, SlotState.MISSED, "nothing was drafted")
    assert [(reply.edition, reply.answer.case) for reply in world.ask()] == [
        ("friday/2021-11-19", Case.CHANGED_SINCE),
        ("friday/2021-11-26", Case.MISSED),
    ]


def test_a_missed_friday_can_be_asked_for_by_its_date(world: World) -> None:
    a_subscriber(world.session, ADA)
    _hour(world.session, SlotState.MISSED, "nothing was drafted")
    assert world.why(ADA, "2021-11-26")[0] == "missed"


def test_the_audience_is_being_fixed(world: World) -> None:
    a_subscriber(world.session, ADA)
    edition = world.edition(state=State.SENDING)
    world.sending(edition, state=SendingState.PLANNING, audience_complete_at=None)
    assert world.why() == (
        "planning",
        "The audience of The Friday Five of 26 November 2021 is being fixed at this moment: ask again in a minute.",
    )


def test_tomorrows_draft_is_not_the_newest_they_could_have_had(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.sending(world.edition())
    world.edition(state=State.DRAFT, date=date(2021, 12, 3))
    assert [reply.edition for reply in world.ask(now=MONDAY)] == ["friday/2021-11-26"]


def test_an_edition_that_was_sent_by_hand_before_its_day_is_the_newest_they_could_have_had(world: World) -> None:
    a_subscriber(world.session, ADA)
    world.sending(world.edition())
    world.sending(world.edition(date=date(2021, 12, 3)))
    assert [reply.edition for reply in world.ask(now=MONDAY)] == ["friday/2021-12-03"]


def test_a_newsletter_that_left_the_settings_names_no_lists(world: World, sent: None) -> None:
    a_subscriber(world.session, ADA)
    world.settings = world.settings.model_copy(update={"newsletters": {}})
    assert world.why(ADA, "2021-11-26") == (
        "not on the list",
        "ada@example.com was not in the audience of friday of 26 November 2021; the newsletter left the settings since, and which lists it went to nobody can say.",
    )


def test_a_number_that_nobody_has(world: World, sent: None) -> None:
    assert world.why("4711") == ("erased", "Nobody here has the number 4711: they were erased, or never were here.")


def _hour(session: Session, state: SlotState, result: str = "") -> None:
    session.add(Slot(newsletter="friday", date=NINE.date(), job=Job.SEND, due_at=NINE, state=state, result=result))
    session.flush()
