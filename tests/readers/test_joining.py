"""Joining: from our page, from a form on another site, by the API; counted, asked by letter, written once."""

import json
import re
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select

from newsletter import jobs
from newsletter.app import App
from newsletter.config import Settings
from newsletter.jobs import correspondence, invitations, joining, wordings
from newsletter.jobs.invitations import Whose
from newsletter.rendering import languages
from subscribers import roll, signing_up
from subscribers.models import Consent, ConsentEvent, SignUp, Subscriber, SuppressionReason
from tests.factories import a_list, a_subscriber
from tests.readers.conftest import Clock, Mailbox, standing, words
from tests.web.site import served

API = "/api/subscriptions"
EVA = "eva@example.com"


def _seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def _sign_up(site: httpx.Client, clock: Clock, email: str = EVA, **more: str) -> httpx.Response:
    """As a person does: open the page, read it, fill it in."""
    seen = _seen(site.get("/join/friday").text)
    clock.wait(seconds=5)
    return site.post("/join/friday", data={"email": email, "seen": seen, **more})


def test_a_reader_joins_by_page_and_letter(app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox) -> None:
    _sign_up(site, clock)
    before = standing(app, EVA)
    page = site.post(mailbox.link(EVA, "c")).text
    assert (before, standing(app, EVA), "You’re in" in page) == (
        {"weekly": Consent.PENDING},
        {"weekly": Consent.CONFIRMED},
        True,
    )


def test_a_form_on_another_site_works_without_scripts(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    html = wordings.embedded(app.settings, app.newsletter(), languages.words("en"), label="footer")
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html))
    site.post("/join/friday", data={**fields, "email": EVA}, headers={"Origin": "https://shop.example"})
    site.post(mailbox.link(EVA, "c"))
    with app.database.read() as session:
        forms = session.scalars(select(ConsentEvent.form)).all()
    assert (standing(app, EVA), forms) == ({"weekly": Consent.CONFIRMED}, ["form: footer", "form: footer"])


def test_a_form_of_another_newsletter_or_a_made_up_one_is_refused(app: App, site: httpx.Client) -> None:
    answer = site.post("/join/friday", data={"email": EVA, "form": "WyJvdGhlciIsIngiXQ.forged"})
    assert (answer.status_code, standing(app, EVA)) == (400, {})


def test_the_api_asks_the_person_by_mail(app: App, site: httpx.Client, mailbox: Mailbox) -> None:
    answer = site.post(API, json={"email": EVA, "name": "Eva", "language": "fr"})
    assert (answer.status_code, standing(app, EVA), mailbox.to(EVA)[0]["Subject"]) == (
        202,
        {"weekly": Consent.PENDING},
        "Merci de confirmer : The Friday Five",
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"email": 7}', b'{"email": "no address"}', b'{"email": "a@example.com", "list": "x"}',
     b'{"email": "a@example.com", "lists": ["staff"]}', b'{"email": "a@example.com", "newsletter": "none"}',
     b'{"email": "a@example.com", "language": "klingon!"}'],
)  # fmt: skip
def test_what_the_api_does_not_understand_is_400_with_a_sentence(app: App, site: httpx.Client, body: bytes) -> None:
    answer = site.post(API, content=body)
    with app.database.read() as session:
        people = session.scalar(select(func.count()).select_from(Subscriber))
    assert (answer.status_code, bool(answer.json()["error"]), people) == (400, True, 0)


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800", "\u202ex", "<b>", "a\r\nBcc: x"])
def test_odd_letters_cost_nobody_their_place(app: App, site: httpx.Client, odd: str) -> None:
    answer = site.post(API, content=json.dumps({"email": EVA, "name": odd, "form": odd}).encode())
    assert (answer.status_code, standing(app, EVA)) in [(202, {"weekly": Consent.PENDING}), (400, {})]


def test_too_long_a_request_is_413(site: httpx.Client) -> None:
    assert site.post(API, content=b" " * 20_000).status_code == 413


def test_a_browser_may_ask_from_any_site(site: httpx.Client) -> None:
    answer = site.options(API, headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")


def test_the_answer_never_tells_whether_an_address_is_known(app: App, site: httpx.Client, now: datetime) -> None:
    with app.database.write() as session:
        a_subscriber(session, "ada@example.com")
        a_subscriber(session, "bob@example.com", consent=Consent.UNSUBSCRIBED)
        a_subscriber(session, "cyd@example.com")
        roll.suppress(session, "cyd@example.com", reason=SuppressionReason.COMPLAINT, now=now)
        roll.suppress(session, "dan@example.com", reason=SuppressionReason.HARD_BOUNCE, now=now)
    answers = [site.post(API, json={"email": f"{name}@example.com"}) for name in ("ada", "bob", "cyd", "dan", "new")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}


def test_who_is_on_the_list_is_told_so_by_mail(app: App, site: httpx.Client, mailbox: Mailbox) -> None:
    with app.database.write() as session:
        a_subscriber(session, EVA)
    site.post(API, json={"email": EVA})
    assert mailbox.to(EVA)[0]["Subject"] == "The Friday Five: You get it already."


def test_who_must_not_be_mailed_gets_nothing(app: App, site: httpx.Client, mailbox: Mailbox, now: datetime) -> None:
    with app.database.write() as session:
        roll.suppress(session, EVA, reason=SuppressionReason.MANUAL, now=now)
    site.post(API, json={"email": EVA})
    correspondence.answer(app, clock=lambda: now, grace=correspondence.AT_ONCE)
    assert mailbox.letters == []


def test_a_stranger_who_types_the_address_of_who_left_moves_nobody(app: App, site: httpx.Client) -> None:
    with app.database.write() as session:
        a_subscriber(session, EVA, consent=Consent.UNSUBSCRIBED)
    site.post(API, json={"email": EVA})
    assert standing(app, EVA) == {"weekly": Consent.UNSUBSCRIBED}


def test_who_left_comes_back_by_their_own_yes(app: App, site: httpx.Client, mailbox: Mailbox) -> None:
    with app.database.write() as session:
        a_subscriber(session, EVA, consent=Consent.UNSUBSCRIBED)
    site.post(API, json={"email": EVA})
    site.post(mailbox.link(EVA, "c"))
    assert standing(app, EVA) == {"weekly": Consent.CONFIRMED}


def test_who_was_erased_is_somebody_again_only_by_their_own_yes(
    app: App, site: httpx.Client, mailbox: Mailbox, now: datetime
) -> None:
    with app.database.write() as session:
        roll.erase(session, a_subscriber(session, EVA).id, now=now)
    site.post(API, json={"email": EVA})
    before = standing(app, EVA)
    site.post(mailbox.link(EVA, "c"))
    assert (before, standing(app, EVA)) == ({}, {"weekly": Consent.CONFIRMED})


# tokens


def test_looking_at_a_confirmation_link_confirms_nothing(app: App, site: httpx.Client, mailbox: Mailbox) -> None:
    site.post(API, json={"email": EVA})
    link = mailbox.link(EVA, "c")
    assert (site.get(link).status_code, site.head(link).status_code, standing(app, EVA)) == (
        200,
        200,
        {"weekly": Consent.PENDING},
    )


def test_a_forged_link_is_refused(app: App, site: httpx.Client, mailbox: Mailbox, now: datetime) -> None:
    site.post(API, json={"email": EVA})
    other = app.settings.model_copy(update={"secret": type(app.settings.secret)("another secret")})
    forged = invitations.sign(other, 1, ["weekly"], at=now, whose=Whose.SIGN_UP)
    assert (site.post(f"/c/{forged}").status_code, standing(app, EVA)) == (400, {"weekly": Consent.PENDING})


@pytest.mark.parametrize("place", [0, 5, -1])
def test_an_altered_link_is_refused(app: App, site: httpx.Client, mailbox: Mailbox, place: int) -> None:
    site.post(API, json={"email": EVA})
    token = list(mailbox.link(EVA, "c").removeprefix("/c/"))
    token[place] = "A" if token[place] != "A" else "B"
    assert (site.post(f"/c/{''.join(token)}").status_code, standing(app, EVA)) == (400, {"weekly": Consent.PENDING})


def test_an_expired_link_is_refused(app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox) -> None:
    site.post(API, json={"email": EVA})
    clock.wait(days=30, seconds=1)
    answer = site.post(mailbox.link(EVA, "c"))
    assert (answer.status_code, "more than a month old" in answer.text, standing(app, EVA)) == (
        400,
        True,
        {"weekly": Consent.PENDING},
    )


def test_a_link_clicked_twice_says_the_same_and_writes_once(app: App, site: httpx.Client, mailbox: Mailbox) -> None:
    site.post(API, json={"email": EVA})
    pages = [site.post(mailbox.link(EVA, "c")).text for _ in range(2)]
    with app.database.read() as session:
        events = session.scalars(select(ConsentEvent.consent).order_by(ConsentEvent.id)).all()
    assert (["You’re in" in page for page in pages], events) == ([True, True], [Consent.PENDING, Consent.CONFIRMED])


def test_a_link_replayed_after_leaving_brings_nobody_back(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    site.post(API, json={"email": EVA})
    link = mailbox.link(EVA, "c")
    site.post(link)
    clock.wait(days=1)
    with app.database.write() as session:
        roll.unsubscribe(session, roll.get(session, EVA).id, source="one-click", now=clock())
    clock.wait(days=1)
    page = site.post(link).text
    assert ("nothing to confirm" in page, standing(app, EVA)) == (True, {"weekly": Consent.UNSUBSCRIBED})


def test_a_link_replayed_after_erasure_brings_nobody_back(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    site.post(API, json={"email": EVA})
    link = mailbox.link(EVA, "c")
    site.post(link)
    with app.database.write() as session:
        roll.erase(session, roll.get(session, EVA).id, now=clock())
    site.post(link)
    assert standing(app, EVA) == {}


# limits


def test_a_flood_is_limited_and_writes_nobody_twice(app: App, site: httpx.Client, mailbox: Mailbox) -> None:
    answers = [site.post(API, json={"email": f"eva{number % 20}@example.com"}).status_code for number in range(40)]
    with app.database.read() as session:
        people = session.scalar(select(func.count()).select_from(Subscriber))
        requests = session.scalar(select(func.count()).select_from(SignUp))
    assert (answers.count(202), answers.count(429), people, requests) == (30, 10, 20, 20)


def test_who_waits_gets_in(site: httpx.Client, clock: Clock) -> None:
    answers = [site.post(API, json={"email": f"eva{number}@example.com"}) for number in range(31)]
    clock.wait(seconds=int(answers[-1].headers["retry-after"]) + 1)
    assert (answers[-1].status_code, site.post(API, json={"email": EVA}).status_code) == (429, 202)


def test_one_address_is_written_to_a_few_times_a_day_at_most(
    site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    for number in range(6):
        clock.wait(minutes=1)
        site.post(API, json={"email": EVA})
        mailbox.to(EVA, letters=min(number + 1, 3))
    assert len(mailbox.to(EVA, letters=3)) == 3


def test_a_proxy_of_ours_is_asked_for_the_visitor_and_a_visitor_is_not_believed(app: App, site: httpx.Client) -> None:
    forwarded = "198.51.100.66, 203.0.113.9"
    site.post(API, json={"email": EVA}, headers={"X-Forwarded-For": forwarded})
    with app.database.read() as session:
        assert session.scalars(select(SignUp.given_from)).all() == ["203.0.113.9"]


# machines


def test_a_machine_that_fills_in_what_nobody_sees_is_thanked_and_forgotten(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    answer = _sign_up(site, clock, website="https://spam.example")
    assert (answer.status_code, standing(app, EVA), mailbox.letters) == (200, {}, [])


def test_a_form_sent_quicker_than_anybody_reads_is_shown_again(app: App, site: httpx.Client, clock: Clock) -> None:
    seen = _seen(site.get("/join/friday").text)
    first = site.post("/join/friday", data={"email": EVA, "seen": seen})
    clock.wait(seconds=3)
    second = site.post("/join/friday", data={"email": EVA, "seen": _seen(first.text)})
    assert (first.status_code, EVA in first.text, second.status_code) == (400, True, 200)


@pytest.mark.parametrize("seen", ["", "x", "MQ.forged"])
def test_a_form_without_the_time_it_was_shown_is_shown_again(app: App, site: httpx.Client, seen: str) -> None:
    answer = site.post("/join/friday", data={"email": EVA, "seen": seen})
    assert (answer.status_code, standing(app, EVA)) == (400, {})


def test_a_wrong_address_is_shown_where_it_is_wrong(site: httpx.Client, clock: Clock) -> None:
    answer = _sign_up(site, clock, "eva@@example")
    assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (400, True)


# what is kept


def test_consent_is_kept_with_its_words_its_form_and_where_it_came_from(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    _sign_up(site, clock)
    site.post(mailbox.link(EVA, "c"))
    with app.database.read() as session:
        kept = session.execute(
            select(ConsentEvent.consent, ConsentEvent.form, ConsentEvent.given_from).order_by(ConsentEvent.id)
        ).all()
        version = session.scalars(select(ConsentEvent.wording).distinct()).one()
    assert ([tuple(row) for row in kept], len(version)) == (
        [(Consent.PENDING, "sign-up page", "127.0.0.1"), (Consent.CONFIRMED, "sign-up page", "127.0.0.1")],
        16,
    )


def test_network_addresses_are_forgotten_when_their_time_is_over(
    app: App, site: httpx.Client, clock: Clock, mailbox: Mailbox
) -> None:
    site.post(API, json={"email": EVA})
    site.post(mailbox.link(EVA, "c"))
    clock.wait(days=91)
    with app.database.write() as session:
        joining.sweep(session, app.settings.sign_up, now=clock())
    with app.database.read() as session:
        kept = {*session.scalars(select(ConsentEvent.given_from)), *session.scalars(select(SignUp.given_from))}
    assert (kept, standing(app, EVA)) == ({""}, {"weekly": Consent.CONFIRMED})


def test_who_never_answers_is_forgotten_after_a_month(app: App, site: httpx.Client, clock: Clock) -> None:
    site.post(API, json={"email": EVA})
    clock.wait(days=31)
    with app.database.write() as session:
        joining.sweep(session, app.settings.sign_up, now=clock())
    with app.database.read() as session:
        left = [session.scalar(select(func.count()).select_from(table)) for table in (Subscriber, SignUp)]
    assert left == [0, 0]


def test_who_was_here_before_is_not_forgotten_with_a_request(app: App, site: httpx.Client, clock: Clock) -> None:
    with app.database.write() as session:
        a_subscriber(session, EVA, "events")
    site.post(API, json={"email": EVA})
    clock.wait(days=31)
    with app.database.write() as session:
        joining.sweep(session, app.settings.sign_up, now=clock())
    assert standing(app, EVA) == {"events": Consent.CONFIRMED}


def test_who_has_confirmed_is_greeted_once_where_the_newsletter_says_so(
    settings: Settings, app: App, now: datetime, mailbox: Mailbox
) -> None:
    friday = settings.newsletters["friday"].model_copy(update={"welcome": "Good to have you.\n\nSee you on Friday."})
    greeting = App(settings.model_copy(update={"newsletters": {"friday": friday}}), app.database)
    with app.database.write() as session:
        a_list(session)
    with served(greeting, lambda: now) as site:
        site.post(API, json={"email": EVA})
        link = mailbox.link(EVA, "c")
        site.post(link)
        site.post(link)
        welcome = words(mailbox.to(EVA, letters=2)[-1])
    correspondence.answer(greeting, clock=lambda: now, grace=correspondence.AT_ONCE)
    assert ("See you on Friday." in welcome, "/p/" in welcome, len(mailbox.letters)) == (True, True, 2)


def test_what_a_process_that_died_had_not_mailed_the_scheduler_mails(app: App, now: datetime, mailbox: Mailbox) -> None:
    with app.database.write() as session:
        a_list(session)
    request = signing_up.Request(EVA, "friday", ("weekly",), "Send it to me.", "sign-up page")
    joining.ask(app, request, now=now)
    later = now + timedelta(minutes=1)
    work = [one for one in jobs.tick(app, now=later, owner="a") if one.name == "answers"]
    jobs.run(app, work[0], owner="a", clock=lambda: later)
    again = [one for one in jobs.tick(app, now=later + timedelta(minutes=1), owner="a") if one.name == "answers"]
    assert (len(mailbox.to(EVA)), again) == (1, [])


def test_a_letter_that_could_not_go_out_is_tried_again(settings: Settings, app: App, now: datetime) -> None:
    with app.database.write() as session:
        a_list(session)
    settings.path(settings.maildir.path).write_text("a file where the Maildir should be")
    joining.ask(app, signing_up.Request(EVA, "friday", ("weekly",), "Yes.", "sign-up page"), now=now)
    sent = correspondence.answer(app, clock=lambda: now, grace=correspondence.AT_ONCE)
    with app.database.read() as session:
        waits = correspondence.waits(session, app, now=now + timedelta(minutes=1))
    assert (sent, waits) == (0, True)


def test_the_letter_names_the_days_and_the_way_to_do_nothing(site: httpx.Client, mailbox: Mailbox) -> None:
    site.post(API, json={"email": EVA})
    assert [part in words(mailbox.to(EVA)[0]) for part in ("30 days", "Just ignore this letter")] == [True, True]
