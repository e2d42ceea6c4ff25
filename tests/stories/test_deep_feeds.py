"""Feeds that are nested or repeated beyond anything a person writes: no entry is lost, and no neighbour of it."""

import html
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from newsletter.stories.reading import feeds, nesting
from newsletter.stories.reading.feeds import Feed

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DEEP = 5_000
SITE = "https://www.site.example"
_WRITTEN = {
    "rss": (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Site</title>%s</channel></rss>',
        "<item>%s<title>%s</title><link>%s</link></item>",
    ),
    "rdf": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">%s</rdf:RDF>',
        "<item>%s<title>%s</title><link>%s</link></item>",
    ),
    "atom": (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title>%s</feed>',
        '<entry>%s<title>%s</title><link href="%s"/></entry>',
    ),
}


def nested(tag: str, words: str = "words", times: int = DEEP) -> str:
    return f"<{tag}>" * times + words + f"</{tag.split()[0]}>" * times


def read(body: str) -> Feed:
    return feeds.parse(body.encode(), url="https://feeds.host.example/feed.xml", now=NOW)


def three(dialect: str, middle: str, *, before: str = "") -> Feed:
    """A feed of three entries, of which the second begins with *middle*."""
    whole, one = _WRITTEN[dialect]
    return read(whole % (before + "".join(one % (middle * (n == 2), n, f"{SITE}/{n}") for n in (1, 2, 3))))


def kept(feed: Feed) -> list[tuple[str, str, str]]:
    return [(entry.title, entry.url.removeprefix(SITE), entry.text) for entry in feed.entries]


def are_three(text: str = "") -> list[tuple[str, str, str]]:
    return [("1", "/1", ""), ("2", "/2", text), ("3", "/3", "")]


@pytest.mark.parametrize("times", [150, 300, 1_500, DEEP, 60_000])
@pytest.mark.parametrize("dialect", ["rss", "rdf"])
@pytest.mark.parametrize("written", ["bare", "escaped", "cdata"])
def test_a_description_is_read_however_deeply_its_words_are_nested(dialect: str, written: str, times: int) -> None:
    markup = f"Before {nested('div', times=times)} after"
    said = {"bare": markup, "escaped": html.escape(markup), "cdata": f"<![CDATA[{markup}]]>"}[written]
    assert kept(three(dialect, f"<description>{said}</description>")) == are_three("Before\n\nwords\n\nafter")


@pytest.mark.parametrize("tag", ["b", "span", "x:y", "ul", "table", "blockquote", 'div xml:base="a/"'])
def test_an_atom_content_is_read_however_deeply_its_words_are_nested(tag: str) -> None:
    content = (
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml" xmlns:x="x">{nested(tag)}</div></content>'
    )
    assert kept(three("atom", content)) == are_three("words")


@pytest.mark.parametrize("written", [html.escape, "<![CDATA[{}]]>".format])
def test_an_escaped_atom_content_is_read_however_deeply_its_words_are_nested(written: Callable[[str], str]) -> None:
    assert kept(three("atom", f'<content type="html">{written(nested("p"))}</content>')) == are_three("words")


@pytest.mark.parametrize(
    "deep",
    [
        *(nested("x"), nested("media:group"), nested("author"), nested("image"), nested("source"), nested("category")),
        nested("x", "</y>"),
        nested("x", "<y a=b>"),
        "".join(f'<n{at}:x xmlns:n{at}="u:{at}">' for at in range(DEEP))
        + "".join(f"</n{at}:x>" for at in reversed(range(DEEP))),
    ],
    ids=lambda deep: deep[:16],
)
@pytest.mark.parametrize("dialect", ["rss", "rdf", "atom"])
def test_what_nobody_reads_may_be_deep_and_costs_nothing_that_follows_it(dialect: str, deep: str) -> None:
    deep = deep.replace("media:", "") if dialect != "rss" else deep
    assert [entry[:2] for entry in kept(three(dialect, deep))] == [entry[:2] for entry in are_three()]


@pytest.mark.parametrize("dialect", ["rss", "rdf", "atom"])
def test_a_head_may_be_deep(dialect: str) -> None:
    assert kept(three(dialect, "", before=nested("x"))) == are_three()


@pytest.mark.parametrize("name", ["item", "entry"])
def test_entries_that_hold_nothing_but_entries_take_no_places(name: str) -> None:
    dialect = "rss" if name == "item" else "atom"
    assert [entry[:2] for entry in kept(three(dialect, nested(name)))] == [entry[:2] for entry in are_three()]


def test_entries_that_lead_nowhere_take_no_places() -> None:
    assert kept(three("rss", "", before="<item><title>x</title></item>" * 2_000)) == are_three()


@pytest.mark.parametrize("opened", ["<div>", "<b>", "<div><p>", '<font color="x">'])
def test_elements_that_are_never_closed_are_none_of_the_words(opened: str) -> None:
    assert kept(three("rss", f"<description>{opened * DEEP}words</description>")) == are_three("words")


@pytest.mark.parametrize("opening", ["<![CDATA[", "<!--"])
@pytest.mark.parametrize("dialect", ["rss", "rdf", "atom"])
def test_a_section_that_was_cut_before_its_end_swallows_no_neighbour(dialect: str, opening: str) -> None:
    whole, one = _WRITTEN[dialect]
    end = "]]>" if "[" in opening else "-->"
    items = [one % ("", n, f"{SITE}/{n}") for n in (1, 2, 3)]
    for n in (1, 2):
        last = items[n].rindex("</")
        items[n] = f"{items[n][:last]}<summary>{opening}words{end * (n == 2)}</summary>{items[n][last:]}"
    assert [entry[:2] for entry in kept(read(whole % "".join(items)))] == [entry[:2] for entry in are_three()]


def test_a_sample_of_a_feed_in_a_section_stays_words() -> None:
    sample = "Write <item> first, </item> last."
    assert kept(three("rss", f"<description><![CDATA[{sample}]]></description>")) == are_three(sample)


@pytest.mark.parametrize(
    "deep",
    [
        "[" * DEEP + "]" * DEEP,
        '{"a":' * DEEP + "1" + "}" * DEEP,
        '[{"a":' * DEEP + "1" + "}]" * DEEP,
        '["]", "[\\"", ' * DEEP + "1" + "]" * DEEP,
    ],
    ids=["lists", "objects", "both", "brackets in strings"],
)
@pytest.mark.parametrize("field", ["_ours", "authors", "attachments", "tags", "title", "content_html"])
def test_what_nobody_reads_may_be_deep_in_a_json_feed(deep: str, field: str) -> None:
    items = [{"id": str(n), "title": str(n), "url": f"{SITE}/{n}"} for n in (1, 2, 3)]
    whole = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})
    if field not in {"title", "content_html"}:
        whole = whole.replace('{"id": "2"', f'{{"{field}": {deep}, "id": "2"').replace(
            '"items"', f'"_x": {deep}, "items"'
        )
        assert kept(read(whole)) == are_three()
    else:
        whole = whole.replace('"title": "2"', f'"summary": "2", "{field}": {deep}')
        assert [entry[:2] for entry in kept(read(whole))] == [entry[:2] for entry in are_three()]


@pytest.mark.parametrize(
    "second",
    [
        '{"id": "2" "url": "/2"}',
        '{"id": "2", "title": "say "hi"", "url": "/2"}',
        '{"id": "2", "title": "say "hi, "url": "/2"}',
        '{"id": "2", "title": \'x\'}',
        "{id: 2}",
        "nonsense",
        '{"id": "2", "tags": ["a", "b"}',
    ],
)
def test_an_item_that_is_no_json_costs_no_other(second: str) -> None:
    first, third = (
        f'{{"id": "{n}", "url": "{SITE}/{n}", "title": "{n}", "tags": [{{"a": 1}}, {{"b": 2}}]}}' for n in (1, 3)
    )
    found = read(f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{first}, {second}, {third}]}}')
    assert (kept(found), found.problem) == (
        [("1", "/1", ""), ("3", "/3", "")],
        "breaks off or is not well-formed; the items that are were kept",
    )


@pytest.mark.parametrize("at", [-1, -2, -3, -10])
def test_a_json_feed_that_breaks_off_keeps_what_stood_before(at: int) -> None:
    items = [{"id": str(n), "title": str(n), "url": f"{SITE}/{n}"} for n in (1, 2, 3)]
    whole = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})
    assert kept(read(whole[:at])) == (are_three() if at > -3 else are_three()[:2])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [%s,],}', "a"),
        ('{"version": "https://jsonfeed.org/version/1.1",\n"items": [%s]}', "a\nb"),
        ('\ufeff{"version": "https://jsonfeed.org/version/1.1", "items": [%s]}', "a, ]"),
    ],
)
def test_a_json_feed_written_by_hand_is_read(written: str, meant: str) -> None:
    found = read(written % f'{{"id": "1", "url": "{SITE}/1", "title": "{meant}",}}')
    assert ([entry.title for entry in found.entries], found.problem) == ([" ".join(meant.split())], "")


@pytest.mark.parametrize(
    "many",
    [
        *("<a ", '<a b="', "<a b='", '<a b=">', "<![CDATA[", "<!--", "</a>", "<a>", "<a></b>", "<a><b></a>", "<title>"),
        *("<!DOCTYPE x [", '<!ENTITY a "b">', "<rss>", "<item>", "</item>", "<item><title>", "&a", "&", "<", "]]>"),
        *("<p><b a=1>", "<iframe>", "<svg>", "<table><tr><td>", "<description>", "<description>x</title>", "<?x "),
        *("<description><title>", "<a:b ", '<a xmlns="x">', "<x:item>", "</item></rss>"),
    ],
)  # fmt: skip
def test_entries_beside_tens_of_thousands_of_anything_are_kept(many: str) -> None:
    # what took the square of its length would take minutes here
    found = three("rss", f"<x>{many * 30_000}</x><description>{many * 30_000}</description>")
    assert {"1"} <= {entry.title for entry in found.entries}


def test_shallow_markup_is_left_as_it_is() -> None:
    markup = "<a>" * nesting.DEEPEST + "x<br>y<![CDATA[<b>]]>" + "</a>" * nesting.DEEPEST
    assert nesting.shallow(markup, html=True) is markup


def test_of_deep_markup_the_words_stay() -> None:
    assert nesting.shallow("<a>" * (nesting.DEEPEST + 9) + "one<p>two</p><br/>" + "</a>" * (nesting.DEEPEST + 9)) == (
        "<a>" * nesting.DEEPEST + "one two <br/>" + "</a>" * nesting.DEEPEST
    )


def test_elements_without_an_end_do_not_deepen_html() -> None:
    assert nesting.shallow("<br>" * 9_000, html=True) == "<br>" * 9_000


def test_ends_are_put_where_they_are_missing_and_taken_where_they_end_nothing() -> None:
    assert nesting.balanced("<a></y><b>x<c/></a><d>") == "<a><b>x<c/></b></a><d></d>"
