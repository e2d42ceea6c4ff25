"""Article pages: read where robots.txt lets us, for lead, image and date."""

from datetime import UTC, datetime

import pytest

from newsletter.config import Fetch
from newsletter.stories.reading import pages
from newsletter.stories.reading.fetching import Fetcher
from newsletter.stories.reading.pages import Page, Robots
from tests.stories.newsstand import Newsstand

LEAD = "The grocer opened a shop in Paris on Wednesday where shoppers take what they want and walk out without paying."
MORE = "The shop is fifty square metres large, and it holds nine hundred things that people buy on their way home."
ARTICLE = f"""<!DOCTYPE html><html><head><title>Grocer opens a shop | Post</title>
<meta property="og:image" content="/shop.jpg"><meta property="article:published_time" content="2021-11-24T09:00:00Z">
</head><body><nav><a href="/">Home</a> <a href="/about">About</a></nav>
<article><h1>Grocer opens a shop</h1><p>{LEAD}</p><p>{MORE}</p></article>
<footer>All rights reserved</footer><script>alert(1)</script></body></html>"""
URL = "http://feed.example/a"


@pytest.fixture
def fetcher(polite: Fetch) -> Fetcher:
    return Fetcher(polite, public_url="https://news.example.com")


def test_a_page_gives_its_lead_image_and_date() -> None:
    assert pages.extract(ARTICLE.encode(), URL) == Page(
        text=f"{LEAD}\n\n{MORE}",
        summary=f"{LEAD}\n\n{MORE}",
        image_url="http://feed.example/shop.jpg",
        published=datetime(2021, 11, 24, tzinfo=UTC),
        title="Grocer opens a shop",
        site="feed.example",
        url=URL,
    )


def test_an_image_is_also_found_in_the_data_of_a_page() -> None:
    data = '<script type="application/ld+json">{"image": [{"url": "/data.jpg"}]}</script>'
    page = ARTICLE.replace('<meta property="og:image" content="/shop.jpg">', data)
    assert pages.extract(page.encode(), URL).image_url == "http://feed.example/data.jpg"


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\x00\xff\xfe", b"<html><body>" + b"<div>" * 5000])
def test_a_page_with_nothing_on_it_is_a_problem(body: bytes) -> None:
    assert pages.extract(body, URL) == Page(problem="has no text that could be found")


def test_a_page_tells_the_size_of_its_image() -> None:
    sizes = '<meta property="og:image:width" content="1200"><meta content="630" property="og:image:height">'
    page = pages.extract(ARTICLE.replace('content="/shop.jpg">', f'content="/shop.jpg">{sizes}').encode(), URL)
    assert (page.image_url, page.image_width, page.image_height) == ("http://feed.example/shop.jpg", 1200, 630)


def test_the_data_of_a_page_tells_the_size_of_its_image() -> None:
    data = '<script type="application/ld+json">{"image": {"url": "/d.jpg", "width": 800, "height": "450"}}</script>'
    page = pages.extract(ARTICLE.replace('<meta property="og:image" content="/shop.jpg">', data).encode(), URL)
    assert (page.image_url, page.image_width, page.image_height) == ("http://feed.example/d.jpg", 800, 450)


def test_an_image_of_a_page_is_of_the_web_or_none() -> None:
    page = ARTICLE.replace("/shop.jpg", "javascript:alert(1)")
    assert pages.extract(page.encode(), URL).image_url == ""


def test_a_site_without_robots_may_be_read(stand: Newsstand, fetcher: Fetcher) -> None:
    assert Robots(fetcher).allow(stand.url("/a"))


def test_a_site_that_asks_not_to_be_read_is_not(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.serve("/robots.txt", "User-agent: *\nDisallow: /private")
    page = pages.read(fetcher, Robots(fetcher), stand.serve("/private/a", ARTICLE, content_type="text/html"))
    assert (page.problem, stand.visits["/private/a"]) == ("its robots.txt asks not to be read", [])


def test_a_rule_for_our_own_name_counts(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.serve("/robots.txt", "User-agent: newsletter\nDisallow: /\n\nUser-agent: *\nAllow: /")
    assert not Robots(fetcher).allow(stand.url("/a"))


def test_a_site_whose_robots_can_not_be_had_is_left_alone(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.answer("/robots.txt", 500)
    assert not Robots(fetcher).allow(stand.url("/a"))


def test_robots_are_asked_once_in_a_round(stand: Newsstand, fetcher: Fetcher) -> None:
    robots = Robots(fetcher)
    robots.allow(stand.url("/a"))
    robots.allow(stand.url("/b"))
    assert len(stand.visits["/robots.txt"]) == 1


def test_a_redirect_to_where_robots_forbid_is_not_followed(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.serve("/robots.txt", "User-agent: *\nDisallow: /private")
    stand.redirect("/a", "/private/a")
    assert pages.read(fetcher, Robots(fetcher), stand.url("/a")).problem == "its robots.txt asks not to be read"


def test_the_pause_that_a_site_asks_for_is_made(stand: Newsstand) -> None:
    pauses: list[float] = []
    settings = Fetch(allow_loopback=True, host_gap=0)
    fetcher = Fetcher(settings, public_url="https://news.example.com", monotonic=lambda: 100, sleep=pauses.append)
    stand.serve("/robots.txt", "User-agent: *\nCrawl-delay: 7")
    robots = Robots(fetcher)
    for path in ("/a", "/b"):
        pages.read(fetcher, robots, stand.serve(path, ARTICLE, content_type="text/html"))
    assert pauses == [7]


def test_a_picture_is_no_page(stand: Newsstand, fetcher: Fetcher) -> None:
    url = stand.serve("/a", b"\x89PNG", content_type="image/png")
    assert pages.read(fetcher, Robots(fetcher), url).problem == "is no page but image/png"
