"""Writing at the desk: what one saves is merged with what another saved, and nothing typed is lost."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, select

from newsletter.app import App
from newsletter.editions import review, revisions, shelf
from newsletter.editions import words as wording
from newsletter.editions.models import Alarm, EditionEvent, State, Wording
from newsletter.editions.words import Words
from newsletter.jobs import deciding, letters
from newsletter.staff.models import Act
from tests.desk.conftest import called
from tests.factories import an_edition
from tests.staff.conftest import Browser, Clock


@dataclass
class Writer:
    """Somebody at the page, as its script speaks."""

    browser: Browser
    path: str
    name: str
    revision: int = 0

    def open(self) -> "Writer":
        text = self.browser.open(self.path).text
        self.revision = int(re.findall(r'name="revision" value="(\d+)"', text)[0])
        return self

    def save(self, *changed: str, **fields: str) -> dict[str, Any]:
        """Save *fields*, of which those in the places *changed* were."""
        form = {"revision": str(self.revision), "page": self.name, "by": "script"}
        answer = self.browser.client.post(
            self.path,
            data={**_hidden(self.browser), **form, **fields, "changed": list(changed)},
            headers={"Origin": str(self.browser.client.base_url)},
        )
        found: dict[str, Any] = answer.json()
        self.revision = found.get("revision", self.revision)
        return found | {"status": answer.status_code}


def _hidden(browser: Browser) -> dict[str, str]:
    csrf = re.findall(r'name="csrf" value="([^"]*)"', browser.page.text)
    return {"csrf": csrf[0] if csrf else ""}


@pytest.fixture
def eva(app: App, browser: Browser, edition_id: int) -> Writer:
    browser.sign_in(called(app, "Eva"))
    return Writer(browser, f"/editions/{edition_id}/edit", "eva").open()


@pytest.fixture
def max_(app: App, other_browser: Browser, edition_id: int) -> Writer:
    other_browser.sign_in(called(app, "Max"))
    return Writer(other_browser, f"/editions/{edition_id}/edit", "max").open()


def said(app: App, edition_id: int) -> Words:
    with app.database.read() as session:
        return wording.of(shelf.get(session, edition_id))


def headlines(words: Words) -> list[str]:
    return [story.headline for story in words.stories]


def versions(app: App, edition_id: int) -> list[int]:
    with app.database.read() as session:
        return [row.revision for row in revisions.versions(session, shelf.get(session, edition_id))]


def key(app: App, edition_id: int, number: int) -> str:
    return said(app, edition_id).stories[number].key


# the page


def test_every_word_has_a_field_of_its_own_that_a_link_leads_to(eva: Writer) -> None:
    page = eva.browser.page.text
    names = ["title", "subject", "preheader", "introduction", "sponsor_name", "sponsor_text", "sponsor_url"]
    names += [f"stories-2-{field}" for field in ("headline", "summary", "url", "image_url", "image_alt", "attribution")]
    assert [name for name in names if f'id="{name}"' not in page or f'name="{name}"' not in page] == []


def test_it_is_said_before_the_first_change_that_an_approval_will_be_taken_back(app: App, eva: Writer) -> None:
    with app.database.write() as session:
        review.approve(session, shelf.get(session, 1), by="Boss", now=eva_time(app))
    approved = eva.browser.open(eva.path).text
    eva.save("-subject", subject="Another")
    with app.database.read() as session:
        state = shelf.get(session, 1).state
    assert ('id="approved">It is approved. The first change' in approved, state) == (True, State.IN_REVIEW)


def eva_time(app: App) -> Any:
    return app.clock()


def test_an_edition_that_was_sent_is_not_written(app: App, browser: Browser) -> None:
    with app.database.write() as session:
        sent = an_edition(session, state=State.SENT).id
    browser.sign_in(called(app, "Eva"))
    answer = browser.open(f"/editions/{sent}/edit")
    assert (answer.status_code, "can&#39;t be edited" in answer.text) == (409, True)


def test_an_operator_writes_nothing(app: App, browser: Browser, edition_id: int) -> None:
    from newsletter.staff.models import Role

    browser.sign_in(called(app, "Olga", Role.OPERATOR))
    assert browser.open(f"/editions/{edition_id}/edit").status_code == 403


# a plain form


def _form(words: Words, **fields: str) -> dict[str, str]:
    from newsletter.editions import fields as names

    keys = {names.name(number, "key"): story.key for number, story in enumerate(words.stories)}
    return {**dict(names.said(words)), **keys, "stories": str(len(words.stories)), **fields}


def test_without_scripts_a_form_saves_all(app: App, eva: Writer, edition_id: int) -> None:
    answer = eva.browser.send(eva.path, **_form(said(app, edition_id), subject="Another", do="save"))
    assert (answer.status_code, said(app, edition_id).subject) == (303, "Another")


@pytest.mark.parametrize(
    ("do", "stories"),
    [
        ("up-1", ["Carrefour opens a shop", "Walmart goes live", "Getir buys Weezy"]),
        ("down-1", ["Walmart goes live", "Getir buys Weezy", "Carrefour opens a shop"]),
        ("remove-0", ["Carrefour opens a shop", "Getir buys Weezy"]),
        ("up-0", ["Walmart goes live", "Carrefour opens a shop", "Getir buys Weezy"]),
        ("up-99", ["Walmart goes live", "Carrefour opens a shop", "Getir buys Weezy"]),
    ],
)
def test_without_scripts_buttons_move_and_remove(
    app: App, eva: Writer, edition_id: int, do: str, stories: list[str]
) -> None:
    eva.browser.send(eva.path, **_form(said(app, edition_id), do=do))
    assert headlines(said(app, edition_id)) == stories


def test_without_scripts_a_story_is_added(app: App, eva: Writer, edition_id: int) -> None:
    page = eva.browser.send(eva.path, **_form(said(app, edition_id), do="add")).text
    new = re.findall(r'name="stories-3-key" value="([0-9a-f]+)"', page)[0]
    more = {"stories": "4", "stories-3-key": new, "stories-3-headline": "A fourth one", "do": "save"}
    eva.browser.send(eva.path, **_form(said(app, edition_id), **more))
    assert headlines(said(app, edition_id))[3:] == ["A fourth one"]


def test_without_scripts_a_conflict_keeps_both_until_somebody_chose(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    old = said(app, edition_id)
    max_.save("-subject", subject="Max’s")
    page = eva.browser.send(eva.path, **_form(old, subject="Eva’s", preheader="Eva too", do="save"))
    kept = said(app, edition_id)
    again = _form(kept, subject="Eva’s", conflict="-subject", do="save")
    asked = eva.browser.send(eva.path, **again)
    unchosen = said(app, edition_id).subject
    eva.browser.send(eva.path, **again, **{"choose--subject": "mine"})
    assert (page.status_code, "Max’s" in page.text, "Eva’s" in page.text) == (409, True, True)
    assert (kept.subject, kept.preheader, unchosen) == ("Max’s", "Eva too", "Max’s")
    assert (asked.status_code, "Eva’s" in asked.text, said(app, edition_id).subject) == (409, True, "Eva’s")


def test_without_scripts_what_can_not_be_kept_stays_in_its_field(app: App, eva: Writer, edition_id: int) -> None:
    typed = {"stories-1-url": "javascript:alert(1)", "subject": "Another", "do": "save"}
    page = eva.browser.send(eva.path, **_form(said(app, edition_id), **typed))
    assert (page.status_code, page.text.count("javascript:alert(1)") > 0, said(app, edition_id).subject) == (
        400,
        True,
        "Another",
    )
    assert "is not a link that readers can follow" in page.text


def test_without_scripts_the_last_save_is_taken_back(app: App, eva: Writer, edition_id: int) -> None:
    eva.browser.send(eva.path, **_form(said(app, edition_id), subject="Another", do="save"))
    eva.browser.open(eva.path)
    eva.browser.send(eva.path, **_form(said(app, edition_id), do="undo"))
    assert said(app, edition_id).subject == "Walmart goes live, Carrefour goes cashierless"


# saved as somebody types


def test_what_is_typed_is_saved_and_the_answer_says_all(app: App, eva: Writer, edition_id: int) -> None:
    answer = eva.save("-subject", subject="Another")
    assert (answer["status"], answer["revision"], answer["isNew"], answer["words"]["subject"]) == (
        200,
        2,
        True,
        "Another",
    )
    assert [story["headline"] for story in answer["stories"]] == headlines(said(app, edition_id))


def test_nothing_changed_makes_no_version(app: App, eva: Writer, edition_id: int) -> None:
    assert (eva.save()["isNew"], eva.save("-subject")["isNew"], said(app, edition_id).subject) == (
        False,
        False,
        "Walmart goes live, Carrefour goes cashierless",
    )


def test_two_write_in_different_fields_and_both_have_both(app: App, eva: Writer, max_: Writer, edition_id: int) -> None:
    first, second = (f"{key(app, edition_id, number)}-headline" for number in (0, 1))
    eva.save(first, **{"stories-0-headline": "Eva’s"})
    answer = max_.save(second, **{"stories-1-headline": "Max’s"})
    assert [story["headline"] for story in answer["stories"]] == ["Eva’s", "Max’s", "Getir buys Weezy"]
    assert (answer["conflicts"], headlines(said(app, edition_id))[:2]) == ([], ["Eva’s", "Max’s"])


def test_the_same_field_of_two_is_a_conflict_that_shows_both(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    eva.save("-subject", subject="Eva’s")
    answer = max_.save("-subject", "-preheader", subject="Max’s", preheader="New")
    assert answer["conflicts"] == [
        {"place": "-subject", "says": "Eva changed the subject too: whose words?", "mine": "Max’s", "theirs": "Eva’s"}
    ]
    assert (said(app, edition_id).subject, said(app, edition_id).preheader) == ("Eva’s", "New")


def test_a_conflict_waits_until_somebody_chose(app: App, eva: Writer, max_: Writer, edition_id: int) -> None:
    eva.save("-subject", subject="Eva’s")
    max_.save("-subject", subject="Max’s")
    max_.save("-subject", subject="Max’s", conflict="-subject")
    waits = said(app, edition_id).subject
    max_.save("-subject", subject="Max’s")
    assert (waits, said(app, edition_id).subject) == ("Eva’s", "Max’s")


def test_a_story_moved_by_one_is_still_rewritten_by_the_other(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    keys = [story.key for story in said(app, edition_id).stories]
    order = {f"stories-{place}-key": one for place, one in enumerate(reversed(keys))}
    eva.save("-stories", **order, stories="3")
    max_.save(f"{keys[0]}-headline", **{"stories-0-headline": "Max’s", "stories-0-key": keys[0]})
    assert headlines(said(app, edition_id)) == ["Getir buys Weezy", "Carrefour opens a shop", "Max’s"]


def test_a_new_story_that_says_nothing_yet_is_no_reproach(eva: Writer) -> None:
    answer = eva.save("-stories", **{"stories": "4", "stories-3-key": "new"})
    assert (answer["isNew"], answer["problems"]) == (False, [])


def test_a_story_begun_without_its_headline_waits_and_the_rest_is_saved(app: App, eva: Writer, edition_id: int) -> None:
    typed = {"stories": "4", "stories-3-key": "new", "stories-3-summary": "It began", "subject": "Another"}
    answer = eva.save("-stories", "-subject", **typed)
    assert answer["problems"] == [{"place": "new-headline", "says": "Story 4 needs a headline."}]
    assert (said(app, edition_id).subject, len(said(app, edition_id).stories)) == ("Another", 3)


def test_an_edition_keeps_its_last_story(app: App, eva: Writer, edition_id: int) -> None:
    answer = eva.save("-stories", stories="0")
    assert ([one["says"] for one in answer["problems"]], len(said(app, edition_id).stories)) == (
        ["An edition needs at least one story."],
        3,
    )


def test_gigantic_words_are_refused_by_their_field(app: App, eva: Writer, edition_id: int) -> None:
    answer = eva.save("-introduction", "-subject", introduction="a" * 30_000, subject="Another")
    assert answer["problems"] == [
        {"place": "-introduction", "says": "The introduction has 30,000 characters, and may have 20,000."}
    ]
    assert said(app, edition_id).subject == "Another"


def test_a_form_from_a_revision_that_nobody_kept_is_asked_about(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    max_.save("-subject", subject="Max’s")
    eva.revision = 999
    answer = eva.save("-subject", subject="Eva’s")
    assert ([one["place"] for one in answer["conflicts"]], said(app, edition_id).subject) == (["-subject"], "Max’s")


def test_what_was_sent_meanwhile_is_said_and_nothing_is_changed(app: App, eva: Writer, edition_id: int) -> None:
    with app.database.write() as session:
        shelf.get(session, edition_id).state = State.SENDING
    answer = eva.save("-subject", subject="Too late")
    assert (answer["status"], "is being sent and can't be edited" in answer["sorry"]) == (409, True)


def test_html_and_scripts_are_words(app: App, eva: Writer, edition_id: int) -> None:
    eva.save("-introduction", introduction="<script>alert(1)</script>")
    page = eva.browser.open(eva.path).text
    assert ("<script>alert(1)" in page, said(app, edition_id).introduction) == (False, "<script>alert(1)</script>")


# versions


def test_what_is_typed_without_a_pause_is_one_version(app: App, eva: Writer, clock: Clock, edition_id: int) -> None:
    for text in ("A", "An", "Ano", "Another"):
        clock.turn(seconds=20)
        eva.save("-subject", subject=text)
    assert versions(app, edition_id) == [5, 1]


def test_a_pause_begins_a_version(app: App, eva: Writer, clock: Clock, edition_id: int) -> None:
    eva.save("-subject", subject="Before")
    clock.turn(minutes=4)
    eva.save("-subject", subject="After")
    assert versions(app, edition_id) == [3, 2, 1]


def test_an_hour_of_typing_is_several_versions(app: App, eva: Writer, clock: Clock, edition_id: int) -> None:
    for minute in range(40):
        clock.turn(minutes=1)
        eva.save("-subject", subject=f"Minute {minute}")
    assert versions(app, edition_id) == [41, 33, 17, 1]


def test_what_somebody_else_saw_stays_a_version(
    app: App, eva: Writer, max_: Writer, clock: Clock, edition_id: int
) -> None:
    eva.save("-subject", subject="Seen")
    clock.turn(seconds=5)
    max_.save()
    eva.save("-subject", subject="Not seen")
    eva.save("-subject", subject="Last")
    assert versions(app, edition_id) == [4, 2, 1]


def test_what_somebody_else_looked_at_elsewhere_stays_a_version(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    eva.save("-subject", subject="Seen")
    max_.browser.open(f"/editions/{edition_id}")
    eva.save("-subject", subject="Last")
    assert versions(app, edition_id) == [3, 2, 1]


def test_what_was_approved_stays_a_version(app: App, eva: Writer, clock: Clock, edition_id: int) -> None:
    eva.save("-subject", subject="Approved")
    deciding.approve(app, edition_id, by="Eva", now=clock())
    eva.save("-subject", subject="Later")
    assert versions(app, edition_id) == [3, 2, 1]


def test_save_makes_a_version_of_its_own(app: App, eva: Writer, edition_id: int) -> None:
    eva.save("-subject", subject="One")
    eva.save("-subject", subject="Two", do="save")
    eva.save("-subject", subject="Three")
    assert versions(app, edition_id) == [4, 3, 2, 1]


def test_what_is_folded_away_is_dropped_days_later_and_no_version_is(
    app: App, eva: Writer, clock: Clock, edition_id: int
) -> None:
    for text in ("A", "An", "Another"):
        eva.save("-subject", subject=text)
    clock.turn(days=3)
    eva.browser.sign_in("eva@example.com")
    eva.open().save("-subject", subject="Days later")
    with app.database.read() as session:
        kept = session.scalars(select(Wording.revision).order_by(Wording.revision)).all()
    assert (kept, versions(app, edition_id)) == ([1, 4, 5], [5, 4, 1])


def test_a_version_gets_a_name_and_is_not_folded_away(app: App, eva: Writer, edition_id: int) -> None:
    eva.save("-subject", subject="Named")
    eva.browser.open(f"/editions/{edition_id}/versions")
    eva.browser.send(f"/editions/{edition_id}/versions/name", version="2", name="  Before the\n<b>call</b> ")
    eva.open().save("-subject", subject="Later")
    page = eva.browser.open(f"/editions/{edition_id}/versions").text
    assert ("Before the &lt;b&gt;call&lt;/b&gt;</a>" in page, versions(app, edition_id)) == (True, [3, 2, 1])


@pytest.mark.parametrize(("version", "name", "status"), [("2", "x" * 81, 400), ("99", "x", 404), ("", "x", 400)])
def test_a_name_that_can_not_be_given(eva: Writer, edition_id: int, version: str, name: str, status: int) -> None:
    eva.save("-subject", subject="Named")
    eva.browser.open(f"/editions/{edition_id}/versions")
    answer = eva.browser.send(f"/editions/{edition_id}/versions/name", version=version, name=name)
    assert answer.status_code == status


def test_any_two_versions_are_compared(eva: Writer, edition_id: int) -> None:
    for text in ("Two", "Three", "Four"):
        eva.save("-subject", subject=text, do="save")
    page = eva.browser.open(f"/editions/{edition_id}/versions?since=3&to=2").text
    assert [part in page for part in ("− ", "<del>Subject: Two", "<ins>Subject: Three", "Four</ins>")] == [
        False,
        True,
        True,
        False,
    ]


# taking back


def test_a_save_is_taken_back_and_what_others_saved_since_stays(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    mine = eva.save("-subject", subject="Eva’s")["revision"]
    max_.save("-preheader", preheader="Max’s")
    answer = eva.save(do="undo", undo=str(mine))
    assert (answer["words"]["subject"], answer["words"]["preheader"]) == (
        "Walmart goes live, Carrefour goes cashierless",
        "Max’s",
    )


def test_what_was_changed_again_since_is_not_taken_back_by_itself(
    app: App, eva: Writer, max_: Writer, edition_id: int
) -> None:
    mine = eva.save("-subject", subject="Eva’s")["revision"]
    max_.open().save("-subject", subject="Max’s")
    answer = eva.save(do="undo", undo=str(mine))
    assert (answer["status"], "changed again since" in answer["sorry"], said(app, edition_id).subject) == (
        409,
        True,
        "Max’s",
    )


def test_a_removed_story_comes_back_to_its_place(app: App, eva: Writer, edition_id: int) -> None:
    keys = [story.key for story in said(app, edition_id).stories]
    gone = eva.save("-stories", **{"stories": "2", "stories-0-key": keys[0], "stories-1-key": keys[2]})
    eva.save(do="undo", undo=str(gone["revision"]))
    assert [story.key for story in said(app, edition_id).stories] == keys


@pytest.mark.parametrize("wanted", ["0", "1", "99"])
def test_what_was_never_saved_can_not_be_taken_back(eva: Writer, wanted: str) -> None:
    eva.save("-subject", subject="Eva’s")
    assert eva.save(do="undo", undo=wanted)["status"] == 404


# who else is here


def test_two_see_each_other_until_one_leaves(eva: Writer, max_: Writer, clock: Clock) -> None:
    eva.save()
    clock.turn(minutes=2)
    seen = max_.save()["others"], eva.save()["others"]
    max_.browser.client.post(
        max_.path,
        data={**_hidden(max_.browser), "page": "max", "do": "leave"},
        headers={"Origin": str(max_.browser.client.base_url)},
    )
    assert (seen[0], eva.save()["others"]) == ([], [])
    assert seen[1] == [{"who": "Max", "isYou": False, "minutes": 0}]


def test_who_has_not_been_heard_of_is_gone(eva: Writer, max_: Writer, clock: Clock) -> None:
    max_.save()
    clock.turn(minutes=1)
    assert eva.save()["others"] == []


def test_who_runs_no_scripts_is_seen_by_having_opened_it(eva: Writer, max_: Writer) -> None:
    assert [one["who"] for one in eva.save()["others"]] == ["Max"]


# what others hear of it


def test_typing_is_one_entry_in_the_log_the_history_and_the_letters(
    app: App, eva: Writer, clock: Clock, edition_id: int
) -> None:
    for text in ("A", "An", "Another"):
        clock.turn(seconds=20)
        eva.save("-subject", subject=text)
    with app.database.read() as session:
        acts = session.scalars(select(Act).where(Act.did == "changed the words")).all()
        events = session.scalars(select(EditionEvent)).all()
        alarms = session.scalars(select(Alarm.key)).all()
    assert (len(acts), [event.reason for event in events], alarms) == (1, ["edited"], [f"drafted {edition_id} 4"])


def test_no_letter_goes_out_while_somebody_types(app: App, eva: Writer, clock: Clock, edition_id: int) -> None:
    eva.save("-subject", subject="Another")
    typing = letters.tell(app, now=clock())
    clock.turn(minutes=4)
    assert (typing, letters.tell(app, now=clock())) == (0, 1)


# speed


def test_no_more_is_asked_for_more_stories_and_versions(app: App, eva: Writer, edition_id: int) -> None:
    asked: list[str] = []
    for engine in {app.database.reader, app.database.writer}:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def counted() -> list[int]:
        found = []
        for path in (eva.path, f"/editions/{edition_id}/versions"):
            asked.clear()
            eva.browser.open(path)
            found.append(len(asked))
        return found

    few = counted()
    more = {f"stories-{number}-headline": f"Story {number}" for number in range(3, 30)}
    more |= {f"stories-{number}-key": f"new{number}" for number in range(3, 30)}
    eva.save("-stories", stories="30", **more)
    for number in range(12):
        eva.save("-subject", subject=f"Number {number}", do="save")
    # settings and sessions are looked at now and then, whatever the page
    assert [many - some < 10 for many, some in zip(counted(), few, strict=True)] == [True, True]
    assert (len(said(app, edition_id).stories), len(versions(app, edition_id))) == (30, 14)
