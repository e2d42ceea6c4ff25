"""Leaving: whatever way it is asked for, what was not asked for changes nothing; and the way back."""

import re

import httpx
import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Newsletter
from newsletter.rendering import languages, links
from newsletter.tracking.mailbox import leaving
from newsletter.tracking.mailbox.leaving import Outcome
from subscribers import departures, roll
from subscribers.models import Consent, Subscriber, SuppressionReason, Why
from tests.readers.conftest import Clock, World
from tests.rendering import samples
from tests.web.conftest import SECRET

STAYED = {"events": Consent.CONFIRMED, "weekly": Consent.CONFIRMED}
LEFT = {"events": Consent.CONFIRMED, "weekly": Consent.UNSUBSCRIBED}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["u", "p", "e"])
def test_head_is_answered_as_get_would_be_and_changes_nothing(world: World, site: httpx.Client, path: str) -> None:
    got, headed = site.get(f"/{path}/{world.token}"), site.head(f"/{path}/{world.token}")
    assert (headed.status_code, headed.content, headed.headers["content-type"], world.consents()) == (
        got.status_code,
        b"",
        got.headers["content-type"],
        STAYED,
    )


def test_head_of_what_is_not_there_is_as_get_would_be(site: httpx.Client) -> None:
    assert [site.head(path).status_code for path in (f"/u/{'0' * 42}", "/nothing", "/join/none")] == [400, 404, 404]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/u/{token}", "GET, HEAD, POST"),
        ("PUT", "/p/{token}", "GET, HEAD, POST"),
        ("OPTIONS", "/p/{token}", "GET, HEAD, POST"),
        ("POST", "/e/{token}", "GET, HEAD"),
        ("GET", "/u/{token}/undo", "POST"),
        ("PATCH", "/join/friday", "GET, HEAD, POST"),
        ("GET", "/api/subscriptions", "OPTIONS, POST"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
def test_405_always_says_what_is_allowed(world: World, site: httpx.Client, method: str, path: str, allow: str) -> None:
    answer = site.request(method, path.format(token=world.token))
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b'{"lists": []}', "application/json"),
        (b"{}", FORM),
        (b"", FORM),
        (b"", ""),
        (b"hello", "text/plain"),
        (b"nothing=of&ours=here", FORM),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"lists=weekly", "multipart/form-data"),
        (b"\xff\xfe\x00", "application/octet-stream"),
    ],
)
def test_a_post_that_is_no_form_of_ours_is_400_and_changes_nothing(
    world: World, site: httpx.Client, body: bytes, kind: str
) -> None:
    answer = site.post(f"/p/{world.token}", content=body, headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, world.consents()) == (400, STAYED)


def test_a_form_without_end_is_413_and_changes_nothing(world: World, site: httpx.Client) -> None:
    body = b"form=preferences&x=" + b"a" * 100_000
    answer = site.post(f"/p/{world.token}", content=body, headers={"Content-Type": FORM})
    assert (answer.status_code, world.consents()) == (413, STAYED)


@pytest.mark.parametrize("body", [b"List-Unsubscribe=One-Click", b"", b"{}", b"\xff" * 1000])
def test_one_click_needs_no_body_that_anybody_could_get_wrong(world: World, site: httpx.Client, body: bytes) -> None:
    assert (site.post(f"/u/{world.token}", content=body).status_code, world.consents()) == (200, LEFT)


def test_the_page_after_leaving_opens_again_with_a_way_back(world: World, site: httpx.Client, clock: Clock) -> None:
    site.post(f"/u/{world.token}")
    clock.wait(days=200)
    page = site.get(f"/u/{world.token}").text
    undo = re.search(r'name="undo" value="([^"]+)"', page)
    assert undo
    site.post(f"/u/{world.token}/undo", data={"undo": undo[1]})
    assert (f"/p/{world.token}" in page, world.consents()) == (True, STAYED)


def test_why_somebody_left_is_one_click_and_the_last_one_counts(world: World, site: httpx.Client) -> None:
    site.post(f"/u/{world.token}")
    for why in ("too_often", "elsewhere"):
        site.post(f"/u/{world.token}/why", data={"why": why})
    with world.app.database.read() as session:
        counts = departures.counts(session)
    assert [(count.newsletter, count.why, count.people) for count in counts] == [("friday", Why.ELSEWHERE, 1)]


@pytest.mark.parametrize("why", ["", "because", "<script>"])
def test_a_reason_that_is_none_of_ours_is_400(world: World, site: httpx.Client, why: str) -> None:
    assert site.post(f"/u/{world.token}/why", data={"why": why}).status_code == 400


def test_a_reason_outlives_the_person_as_a_figure(world: World, site: httpx.Client, clock: Clock) -> None:
    site.post(f"/u/{world.token}")
    site.post(f"/u/{world.token}/why", data={"why": "other"})
    with world.app.database.write() as session:
        roll.erase(session, world.ada, now=clock())
    with world.app.database.read() as session:
        assert [count.people for count in departures.counts(session)] == [1]


@pytest.mark.parametrize(
    ("language", "heading"), [("fr", "Se désinscrire ?"), ("de-AT", "Abmelden?"), ("pt", "Unsubscribe?")]
)
def test_pages_speak_the_readers_language(world: World, site: httpx.Client, language: str, heading: str) -> None:
    with world.app.database.write() as session:
        session.get_one(Subscriber, world.ada).language = language
    assert heading in site.get(f"/u/{world.token}").text


def test_the_readers_choice_comes_before_the_newsletters() -> None:
    assert [languages.choose(*tags).tag for tags in (("", "fr"), ("de", "fr"), ("tlh", "fr"), ("", ""))] == [
        "fr",
        "de",
        "fr",
        "en",
    ]


def test_who_is_suppressed_is_told_that_no_mail_will_come_and_why(
    world: World, site: httpx.Client, clock: Clock
) -> None:
    with world.app.database.write() as session:
        roll.suppress(session, "ada@example.com", reason=SuppressionReason.HARD_BOUNCE, now=clock())
    page = site.get(f"/p/{world.token}").text
    assert ["No mail will come" in page, "this address does not exist" in page, "editors@news" in page] == [True] * 3


# by letter


def _letter(subject: str = "", body: str = "Please.", **more: str) -> bytes:
    heads = {"From": "ada@example.com", "To": "leave@news.example.com", "Subject": subject, **more}
    return ("".join(f"{name}: {value}\r\n" for name, value in heads.items()) + f"\r\n{body}\r\n").encode()


def test_a_letter_with_the_token_leaves(world: World, clock: Clock) -> None:
    outcome = leaving.by_letter(
        world.app.database, world.app.settings, _letter(f"unsubscribe {world.token}"), now=clock()
    )
    assert (outcome, world.consents()) == (Outcome.LEFT, LEFT)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (_letter("unsubscribe"), Outcome.UNKNOWN),
        (_letter(f"unsubscribe {'0' * 42}"), Outcome.UNKNOWN),
        (b"", Outcome.UNKNOWN),
        (b"\xff\xfe" * 50, Outcome.UNKNOWN),
        (_letter("=?utf-9?b?////?=", **{"Content-Type": 'text/plain; charset="none-such"'}), Outcome.UNKNOWN),
    ],
)
def test_a_letter_without_a_link_of_ours_changes_nobody(
    world: World, clock: Clock, raw: bytes, outcome: Outcome
) -> None:
    assert (leaving.by_letter(world.app.database, world.app.settings, raw, now=clock()), world.consents()) == (
        outcome,
        STAYED,
    )


def test_an_automatic_answer_that_quotes_a_link_changes_nobody(world: World, clock: Clock) -> None:
    raw = _letter("Out of office", f"https://news.example.com/u/{world.token}", **{"Auto-Submitted": "auto-replied"})
    assert (leaving.by_letter(world.app.database, world.app.settings, raw, now=clock()), world.consents()) == (
        Outcome.AUTOMATIC,
        STAYED,
    )


def test_the_header_names_the_mailbox_where_there_is_one(app: App) -> None:
    mould = samples.mould(mailbox="leave@news.example.com")
    reader = samples.reader()
    value = mould.headers(reader)["List-Unsubscribe"]
    assert value.endswith(f", <mailto:leave@news.example.com?subject=unsubscribe%20{reader.token}>")


def test_a_mailbox_in_the_settings_is_one_line() -> None:
    with pytest.raises(ValueError, match="not an address"):
        Newsletter(title="x", from_address="a@b.example", postal_address="y", unsubscribe_mailbox="a@b\r\nBcc: c")


@pytest.mark.parametrize("path", ["u", "p"])
def test_a_link_of_a_test_copy_says_that_it_is_nobodys(world: World, site: httpx.Client, path: str) -> None:
    link = f"/{path}/{links.token(SECRET, world.edition_id, 0)}"
    pages = [site.get(link).text, site.post(link, data={"lists": ["weekly"]}).text]
    assert [("This link is nobody’s." in page, "You are unsubscribed" in page) for page in pages] == [(True, False)] * 2


def test_a_token_of_no_edition_is_good_for_the_only_newsletter(world: World, site: httpx.Client) -> None:
    site.post(f"/u/{links.token(SECRET, 0, world.ada)}")
    with world.app.database.read() as session:
        assert session.scalars(select(Subscriber.id)).all() == [world.ada]
    assert world.consents() == LEFT
