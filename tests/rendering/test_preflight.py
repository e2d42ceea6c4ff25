"""What is looked at before an edition may go out."""

import pytest

from newsletter.config import Settings
from newsletter.rendering import preflight, sheet
from newsletter.rendering.models import Proof
from newsletter.rendering.preflight import Finding, Level, checks
from newsletter.rendering.sheet import Sheet
from tests.rendering import samples
from tests.rendering.samples import T_TOKEN, laid_out, story


def findings(page: Sheet, settings: Settings | None = None) -> dict[str, Finding]:
    given = settings or samples.settings()
    proof = Proof(subject=page.subject, html=page.html.encode(), text=page.text.encode())
    return {finding.check: finding for finding in preflight.check(proof, samples.friday(given), given)}


def changed(**parts: str) -> Sheet:
    page = laid_out()
    return Sheet(**{"subject": page.subject, "html": page.html, "text": page.text} | parts)


def without(html: str = "", text: str = "") -> Sheet:
    page = laid_out()
    return Sheet(
        page.subject,
        page.html.replace(html, "") if html else page.html,
        page.text.replace(text, "") if text else page.text,
    )


def test_the_shipped_template_is_green() -> None:
    assert preflight.worst(findings(laid_out()).values()) is Level.GREEN


@pytest.mark.parametrize(("length", "level"), [(79_000, "green"), (81_000, "amber"), (100_001, "red")])
def test_large_mails_are_noticed(length: int, level: str) -> None:
    assert checks.size("x" * length).level == level


def test_the_size_is_that_of_the_longest_reader() -> None:
    assert checks.size(samples.H_NAME * 5_300).level is Level.RED


def test_an_empty_subject_is_red() -> None:
    assert findings(changed(subject=" "))["subject"].level is Level.RED


def test_a_very_long_subject_is_amber() -> None:
    assert findings(changed(subject="word " * 40))["subject"].level is Level.AMBER


def test_an_empty_text_part_is_red() -> None:
    assert findings(changed(text="\n"))["text"].level is Level.RED


def test_a_text_part_without_unsubscribe_is_red() -> None:
    assert findings(without(text=f"https://news.example.com/u/{T_TOKEN}"))["unsubscribe"] == Finding(
        "unsubscribe", Level.RED, "The text part has no unsubscribe link: put links.unsubscribe there."
    )


def test_html_without_unsubscribe_is_red() -> None:
    assert findings(without(html="/u/"))["unsubscribe"].level is Level.RED


def test_a_part_without_the_postal_address_is_red() -> None:
    assert findings(without(html="1 Market Row"))["postal address"].level is Level.RED


def test_an_image_without_alternative_text_is_red() -> None:
    assert findings(without(html='alt="A stage"'))["images"].level is Level.RED


def test_an_image_that_adorns_a_linked_headline_is_green() -> None:
    assert findings(laid_out(story(image_alt="")))["images"].level is Level.GREEN


def test_a_link_with_nothing_but_an_undescribed_image_is_amber() -> None:
    mute = '<a href="https://a.example"><img src="https://img.example/a.png" alt=""> </a>'

    assert findings(changed(html=f"{laid_out().html}{mute}"))["images"].text == (
        "The link to https://a.example says nothing to who can't see its picture: describe it."
    )


def test_an_image_over_plain_http_is_amber() -> None:
    assert findings(laid_out(story(image_url="http://img.example/a.png")))["images"].level is Level.AMBER


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost", "[::1]"])
def test_an_image_on_this_machine_is_green_where_mail_stays_there_too(host: str) -> None:
    given = samples.settings(public_url="http://127.0.0.1:8025")
    shown = story(image_url=f"http://{host}/a.png")
    page = sheet.lay_out(samples.edition(shown), samples.friday(given), given)

    assert findings(page, given)["images"].level is Level.GREEN


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", "#top", "/relative", "mailto:"])
def test_a_link_that_leads_nowhere_is_red(address: str) -> None:
    assert findings(changed(html=f'{laid_out().html}<a href="{address}">x</a>'))["links"].level is Level.RED


@pytest.mark.parametrize("left", ["{{ name }}", "{% if %}", "\ue000body.mjml:3\ue001"])
def test_what_was_left_unfilled_is_red(left: str) -> None:
    assert findings(changed(text=f"{laid_out().text} {left}"))["slots"].level is Level.RED


def test_real_senders_want_https_links() -> None:
    given = samples.settings(sender="smtp", public_url="http://news.example.com")

    assert findings(laid_out(), given)["addresses"].level is Level.AMBER


@pytest.mark.parametrize(
    ("sender", "level"),
    [
        ({"sender": "smtp", "smtp": {"host": "mail.example.com"}}, Level.RED),
        ({"sender": "sendgrid"}, Level.RED),
        ({"sender": "smtp", "smtp": {"host": "127.0.0.1"}}, Level.AMBER),
        ({"sender": "maildir"}, Level.GREEN),
    ],
)
def test_links_that_lead_to_this_machine_alone_are_for_no_reader(sender: dict[str, object], level: Level) -> None:
    given = Settings.model_validate(
        {**samples.settings().model_dump(), "public_url": "http://127.0.0.1:8025", **sender}
    )

    assert findings(laid_out(), given)["addresses"].level is level


def test_after_public_url_was_changed_the_reason_is_told() -> None:
    found = findings(laid_out(), samples.settings(public_url="https://new.example.com"))["unsubscribe"]

    assert (found.level, "were made when public_url was" in found.text) == (Level.RED, True)


def test_links_that_anybody_could_forge_are_red() -> None:
    assert findings(laid_out(), samples.settings(secret=""))["addresses"].level is Level.RED


def test_the_worst_finding_counts() -> None:
    levels = (Finding("a", Level.GREEN, ""), Finding("b", Level.RED, ""), Finding("c", Level.AMBER, ""))

    assert preflight.worst(levels) is Level.RED
