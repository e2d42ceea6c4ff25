"""Small feeds after habits of real ones, kind by kind, each with what a reader of the feed should make of it.

They are told in `docs/feeds.md`; most were first met in the issue trackers of other feed readers.
"""

import html
import json
from datetime import UTC, datetime

import pytest

from newsletter.stories.reading import feeds
from newsletter.stories.reading.entries import Entry

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
FEED = "https://feeds.host.example/site/feed.xml"
PAGE = "https://www.site.example/a"
PICTURES = "https://img.site.example"

_RSS = (
    '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:a10="http://www.w3.org/2005/Atom"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
    "<channel><title>Site</title><link>https://www.site.example/</link>%s</channel></rss>"
)
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">'
    '<title>Site</title><link href="https://www.site.example/"/>%s</feed>'
)


def read(body: str | bytes, *, content_type: str = "", url: str = FEED) -> tuple[Entry, ...]:
    raw = body.encode() if isinstance(body, str) else body
    return feeds.parse(raw, url=url, content_type=content_type, now=NOW).entries


def rss(item: str, *, title: str = "<title>Harbour opens</title>", link: str = f"<link>{PAGE}</link>") -> Entry:
    return read(_RSS % f"<item>{title}{link}{item}</item>")[0]


def atom(entry: str, *, title: str = "<title>Harbour opens</title>", link: str = f'<link href="{PAGE}"/>') -> Entry:
    return read(_ATOM % f"<entry><updated>2021-11-26T09:00:00Z</updated>{title}{link}{entry}</entry>")[0]


def json_feed(**item: object) -> Entry:
    whole = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "7", "url": PAGE, **item}]}
    return read(json.dumps(whole))[0]


def dated(written: str, *, head: str = "", others: str = "", url: str = FEED) -> str | None:
    entry = read(
        _RSS % f"{head}<item><title>x</title><link>/a</link><pubDate>{written}</pubDate></item>{others}", url=url
    )
    return f"{entry[0].published_at:%Y-%m-%dT%H:%M:%S}" if entry[0].dated_by == "feed" else None


@pytest.mark.parametrize(
    "address",
    [
        "https://www.site.example/story?12345",
        "https://www.site.example/index.php?/archives/12-Tram.html",
        "https://www.site.example/s?t=caf%E9",
        "https://www.site.example/s?t=%CD%EE%E2",
        "https://www.site.example/a;b?c=1;d=2",
        "https://www.site.example/a?b=2&a=1&a=&b",
        "https://www.site.example/a?ids[]=3",
        "https://www.site.example/a?",
        "https://www.site.example/a?url=https://other.example/b",
        "https://web.archive.org/web/2021/https://www.site.example/a",
        "https://www.site.example/a#:~:text=word",
        "https://www.site.example/a?feed=12&campaign=spring&medium=oil",
        "https://www.site.example/%7eann/%c3%a9",
        "https://www.site.example/a//b/../c/",
        "https://app.site.example/#/news/42",
        "https://app.site.example/#!/news/42",
        "https://www.site.example/changes#v2",
        "https://m.site.example/a-post",
        "https://amp.site.example/a-post",
        "https://www.site.example/guitars/amp",
        "https://www.site.example/a.amp.html",
        "https://www.site.example/news/index.html",
        "https://www.site.example/a?amp=1",
        "https://www.site.example/forum.php?mod=viewthread&tid=4",
        "https://www.site.example/a?source=editors&ref=front&partner=acme",
        "http://www.site.example:8080/a",
    ],
)
def test_an_address_is_mailed_as_it_was_published(address: str) -> None:
    assert rss("", link=f"<link>{html.escape(address)}</link>").url == address


@pytest.mark.parametrize(
    "counting",
    [
        "utm_source=rss&utm_medium=feed",
        "at_medium=RSS&at_campaign=rss",
        "at_medium=RSS&at_campaign=KARANGA&at_custom1=x",
        "partner=rss&emc=rss",
        "partner=rssnyt&emc=rss",
        "mod=rss_whats_news",
        "feedType=RSS&feedName=topNews",
        "source=rss----abc---4",
        "source=rss",
        "ref=rss",
        "traffic_source=rss",
        ".tsrc=rss",
        "xtor=RSS-3208",
        "fbclid=1&gclid=2&mc_cid=3",
        "cmpid=rss&ito=1490&ns_mchannel=rss",
        "wt.mc_id=1&pk_campaign=feed",
        "dicbo=v2-x&zanpid=3",
        "feature=rss&trk=rss&ss_source=rss",
        "partner=feedburner",
    ],
)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("id=7&", "&b=%E9")])
def test_what_only_counts_readers_is_left_out_of_an_address(counting: str, before: str, after: str) -> None:
    query = f"{before}{counting}{after}"
    kept = f"{before.rstrip('&')}{after if before else after.lstrip('&')}"
    assert rss("", link=f"<link>{html.escape(f'{PAGE}?{query}')}</link>").url == (f"{PAGE}?{kept}" if kept else PAGE)


def test_a_fragment_that_counts_readers_is_left_out() -> None:
    assert rss("", link=f"<link>{PAGE}#xtor=RSS-1</link>").url == PAGE


@pytest.mark.parametrize(
    "wrapper",
    [
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url=https%3a%2f%2fwww.site.example%2fa&c=2",
        "https://www.google.com/url?rct=j&sa=t&url=https://www.site.example/a&ct=ga&cd=1&usg=x",
        "https://www.google.co.uk/url?q=https%3A%2F%2Fwww.site.example%2Fa%3Futm_source%3Dx",
        "https://www.google.com/amp/s/www.site.example/a",
        "https://r.search.yahoo.com/_ylt=x/RV=2/RE=1/RO=10/RU=https%3a%2f%2fwww.site.example%2fa/RK=2/RS=x",
        "https://vk.com/away.php?to=https%3A%2F%2Fwww.site.example%2Fa",
        "https://click.linksynergy.com/deeplink?id=x&murl=https%3A%2F%2Fwww.site.example%2Fa",
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.site.example%2Fa&data=05",
    ],
)
def test_a_wrapper_that_names_the_article_is_opened(wrapper: str) -> None:
    assert rss("", link=f"<link>{html.escape(wrapper)}</link>").url == PAGE


def test_a_wrapper_around_a_script_is_not_opened() -> None:
    wrapper = "https://www.google.com/url?url=javascript:alert(1)"
    assert rss("", link=f"<link>{wrapper}</link>").url == wrapper


def test_entries_that_differ_only_by_fragment_are_two() -> None:
    items = "".join(f"<item><title>{v}</title><link>{PAGE}#{v}</link></item>" for v in ("v2", "v1"))
    assert [entry.guid for entry in read(_RSS % items)] == [f"{PAGE}#v2", f"{PAGE}#v1"]


OTHER = "https://amp.cdn.example/a"


@pytest.mark.parametrize(
    "links",
    [
        f'<link>{PAGE}</link><a10:link rel="alternate" href="{OTHER}"/>',
        f'<a10:link rel="alternate" href="{OTHER}"/><link>{PAGE}</link>',
        f'<a10:link rel="self" href="{OTHER}"/><link>{PAGE}</link>',
        f"<link>{PAGE}</link><link>{OTHER}</link>",
        f"<link>{PAGE}</link><guid>{OTHER}</guid>",
        f'<link>{PAGE}</link><source url="{OTHER}">Other<link>{OTHER}</link></source>',
        f"<link>{PAGE}</link><image><url>/p.jpg</url><link>{OTHER}</link></image>",
        f'<link>{PAGE}</link><enclosure url="{OTHER}" type="image/jpeg"/>',
        f"<link>{OTHER}</link><feedburner:origLink>{PAGE}</feedburner:origLink>",
        f"<link></link><guid>{PAGE}</guid>",
        f'<link/><guid isPermaLink="false">x</guid><a10:link href="{PAGE}"/>',
        '<link>/a</link><guid isPermaLink="false">x</guid>',
        "<link>www.site.example/a</link>",
        "<link>//www.site.example/a</link>",
        "<link>\n  https://www.site.example/a\n </link>",
        f"<link><![CDATA[{PAGE}]]></link>",
        "<link>https://www.site.example/<!-- moved -->a</link>",
        '<link xml:base="https://www.site.example/x/">../a</link>',
        '<guid isPermaLink="true">/a</guid>',
        f"<link>null</link><guid>{PAGE}</guid>",
        f"<link>#</link><guid>{PAGE}</guid>",
        f"<link>mailto:ann@site.example</link><guid>{PAGE}</guid>",
        f'<link><a href="{PAGE}">Harbour</a></link>',
        f"<link>&lt;a href='{PAGE}'&gt;Harbour&lt;/a&gt;</link>",
        f"<link>http://{PAGE}</link>",
        f'<a10:link rel="amphtml" href="{OTHER}"/><link>{PAGE}</link>',
    ],
)
def test_of_several_links_the_articles_own_is_taken(links: str) -> None:
    assert rss("", link=links).url.replace("http:", "https:") == PAGE


@pytest.mark.parametrize(
    "links",
    [
        f'<link rel="alternate" href="{PAGE}"/><link rel="alternate" href="{OTHER}"/>',
        f'<link rel="alternate" type="application/json" href="{OTHER}"/><link type="text/html" href="{PAGE}"/>',
        f'<link rel="self" href="{OTHER}"/><link rel="replies" href="{OTHER}"/><link rel="alternate" href="{PAGE}"/>',
        f'<link href="{PAGE}"/><link rel="enclosure" type="image/jpeg">{PICTURES}/p.jpg</link>',
        f'<link href="{PAGE}"/><source><link href="{OTHER}"/></source>',
        f'<link rel="self" href="{PAGE}"/>',
        f'<link rel="self" href="{PAGE}"/><id>{OTHER}</id>',
        f"<id>{PAGE}</id>",
        '<link xml:base="https://www.site.example/deep/" href="../a"/>',
        '<link href="/a"/>',
        f'<link rel="http://www.iana.org/assignments/relation/alternate" href="{PAGE}"/><id>{OTHER}</id>',
        f'<link rel="edit" href="{OTHER}"/><link rel="related" href="{PAGE}"/>',
        f'<id>urn:x</id><content type="text/html" src="{PAGE}"/>',
    ],
)
def test_of_several_atom_links_the_first_that_is_a_page_is_taken(links: str) -> None:
    assert atom("", link=links).url == PAGE


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("What the &lt;picture&gt; element does", "What the <picture> element does"),
        ("If a&lt;b then stop", "If a<b then stop"),
        ("Vec&lt;String&gt; in Rust", "Vec<String> in Rust"),
        ("Vec&amp;lt;String&amp;gt; in Rust", "Vec<String> in Rust"),
        ("Set &lt;title&gt; and &lt;script&gt;", "Set <title> and <script>"),
        ("The &lt;br&gt; tag", "The <br> tag"),
        ("Marks &amp;amp; Spencer", "Marks & Spencer"),
        ("Marks &amp; Spencer", "Marks & Spencer"),
        ("Don&amp;#8217;t", "Don’t"),
        ("&lt;b&gt;Big&lt;/b&gt; news", "Big news"),
        ("One&lt;br/&gt;two", "One two"),
        ("<![CDATA[<em>Big</em> news]]>", "Big news"),
        ("<![CDATA[A & B < C]]>", "A & B < C"),
        ("Q&A: R&D at AT&T", "Q&A: R&D at AT&T"),
        ("It&#146;s caf&eacute; &ndash; now", "It’s café – now"),
        ("x &lt; y &gt; z", "x < y > z"),
        ("&lt;![CDATA[Hello]]&gt;", "Hello"),
        ("git rebase --onto &lt;newbase&gt; &lt;upstream&gt;", "git rebase --onto <newbase> <upstream>"),
        ("x&lt;y&amp;&amp;y&gt;z", "x<y&&y>z"),
    ],
)
def test_words_in_the_title_of_an_rss_item_are_no_tags(written: str, title: str) -> None:
    assert rss("", title=f"<title>{written}</title>").title == title


@pytest.mark.parametrize(
    ("title", "seen"),
    [
        ("<title>What the &lt;picture&gt; element does</title>", "What the <picture> element does"),
        ('<title type="text">Use &lt;script&gt; with care today</title>', "Use <script> with care today"),
        ('<title type="text">A &lt;b&gt;bold&lt;/b&gt; claim</title>', "A <b>bold</b> claim"),
        ('<title type="text">AT&amp;amp;T in HTML</title>', "AT&amp;T in HTML"),
        ('<title type="html">Use &amp;lt;script&amp;gt; with care</title>', "Use <script> with care"),
        ('<title type="html">A &lt;b&gt;bold&lt;/b&gt; claim</title>', "A bold claim"),
        ('<title type="html">Vec&lt;String&gt; in Rust</title>', "Vec<String> in Rust"),
        ('<title type="html">AT&amp;amp;T</title>', "AT&T"),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>bold</b> &lt;hr&gt;</div></title>',
            "A bold <hr>",
        ),
    ],
)
def test_a_title_of_atom_is_unescaped_as_often_as_its_type_says(title: str, seen: str) -> None:
    assert atom("", title=title).title == seen


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("The <dialog> element", "The <dialog> element"),
        ("a<b", "a<b"),
        ("Vec<String>", "Vec<String>"),
        ("Use <script> now", "Use <script> now"),
        ("AT&amp;T in HTML", "AT&amp;T in HTML"),
        ("Marks & Spencer", "Marks & Spencer"),
    ],
)
def test_a_plain_field_of_a_json_feed_is_plain(written: str, seen: str) -> None:
    entry = json_feed(title=written, summary=written, content_text=written)
    assert (entry.title, entry.summary, entry.text) == (seen, seen, seen)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Put it in a &lt;script&gt; tag.</p><p>The rest.</p>", "Put it in a <script> tag.\n\nThe rest."),
        ("<p>Set the &lt;title&gt; of a page.</p><p>The rest.</p>", "Set the <title> of a page.\n\nThe rest."),
        ("<p>x &amp;amp; y</p>", "x &amp; y"),
        ("<p>x &amp;lt; y &lt; z</p>", "x &lt; y < z"),
        ("<p>The &lt;textarea&gt; and &lt;!-- a comment</p><p>On.</p>", "The <textarea> and <!-- a comment\n\nOn."),
        ("<p>One<br>two</p><ul><li>three</li></ul>", "One two\n\nthree"),
        ("<p>Shown</p><script>alert(1)</script><style>p {}</style><p>too</p>", "Shown\n\ntoo"),
        ('<p>Seen</p><iframe src="/v"/><p>on</p>', "Seen\n\non"),
        ('<p>Seen</p><object data="/v"><p>on</p>', "Seen\n\non"),
        ("<p>Seen</p><iframe>fallback</iframe><p>on</p>", "Seen\n\non"),
        ("Only words: a < b", "Only words: a < b"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "a\n\nb"),
        (
            "&lt;p&gt;Escaped once too often&lt;/p&gt;&lt;p&gt;by mistake&lt;/p&gt;",
            "Escaped once too often\n\nby mistake",
        ),
    ],
)
def test_html_is_parsed_once(markup: str, text: str) -> None:
    in_cdata = rss(f"<content:encoded><![CDATA[{markup}]]></content:encoded>").text
    escaped = rss(f"<description>{html.escape(markup)}</description>").text
    in_atom = atom(f'<content type="html">{html.escape(markup)}</content>').text
    in_json = json_feed(title="x", content_html=markup).text
    assert (in_cdata, escaped, in_atom, in_json) == (text, text, text, text)


def test_a_sample_of_code_in_xhtml_is_words() -> None:
    code = "<p>Write <code>&lt;script&gt;</code> last.</p><p>After</p>"
    entry = atom(f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{code}</div></content>')
    assert entry.text == "Write <script> last.\n\nAfter"


@pytest.mark.parametrize(
    ("encoding", "codec", "title"),
    [
        ("Shift_JIS", "cp932", "港①"),
        ("gb2312", "gb18030", "港口镕開"),
        ("GBK", "gb18030", "港口€"),
        ("euc-kr", "cp949", "똠방각하"),
        ("big5", "big5hkscs", "港口開放"),
        ("iso-8859-1", "cp1252", "“Café” – €5"),
        ("US-ASCII", "cp1252", "“Café” – €5"),
        ("windows-1251", "cp1251", "Порт открыт"),
        ("koi8-r", "koi8-r", "Порт открыт"),
        ("iso-8859-9", "cp1254", "Liman açıldı"),
        ("utf-8", "utf-8", "Café – “news” 港"),
        ("utf-16", "utf-16", "Café – “news” 港"),
        ("EUC-JP", "euc_jp", "港が開いた"),
    ],
)
def test_names_of_encodings_mean_what_they_mean_to_browsers(encoding: str, codec: str, title: str) -> None:
    feed = f'<?xml version="1.0" encoding="{encoding}"?>{_RSS}' % f"<item><title>{title}</title><link>/a</link></item>"
    assert read(feed.encode(codec))[0].title == title


@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xe2\x80", b"\xe9"])
@pytest.mark.parametrize(
    "declared", [b"", b'<?xml version="1.0" encoding="UTF-8"?>', b'<?xml version="1.0" encoding="iso-8859-1"?>']
)
def test_one_broken_byte_costs_one_character(broken: bytes, declared: bytes) -> None:
    title = "Café – “news” from Zürich, Malmö, Łódź and Besançon"
    feed = (
        (_RSS % f"<item><title>{title}</title><link>/a</link></item>").encode().replace(b"Site", b"Si" + broken + b"te")
    )
    assert read(declared + feed)[0].title == title


YOUTUBE = f"""<media:group><media:title>Clip</media:title>
<media:content url="https://www.youtube.com/v/Q?version=3" type="application/x-shockwave-flash"/>
<media:thumbnail url="{PICTURES}/p.jpg" width="480" height="360"/></media:group>"""
GRAVATAR = """<media:content url="https://0.gravatar.com/avatar/x?s=96" medium="image">
<media:title>ed</media:title></media:content>"""
FACE = f"""<dc:creator>Ann Bee</dc:creator><media:content url="{PICTURES}/face.jpg" medium="image">
<media:title>annbee</media:title></media:content>"""
MEDIA = f'<media:content url="{PICTURES}/p.jpg" medium="image"/>'
THUMBNAIL = f'<media:thumbnail url="{PICTURES}/p.jpg"/>'
TINY = f'<media:thumbnail url="{PICTURES}/s72-c/p.jpg" width="72" height="72"/>'
IN_TEXT = f'<description>&lt;img src="{PICTURES}/p.jpg"&gt;</description>'


def content(name: str, more: str = "") -> str:
    return f'<media:content url="{PICTURES}/{name}" {more}/>'


@pytest.mark.parametrize(
    "item",
    [
        YOUTUBE,
        GRAVATAR + MEDIA,
        FACE + MEDIA,
        content("v.mp4") + THUMBNAIL,
        content("v.m3u8?x=1") + THUMBNAIL,
        content("a.pdf") + THUMBNAIL,
        content("v", 'type="video/mp4"') + THUMBNAIL,
        content("v", 'medium="video"') + THUMBNAIL,
        TINY + IN_TEXT,
        f'<enclosure url="{PICTURES}/e.mp3" type="audio/mpeg"/>{IN_TEXT}',
        f'<enclosure url="{PICTURES}/p.jpg" type="image" length="1"/>',
        f'<enclosure url="{PICTURES}/p.jpg"/>',
        f"<image>{PICTURES}/p.jpg</image>",
        f"<image><url>{PICTURES}/p.jpg</url></image>",
        f'<itunes:image href="{PICTURES}/p.jpg"/>',
        f'<media url="{PICTURES}/p.jpg" type="image/jpeg"/>',
        f"<picture>{PICTURES}/p.jpg</picture>",
        content("p.svg", 'type="image/svg+xml"') + THUMBNAIL,
        f'<media:thumbnail url="https://yt3.ggpht.com/abc=s88"/>{IN_TEXT}',
        f'<description>&amp;lt;img src="{PICTURES}/p.jpg"&amp;gt; words</description>',
    ],
)
def test_the_picture_that_a_feed_names_is_the_articles(item: str) -> None:
    assert rss(item).image_url == f"{PICTURES}/p.jpg"


@pytest.mark.parametrize(
    ("widths", "nearest"),
    [((140, 460, 700), 700), ((2000, 1200, 620, 140), 620), ((140, 460), 460), ((1600, 800), 800)],
)
def test_of_several_widths_the_one_nearest_to_what_is_shown_is_taken(widths: tuple[int, ...], nearest: int) -> None:
    item = "".join(content(f"{width}.jpg", f'width="{width}"') for width in widths)
    assert rss(item).image_url == f"{PICTURES}/{nearest}.jpg"


def test_an_ampersand_that_was_escaped_twice_is_one() -> None:
    assert rss(content("p.jpg?a=1&amp;amp;b=2")).image_url == f"{PICTURES}/p.jpg?a=1&b=2"


@pytest.mark.parametrize(
    "before",
    [
        "<img src=https://img.site.example/u.jpg>",
        "<img src='https://img.site.example/u.jpg'/>",
        '<IMG alt="a > b" SRC="https://img.site.example/u.jpg">',
        '<img src="data:image/gif;base64,R0lGOD" data-src="https://img.site.example/u.jpg">',
        '<img src="/blank.gif" data-lazy-src="https://img.site.example/u.jpg">',
        '<img srcset="https://img.site.example/s.jpg 300w, https://img.site.example/u.jpg 700w">',
        '<img src="data:," srcset="https://img.site.example/u.jpg 1x, https://img.site.example/v.jpg 2x">',
        '<img src="https://s.w.org/images/core/emoji/13/72x72/1f600.png" class="wp-smiley" style="height:1em"><img src="//img.site.example/u.jpg">',  # noqa: E501
        '<img src="https://feeds.feedburner.com/~ff/x?d=y" border="0"><img src="//img.site.example/u.jpg">',
        '<img src="https://secure.gravatar.com/avatar/1"><img src="//img.site.example/u.jpg">',
        '<img src="/p.gif" width="1" height="1"><img src="//img.site.example/u.jpg">',
        '<img src="/p.gif" style="width: 1px; height: 1px"><img src="//img.site.example/u.jpg">',
        '<img src="/p.gif" style="display:none"><img src="//img.site.example/u.jpg">',
        '<!-- <img src="/old.jpg"> --><img src="//img.site.example/u.jpg">',
        '<img src="javascript:alert(1)"><img src="//img.site.example/u.jpg">',
        '<img src="/p.gif" style="width:0;height:0"><img src="//img.site.example/u.jpg">',
        '<img src="/p.gif" hidden><img src="//img.site.example/u.jpg">',
        '<img src="https://static.xx.fbcdn.net/images/emoji.php/v9/1.png"><img src="//img.site.example/u.jpg">',
        '<img src="https://graph.facebook.com/1/picture"><img src="//img.site.example/u.jpg">',
        '<video src="/v.mp4" poster="//img.site.example/u.jpg"></video>',
    ],
)  # fmt: skip
def test_the_first_real_picture_of_the_text_is_the_articles(before: str) -> None:
    assert rss(f"<content:encoded><![CDATA[<p>{before} words</p>]]></content:encoded>").image_url == f"{PICTURES}/u.jpg"


def test_a_relative_picture_is_seen_from_its_article() -> None:
    assert (
        rss('<description>&lt;img src="/up/r.jpg"&gt;</description>').image_url == "https://www.site.example/up/r.jpg"
    )


def test_a_relative_picture_obeys_xml_base() -> None:
    content = '<content type="html" xml:base="https://www.site.example/blog/">&lt;img src="r.jpg"&gt;</content>'
    assert atom(content).image_url == "https://www.site.example/blog/r.jpg"


def test_a_relative_picture_obeys_the_xml_base_of_xhtml() -> None:
    base = 'xml:base="https://www.site.example/blog/"'
    inside = f'<div xmlns="http://www.w3.org/1999/xhtml" {base}><img src="r.jpg"/></div>'
    assert atom(f'<content type="xhtml">{inside}</content>').image_url == "https://www.site.example/blog/r.jpg"


def test_a_picture_of_a_json_feed_may_be_an_object() -> None:
    assert json_feed(title="x", image={"url": f"{PICTURES}/p.jpg"}).image_url == f"{PICTURES}/p.jpg"


def test_the_size_that_a_feed_tells_of_a_picture_is_kept() -> None:
    entry = rss(f'<media:content url="{PICTURES}/p.jpg" medium="image" width="1200" height="675"/>')
    assert (entry.image_url, entry.image_width, entry.image_height) == (f"{PICTURES}/p.jpg", 1200, 675)


DAY = "2021-11-26T"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Fri, 26 Nov 2021 09:00:00 -05:00", f"{DAY}14:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 +0530", f"{DAY}03:30:00"),
        ("Fri Nov 26 2021 09:00:00 GMT+0100 (CET)", f"{DAY}08:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 GMT+0200", f"{DAY}07:00:00"),
        ("26 Nov 2021 09:00:00 UTC+2", f"{DAY}07:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 +0000 (GMT)", f"{DAY}09:00:00"),
        ("26 Nov 21 09:00:00 Z", f"{DAY}09:00:00"),
        ("Fri, 26 Nov 2021 9:00 PM EST", "2021-11-27T02:00:00"),
        ("Nov 26, 2021 9:00 PM", f"{DAY}21:00:00"),
        ("Friday, November 26, 2021 12:30 a.m. GMT", f"{DAY}00:30:00"),
        ("11/26/2021 9:00:00 PM", f"{DAY}21:00:00"),
        ("2021-11-26 09:00:00 UTC", f"{DAY}09:00:00"),
        ("2021-11-26 09:00:00 +0100", f"{DAY}08:00:00"),
        ("20211126T090000Z", f"{DAY}09:00:00"),
        ("20211126T090000+0100", f"{DAY}08:00:00"),
        ("20211126", f"{DAY}00:00:00"),
        ("2021/11/26 09:00", f"{DAY}09:00:00"),
        ("2021-11-26T09:00:00.123Z", f"{DAY}09:00:00"),
        ("2021-11-26T09:00:00.1234567+01:00", f"{DAY}08:00:00"),
        ("1637917200", f"{DAY}09:00:00"),
        ("1637917200000", f"{DAY}09:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 CET", f"{DAY}08:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 CEST", f"{DAY}07:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 BST", f"{DAY}08:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 JST", f"{DAY}00:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 AEST", "2021-11-25T23:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 AEDT", "2021-11-25T22:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 America/New_York", f"{DAY}14:00:00"),
        ("2021-11-26T09:00:00 Europe/Paris", f"{DAY}08:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 IST", None),
        ("Thu, 25 Nov 2021 24:00:00 GMT", f"{DAY}00:00:00"),
        ("2021-11-25T24:00:00Z", f"{DAY}00:00:00"),
        ("Fri, 26 Nov 2021 09:00:60 GMT", f"{DAY}09:01:00"),
        ("26.11.2021", f"{DAY}00:00:00"),
        ("26.11.2021 09:00", f"{DAY}09:00:00"),
        ("03.04.2021", "2021-04-03T00:00:00"),
        ("11/26/2021 09:00:00", f"{DAY}09:00:00"),
        ("26/11/2021 09:00", f"{DAY}09:00:00"),
        ("03/04/2021", None),
        ("31 Nov 2021", None),
        ("Fri, 31 Nov 2021 09:00:00 GMT", None),
        ("Fri, 26 Nov 2021 25:00:00 GMT", None),
        ("yesterday", None),
        ("November 26th, 2021", f"{DAY}00:00:00"),
        ("Fri Nov 26 09:00:00 EST 2021", f"{DAY}14:00:00"),
        ("Fr, 26 Dez 2020 09:00:00 +0100", "2020-12-26T08:00:00"),
        ("26. November 2021, 9.30 Uhr", f"{DAY}09:30:00"),
        ("26 décembre 2020", "2020-12-26T00:00:00"),
        ("vendredi 26 novembre 2021 à 9h30", f"{DAY}09:30:00"),
        ("mar. 23 nov. 2021 09:00", "2021-11-23T09:00:00"),
        ("26 de noviembre de 2021", f"{DAY}00:00:00"),
        ("Пт, 26 ноя 2021 09:00:00 +0300", f"{DAY}06:00:00"),
        ("26 ноября 2021 г., 09:00", f"{DAY}09:00:00"),
        ("26 Kasım 2021 Cuma", f"{DAY}00:00:00"),
        ("26 Νοεμβρίου 2021", f"{DAY}00:00:00"),
        ("2021年11月26日 09:00", f"{DAY}09:00:00"),
        ("2021年11月26日 下午9:00", f"{DAY}21:00:00"),
        ("2021년 11월 26일", f"{DAY}00:00:00"),
        ("٢٦ نوفمبر ٢٠٢١", f"{DAY}00:00:00"),
        ("2021. november 26.", f"{DAY}00:00:00"),
        ("Fri, 26 November 2021 9:5:3 GMT", f"{DAY}09:05:03"),
        ("2021-11-26T09:00:00+01:00[Europe/Berlin]", f"{DAY}08:00:00"),
        ("2021-330", f"{DAY}00:00:00"),
        ("26 พ.ย. 2564", f"{DAY}00:00:00"),
    ],
)
def test_a_date_is_read_in_every_form_that_has_one_meaning(written: str, moment: str | None) -> None:
    assert dated(written) == moment


@pytest.mark.parametrize(
    ("written", "language", "moment"),
    [
        ("Fri, 26 Nov 2021 09:00:00 IST", "en-IN", f"{DAY}03:30:00"),
        ("Fri, 26 Nov 2021 09:00:00 IST", "en-ie", f"{DAY}08:00:00"),
        ("Fri, 26 Nov 2021 09:00:00 IST", "he", f"{DAY}07:00:00"),
        ("03/04/2021", "en-US", "2021-03-04T00:00:00"),
        ("03/04/2021", "en-gb", "2021-04-03T00:00:00"),
        ("03/04/2021", "fr", "2021-04-03T00:00:00"),
        ("26 listopada 2021", "pl", f"{DAY}00:00:00"),
        ("26 listopada 2021", "hr", "2021-10-26T00:00:00"),
    ],
)
def test_the_language_of_a_feed_decides_what_could_mean_two_things(written: str, language: str, moment: str) -> None:
    assert dated(written, head=f"<language>{language}</language>") == moment


def test_the_country_of_a_feed_decides_which_ist_is_meant() -> None:
    assert dated("Fri, 26 Nov 2021 09:00:00 IST", url="https://news.example.in/feed") == f"{DAY}03:30:00"


@pytest.mark.parametrize(("other", "moment"), [("26/11/2021", "2021-04-03"), ("11/26/2021", "2021-03-04")])
def test_the_other_dates_of_a_feed_decide_which_number_is_the_day(other: str, moment: str) -> None:
    others = f"<item><title>y</title><link>/b</link><pubDate>{other}</pubDate></item>"
    assert dated("03/04/2021", others=others) == f"{moment}T00:00:00"


@pytest.mark.parametrize("written", ["2021-11-26T09:00:00Z", "Fri, 26 Nov 2021 09:00:00 GMT", 1637917200, 1637917200.5])
def test_a_date_of_a_json_feed_may_be_written_in_any_form(written: object) -> None:
    assert f"{json_feed(title='x', date_published=written).published_at:%d %H:%M}" == "26 09:00"


def test_a_date_of_publication_comes_before_one_of_change() -> None:
    entry = rss(
        "<dc:date>2021-11-27</dc:date><pubDate>26 Nov 2021</pubDate><a10:updated>2021-11-28T00:00:00Z</a10:updated>"
    )
    assert f"{entry.published_at:%d}" == "26"


def test_the_newest_of_too_many_entries_are_kept() -> None:
    days = [
        f"<item><title>n{n}</title><link>/{n}</link><pubDate>{1577836800 + n * 86400}</pubDate></item>"
        for n in range(600)
    ]
    feed = feeds.parse((_RSS % "".join(days)).encode(), url=FEED, now=NOW)
    assert (feed.entries[0].title, feed.entries[-1].title, len(feed.entries), feed.left) == ("n100", "n599", 500, 100)


def test_how_many_dates_could_not_be_read_is_said() -> None:
    items = "".join(
        f"<item><title>x</title><link>/{d}</link><pubDate>{d}</pubDate></item>" for d in ("soon", "26 Nov 2021")
    )
    assert feeds.parse((_RSS % items).encode(), url=FEED, now=NOW).unread_dates == 1


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ("<author>ann@site.example (Ann Bee)</author>", "Ann Bee"),
        ("<author>Ann Bee (ann@site.example)</author>", "Ann Bee"),
        ("<author>Ann Bee &lt;ann@site.example&gt;</author>", "Ann Bee"),
        ("<author>&quot;Ann Bee&quot; &lt;ann@site.example&gt;</author>", "Ann Bee"),
        ("<author>ann@site.example</author>", "ann@site.example"),
        ("<author>ann@site.example</author><dc:creator>Ann Bee</dc:creator>", "Ann Bee"),
        ("<dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator>", "Ann, Bob"),
        ("<author>a@x.example (Ann)</author><dc:creator>ANN</dc:creator><dc:creator>Bob</dc:creator>", "Ann, Bob"),
        ("<author>a@x.example (Ann), b@x.example (Bob)</author>", "Ann, Bob"),
        ("<a10:author><a10:name>Ann</a10:name><a10:email>a@x.example</a10:email></a10:author>", "Ann"),
        ("<dc:creator><![CDATA[Ann &amp; Bob]]></dc:creator>", "Ann & Bob"),
        ("<itunes:author>Ann</itunes:author>", "Ann"),
        ("<author>a@x.example (Ann Bee); b@x.example (Bob Cee)</author>", "Ann Bee, Bob Cee"),
        ("<author>Ann Bee &lt;a@x.example&gt;, Bob Cee &lt;b@x.example&gt;</author>", "Ann Bee, Bob Cee"),
        ("<author>a@x.example (a@x.example)</author>", "a@x.example"),
        ("<author>ann AT site.example (Ann Bee)</author>", "Ann Bee"),
        ("<author>(Ann Bee)</author>", "Ann Bee"),
    ],
)
def test_all_authors_are_named_and_none_by_a_mail_address_alone(item: str, author: str) -> None:
    assert rss(item).author == author


def test_all_authors_of_an_atom_entry_are_named() -> None:
    entry = atom("<author><name>Ann</name><uri>https://x.example</uri></author><author><name>Bob</name></author>")
    assert entry.author == "Ann, Bob"


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ({"authors": [{"name": "Ann"}, {"name": "Bob"}]}, "Ann, Bob"),
        ({"authors": {"name": "Ann"}}, "Ann"),
        ({"authors": ["Ann", "Bob"]}, "Ann, Bob"),
        ({"author": {"name": "Ann"}}, "Ann"),
        ({"author": "Ann"}, "Ann"),
        ({"author": {"name": "Ann"}, "authors": [{"name": "Ann"}]}, "Ann"),
        ({"authors": [{"url": "https://x.example"}]}, ""),
    ],
)
def test_the_authors_of_a_json_feed_are_named_however_they_are_written(said: dict[str, object], author: str) -> None:
    assert json_feed(title="x", **said).author == author


@pytest.mark.parametrize(
    "version", ["https://jsonfeed.org/version/1", "http://jsonfeed.org/version/1.1", "1.0", "1.1", "1", 1, None]
)
def test_a_json_feed_of_any_version_or_none_is_read(version: object) -> None:
    feed = {"items": [{"id": "7", "url": PAGE, "title": "x"}]} | ({} if version is None else {"version": version})
    assert [entry.url for entry in read(json.dumps(feed))] == [PAGE]


def test_an_entry_that_is_no_xml_costs_nobody_but_itself() -> None:
    items = [f"<item><title>n{n}</title><link>/{n}</link></item>" for n in range(3)]
    broken = "<item><title>odd</title><link>/odd</link><description>One <br> two <p>three</description></item>"
    assert [entry.title for entry in read(_RSS % "".join([items[0], broken, *items[1:]]))] == ["n0", "odd", "n1", "n2"]


def test_a_prefix_that_nobody_declared_is_understood() -> None:
    feed = f"<rss><channel><item><title>x</title><link>{PAGE}</link>{THUMBNAIL}</item></channel></rss>"
    assert read(feed)[0].image_url == f"{PICTURES}/p.jpg"


def test_an_entity_that_a_feed_declares_is_read() -> None:
    feed = (
        f'<!DOCTYPE rss [<!ENTITY co "Site &amp;amp; Co">]>{_RSS}'
        % f"<item><title>At &co;</title><link>{PAGE}</link></item>"
    )
    assert read(feed)[0].title == "At Site & Co"


def test_a_character_that_xml_forbids_is_left_out_of_what_might_be_a_comment() -> None:
    feed = _RSS % f"<item><title><!--</title></item><item><title>On&#xD800;ce</title><link>{PAGE}</link></item>"
    assert [entry.title for entry in read(feed)] == ["Once"]


def test_a_namespace_that_is_written_with_https_is_the_same() -> None:
    feed = f'<feed xmlns="https://www.w3.org/2005/Atom"><entry><title>x</title><link href="{PAGE}"/></entry></feed>'
    assert read(feed)[0].url == PAGE


@pytest.mark.parametrize("root", ["rss", "feed"])
def test_a_namespace_that_somebody_made_up_for_the_whole_feed_is_overlooked(root: str) -> None:
    item = f"<item><title>x</title><link>{PAGE}</link></item>"
    assert [
        entry.url for entry in read(f'<{root} xmlns="https://www.site.example/ns"><channel>{item}</channel></{root}>')
    ] == [PAGE]
