"""Past editions: who sees which, for people, feed readers, search engines and caches."""

import io
import json
from dataclasses import replace
from datetime import date

import feedparser
import httpx
import pytest
from lxml import etree, html
from PIL import Image

from newsletter.app import App
from newsletter.editions import corrections
from newsletter.editions.models import Edition, State
from newsletter.web.readers.archive import cards, issues, searching
from tests.factories import an_edition
from tests.readers.conftest import Clock
from tests.web.site import served

FRIDAY = date(2021, 11, 26)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes is seen by the next answer."""
    monkeypatch.setattr(issues, "FRESH", 0.0)


def publish(app: App, day: date = FRIDAY, *headlines: str, state: State = State.SENT, **more: str) -> int:
    with app.database.write() as session:
        edition = an_edition(session, *(headlines or ("Walmart goes live", "Carrefour opens a shop")), date=day)
        for name, value in {"subject": f"News of {day}", "preheader": "And more", **more}.items():
            setattr(edition, name, value)
        edition.state = state
        session.flush()
        return edition.id


def links(page: httpx.Response) -> list[str]:
    return [str(href) for href in html.fromstring(page.text).xpath("//main//a/@href")]


def test_the_newest_stands_first_with_a_form_beside_it_and_the_others_follow(app: App, site: httpx.Client) -> None:
    for day in (12, 19, 26):
        publish(app, date(2021, 11, day))
    page = site.get("/archive", follow_redirects=True)
    tree = html.fromstring(page.text)
    assert (
        tree.xpath("string(//h1)"),
        [" ".join(each.text_content().split()) for each in tree.xpath("//h3")],
        tree.xpath("//form[@class='sign-up']/@action"),
    ) == ("News of 2021-11-26", ["News of 2021-11-19", "News of 2021-11-12"], ["/join/friday"])


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENT])
def test_what_did_not_go_out_to_its_end_is_not_there(app: App, site: httpx.Client, state: State) -> None:
    publish(app, state=state)
    answers = [site.get(f"/archive/friday{rest}") for rest in ("", "/2021-11-26", "/2021-11-26/card.png", "/atom.xml")]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200]
    assert "News of" not in answers[0].text + answers[3].text


def test_what_went_to_some_readers_alone_is_not_there(app: App, site: httpx.Client) -> None:
    publish(app, segment="french")
    assert (site.get("/archive/friday/2021-11-26").status_code, links(site.get("/archive/friday"))) == (404, [])


def test_a_newsletter_that_wants_none_has_none(app: App, clock: Clock) -> None:
    publish(app)
    shy = app.newsletter().model_copy(update={"archive": False})
    settings = app.settings.model_copy(update={"newsletters": {"friday": shy}})
    with served(App(settings, app.database), clock) as site:
        paths = ("/archive", "/archive/friday", "/archive/friday/2021-11-26", "/archive/friday/feed.json")
        answers = [site.get(path).status_code for path in paths]
        robots, sitemap = site.get("/robots.txt").text, site.get("/sitemap.xml").text
    assert (answers, "Sitemap" in robots, "archive" in sitemap) == ([404] * 4, False, False)


def test_an_edition_has_what_others_show_of_it(app: App, site: httpx.Client) -> None:
    publish(app)
    tree = html.fromstring(site.get("/archive/friday/2021-11-26").text)
    meta = {str(one.get("property") or one.get("name")): one.get("content") for one in tree.xpath("//meta[@content]")}
    here = "https://news.example.com/archive/friday/2021-11-26"
    wanted = {
        "description": "And more",
        "og:title": "News of 2021-11-26",
        "og:description": "And more",
        "og:url": here,
        "og:image": f"{here}/card.png",
        "article:published_time": "2021-11-26T09:00:00+00:00",
    }
    assert {name: meta.get(name) for name in wanted} == wanted
    assert tree.xpath("//link[@rel='canonical']/@href") == [here]


def test_its_stories_are_told_to_search_engines(app: App, site: httpx.Client) -> None:
    publish(app, FRIDAY, 'Walmart "goes" </script><b>live', "Carrefour opens a shop")
    tree = html.fromstring(site.get("/archive/friday/2021-11-26").text)
    said = json.loads(tree.xpath("string(//script[@type='application/ld+json'])"))
    items = [(one["position"], one["item"]) for one in said["mainEntity"]["itemListElement"]]
    told = [(place, item["@type"], item["headline"]) for place, item in items]
    assert told == [
        (1, "NewsArticle", 'Walmart "goes" </script><b>live'),
        (2, "NewsArticle", "Carrefour opens a shop"),
    ]


def test_what_a_feed_or_an_editor_wrote_is_text(app: App, site: httpx.Client) -> None:
    words = "<img src=x onerror=alert(1)> [x](javascript:alert(1))"
    publish(app, FRIDAY, "<script>alert(1)</script>", introduction=words)
    for path in ("/archive/friday", "/archive/friday/2021-11-26", "/archive/friday?q=script"):
        tree = html.fromstring(site.get(path).text)
        scripts = [one for one in tree.xpath("//script") if one.get("type") != "application/ld+json"]
        assert (scripts, tree.xpath("//@onerror"), [one for one in tree.xpath("//@href") if "javascript" in one]) == (
            [], [], [],
        )  # fmt: skip


def test_a_correction_is_what_it_says_from_then_on_with_its_note(app: App, site: httpx.Client, clock: Clock) -> None:
    edition_id = publish(app)
    before = site.get("/archive/friday/2021-11-26").headers["etag"]
    for headline in ("Walmart went live", "Walmart was live"):
        with app.database.write() as session:
            edition = session.get_one(Edition, edition_id)
            _, said = corrections.says(session, edition)
            first, *others = said.stories
            words = replace(said, stories=(replace(first, headline=headline), *others))
            corrections.amend(session, edition, words, note=f"It says {headline}.", seen=None, by="ed", now=clock())
    page = site.get("/archive/friday/2021-11-26")
    tree = html.fromstring(page.text)
    notes = [" ".join(one.text_content().split()) for one in tree.xpath("//*[@role='note']")]
    day = f"{clock():%-d %B %Y}"
    headline = " ".join(tree.xpath("string(//h2)").split())
    assert (page.headers["etag"] != before, headline, notes) == (
        True,
        "1 Walmart was live",
        [f"Corrected on {day}: It says Walmart was live.", f"Corrected on {day}: It says Walmart went live."],
    )
    (entry,) = feedparser.parse(site.get("/archive/friday/atom.xml").content).entries
    assert (entry.published, "Walmart was live" in entry.content[0].value) == ("2021-11-26T09:00:00+00:00", True)


def test_the_atom_feed_is_what_rfc_4287_asks_for(app: App, site: httpx.Client) -> None:
    for day in (19, 26):
        publish(app, date(2021, 11, day), "Fish & chips <b>", introduction="With a \x0b control")
    answer = site.get("/archive/friday/atom.xml")
    feed = etree.fromstring(answer.content)
    here = "https://news.example.com/archive/friday"
    # section 4.1.1 and 4.1.2: what a feed and an entry must hold, once
    once = [len(feed.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated", "author")]
    entries = feed.findall(f"{ATOM}entry")
    each = [[len(entry.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] for entry in entries]
    assert (answer.headers["content-type"], once, each) == (
        "application/atom+xml; charset=utf-8",
        [1, 1, 1, 1],
        [[1, 1, 1], [1, 1, 1]],
    )
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, parsed.version, parsed.feed.link, [entry.id for entry in parsed.entries]) == (
        False,
        "atom10",
        here,
        [f"{here}/2021-11-26", f"{here}/2021-11-19"],
    )
    assert "Fish &amp; chips &lt;b&gt;" in parsed.entries[0].content[0].value


def test_the_json_feed_is_what_its_version_asks_for(app: App, site: httpx.Client) -> None:
    publish(app)
    answer = site.get("/archive/friday/feed.json")
    feed, here = answer.json(), "https://news.example.com/archive/friday"
    assert (answer.headers["content-type"], feed["version"], feed["feed_url"], feed["home_page_url"]) == (
        "application/feed+json; charset=utf-8",
        "https://jsonfeed.org/version/1.1",
        f"{here}/feed.json",
        here,
    )
    (item,) = feed["items"]
    assert (item["id"], item["url"], item["date_published"], "Walmart goes live" in item["content_html"]) == (
        f"{here}/2021-11-26",
        f"{here}/2021-11-26",
        "2021-11-26T09:00:00+00:00",
        True,
    )


def test_a_feed_of_nothing_is_still_one(site: httpx.Client) -> None:
    parsed = feedparser.parse(site.get("/archive/friday/atom.xml").content)
    assert (parsed.bozo, parsed.entries, "Nothing has gone out yet." in site.get("/archive/friday").text) == (
        False,
        [],
        True,
    )


def test_our_own_reader_of_feeds_takes_both(app: App, site: httpx.Client, clock: Clock) -> None:
    from newsletter.stories.reading import feeds

    publish(app)
    answers = [site.get("/archive/friday/atom.xml"), site.get("/archive/friday/feed.json")]
    found = [
        feeds.parse(one.content, url=str(one.url), content_type=one.headers["content-type"], now=clock()).entries
        for one in answers
    ]
    assert [[entry.title for entry in entries] for entries in found] == [["News of 2021-11-26"]] * 2


def test_the_sitemap_names_every_page(app: App, site: httpx.Client) -> None:
    publish(app)
    urls = etree.fromstring(site.get("/sitemap.xml").content)
    assert [one.text for one in urls.iter("{*}loc")] == [
        "https://news.example.com/archive/friday",
        "https://news.example.com/archive/friday/2021-11-26",
    ]


def test_robots_are_kept_from_readers_links_and_the_desk(site: httpx.Client) -> None:
    from urllib.robotparser import RobotFileParser

    rules = RobotFileParser()
    rules.parse(site.get("/robots.txt").text.splitlines())
    asked = ("/archive/friday", "/join/friday", "/u/abc", "/l/abc", "/desk/people", "/editions/1", "/c/abc")
    assert [rules.can_fetch("any", f"https://news.example.com{path}") for path in asked] == [True, True, *[False] * 5]
    assert rules.site_maps() == ["https://news.example.com/sitemap.xml"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("walmart", [26, 19]),
        ("WALMART live", [26]),
        ("carref", [19]),
        ("malmo", [12]),
        ("Malmö", [12]),
        ("art", []),
        ("新店", [5]),
        ("STRASSE", [5]),
        ("100%", [12]),
        ("..", []),
        ("<zz>", []),
    ],
)
def test_what_a_search_finds(app: App, site: httpx.Client, query: str, found: list[int]) -> None:
    publish(app, date(2021, 11, 26), "Walmart goes live")
    publish(app, date(2021, 11, 19), "Walmart closes", "Carrefour opens")
    publish(app, date(2021, 11, 12), "A shop in Malmö is 100% green")
    publish(app, date(2021, 11, 5), "東京に新店", "Die Straße")
    page = site.get("/archive/friday", params={"q": query})
    assert [int(link[-2:]) for link in links(page) if "2021" in link] == found
    assert page.headers["x-robots-tag"] == "noindex"


def test_a_search_for_very_much_is_no_work() -> None:
    assert searching.asked("a b " * 100_000 + "c") == ("a", "b")


def test_a_long_list_is_turned_over(app: App, site: httpx.Client) -> None:
    for number in range(45):
        publish(app, date.fromordinal(FRIDAY.toordinal() - 7 * number))
    seen: list[str] = []
    path = "/archive/friday"
    for _ in range(4):
        tree = html.fromstring(site.get(path).text)
        seen += tree.xpath("//h1/a/@href") + tree.xpath("//h3/a/@href")
        (path,) = tree.xpath("//a[@rel='next']/@href") or [""]
        if not path:
            break
    assert (len(seen), len(set(seen)), site.get("/archive/friday?page=9").status_code) == (45, 45, 404)


def test_one_leads_to_its_neighbours(app: App, site: httpx.Client) -> None:
    for day in (12, 19, 26):
        publish(app, date(2021, 11, day))
    tree = html.fromstring(site.get("/archive/friday/2021-11-19").text)
    assert (tree.xpath("//a[@rel='prev']/@href"), tree.xpath("//a[@rel='next']/@href")) == (
        ["/archive/friday/2021-11-12"],
        ["/archive/friday/2021-11-26"],
    )


@pytest.mark.parametrize("path", ["", "/2021-11-26", "/atom.xml", "/feed.json", "/2021-11-26/card.png"])
def test_caches_ask_again_by_its_tag(app: App, site: httpx.Client, path: str) -> None:
    publish(app)
    first = site.get(f"/archive/friday{path}")
    again = [
        site.get(f"/archive/friday{path}", headers={"If-None-Match": tag})
        for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', '"other"')
    ]
    assert first.headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"
    assert [(one.status_code, bool(one.content)) for one in again] == [(304, False), (304, False), (200, True)]


def test_a_new_edition_has_another_tag(app: App, site: httpx.Client) -> None:
    publish(app, date(2021, 11, 19))
    before = site.get("/archive/friday").headers["etag"]
    publish(app)
    assert site.get("/archive/friday").headers["etag"] != before


def test_nobody_can_be_told_by_it(app: App, site: httpx.Client) -> None:
    publish(app)
    answer = site.get("/archive/friday/2021-11-26")
    assert "set-cookie" not in answer.headers
    assert not any(door in answer.text for door in ("/u/", "/p/", "/l/", "/o/"))


def test_it_is_of_the_newsletters_language(app: App, clock: Clock) -> None:
    publish(app)
    german = app.newsletter().model_copy(update={"language": "de"})
    with served(App(app.settings.model_copy(update={"newsletters": {"friday": german}}), app.database), clock) as site:
        tree = html.fromstring(site.get("/archive/friday").text)
    assert (tree.get("lang"), "Die neueste Ausgabe" in tree.text_content()) == ("de", True)


@pytest.mark.parametrize(
    "path",
    ["/archive/other", "/archive/friday/2021-11-27", "/archive/friday/26.11.2021", "/archive/friday/20211126",
     "/archive/friday/%00", "/archive/friday?page=0", "/archive/friday?page=x", "/archive/friday/2021-11-26/x"],
)  # fmt: skip
def test_what_is_not_there_is_said_to_be_not_there(app: App, site: httpx.Client, path: str) -> None:
    publish(app)
    assert site.get(path).status_code == 404


def test_who_signs_up_beside_it_is_asked_as_by_any_form_of_ours(app: App, site: httpx.Client) -> None:
    publish(app)
    form = html.fromstring(site.get("/archive/friday").text).xpath("//form[@class='sign-up']")[0]
    fields = {one.get("name"): one.get("value", "") for one in form.xpath(".//input")} | {"email": "eva@example.com"}
    assert "eva@example.com" in site.post(form.get("action"), data=fields).text


@pytest.mark.parametrize(
    ("title", "headlines"),
    [
        ("Richemont moves its whole IT to Amazon Web Services, plus Boots", ("One", "Two", "Three")),
        ("x" * 400, ("y" * 400,) * 9),
        ("", ()),
        ("東京に新店", ("Ελλάδα", "עברית", "\ufffe\x00")),
    ],
)
def test_a_card_has_the_size_that_networks_ask_for(title: str, headlines: tuple[str, ...]) -> None:
    drawn = Image.open(io.BytesIO(cards.draw("The Friday Five", title, "26 November 2021", headlines)))
    assert (drawn.format, drawn.size) == ("PNG", cards.SIZE)


def test_more_editions_are_no_more_queries(app: App) -> None:
    from tests.ops.test_metrics import counted

    asked = []
    for number in range(2):
        publish(app, date.fromordinal(FRIDAY.toordinal() - 7 * number))
        app.kept.clear()
        with counted(app) as statements:
            issues.load(app, app.newsletter())
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_what_is_asked_for_twice_is_looked_up_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issues, "FRESH", 1e9)
    publish(app)
    first = issues.load(app, app.newsletter())
    with app.database.write() as session:
        session.query(Edition).update({"state": State.CANCELLED})
    assert issues.fresh(app, "friday") is first
