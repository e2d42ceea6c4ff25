"""Visits to a real server that is polite, slow, lying or hostile."""

import ipaddress
import ssl
import threading
import zlib

import pytest
import trustme

from newsletter.config import Fetch
from newsletter.stories.reading import guard
from newsletter.stories.reading.fetching import Answer, Fetcher, Outcome
from newsletter.stories.reading.guard import Address
from tests.stories.newsstand import Newsstand

#: what is opaque is echoed as it stands: quotes, weakness, odd bytes
ODD_ETAG = 'W/"a, b; \xe9"'
ODD_DATE = "Thu, 25-Nov-2021 16:00:00 +0000 (or so)"


@pytest.fixture
def fetcher(polite: Fetch) -> Fetcher:
    return Fetcher(polite, public_url="https://news.example.com")


@pytest.fixture
def hasty() -> Fetcher:
    """Gives up after a third of a second."""
    settings = Fetch(allow_loopback=True, host_gap=0, timeout=0.3)
    return Fetcher(settings, public_url="https://news.example.com")


def test_a_body_comes_back_as_it_was_served(stand: Newsstand, fetcher: Fetcher) -> None:
    url = stand.serve("/feed", b"<rss/>", content_type="text/xml", etag='"1"', last_modified="yesterday")
    assert fetcher.feed(url) == Answer(
        Outcome.FRESH, url, 200, b"<rss/>", "text/xml", etag='"1"', last_modified="yesterday"
    )


def test_validators_are_echoed_exactly_as_given(stand: Newsstand, fetcher: Fetcher) -> None:
    url = stand.serve_until_known("/feed", "<rss/>", etag=ODD_ETAG, last_modified=ODD_DATE)
    first = fetcher.feed(url)
    fetcher.feed(url, etag=first.etag, last_modified=first.last_modified)
    sent = stand.visits["/feed"][1]
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == (ODD_ETAG, ODD_DATE)


def test_who_brings_the_validators_back_hears_that_nothing_changed(stand: Newsstand, fetcher: Fetcher) -> None:
    url = stand.serve_until_known("/feed", "<rss/>", etag='"1"')
    answer = fetcher.feed(url, etag=fetcher.feed(url).etag)
    assert (answer.outcome, answer.body) == (Outcome.UNCHANGED, b"")


def test_we_say_who_we_are(stand: Newsstand, fetcher: Fetcher) -> None:
    fetcher.feed(stand.serve("/feed", "<rss/>"))
    assert stand.visits["/feed"][0]["User-Agent"] == "newsletter/0.1 (+https://news.example.com)"


def test_we_bring_no_cookies(stand: Newsstand, fetcher: Fetcher) -> None:
    url = stand.serve("/feed", "<rss/>", set_cookie="who=you")
    fetcher.feed(url)
    fetcher.feed(url)
    assert "Cookie" not in stand.visits["/feed"][1]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", zlib.compress(b"<rss/>", wbits=31)),
        ("x-gzip", zlib.compress(b"<rss/>", wbits=31)),
        ("gzip, gzip", zlib.compress(b"<rss/>", wbits=31)),
        ("deflate", zlib.compress(b"<rss/>")),
        ("deflate", zlib.compress(b"<rss/>", wbits=-15)),
        ("gzip", zlib.compress(b"<rs", wbits=31) + zlib.compress(b"s/>", wbits=31)),
        ("gzip", zlib.compress(b"<rss/>", wbits=31) + bytes(16)),
        ("none", b"<rss/>"),
        ("utf-8", b"<rss/>"),
        ("gzip", b"<rss/>"),
        ("br", b"<rss/>"),
        ("br", zlib.compress(b"<rss/>", wbits=31)),
        ("identity", zlib.compress(b"<rss/>", wbits=31)),
    ],
)
def test_a_packed_body_is_unpacked(stand: Newsstand, fetcher: Fetcher, encoding: str, packed: bytes) -> None:
    assert fetcher.feed(stand.serve("/feed", packed, content_encoding=encoding)).body == b"<rss/>"


@pytest.mark.parametrize(
    ("encoding", "body", "problem"),
    [
        ("br", b"x", "is packed in a way that was not asked for (br)"),
        ("gzip, br", b"x", "is packed in a way that was not asked for (gzip, br)"),
        ("gzip", b"not packed at all", "is not properly packed: Error -3"),
    ],
)
def test_a_wrongly_packed_body_is_a_problem(
    stand: Newsstand, fetcher: Fetcher, encoding: str, body: bytes, problem: str
) -> None:
    answer = fetcher.feed(stand.serve("/feed", body, content_encoding=encoding))
    assert answer.problem.startswith(problem)


@pytest.mark.parametrize(
    ("status", "outcome", "problem"),
    [
        (404, Outcome.FAILED, "was not found (404): is the address still right?"),
        (410, Outcome.GONE, "is gone for good (410)"),
        (403, Outcome.FAILED, "refuses to be read (403)"),
        (418, Outcome.FAILED, "answered 418, which is no feed or page"),
        (429, Outcome.FAILED, "asks to be visited less often (429)"),
        (500, Outcome.FAILED, "has trouble of its own (500)"),
        (503, Outcome.FAILED, "asks to be visited less often (503)"),
    ],
)
def test_a_refusal_is_explained(
    stand: Newsstand, fetcher: Fetcher, status: int, outcome: Outcome, problem: str
) -> None:
    answer = fetcher.feed(stand.answer("/feed", status))
    assert (answer.outcome, answer.problem) == (outcome, problem)


def test_retry_after_is_kept_as_given(stand: Newsstand, fetcher: Fetcher) -> None:
    url = stand.answer("/feed", 503, retry_after="Fri, 26 Nov 2021 09:00:00 GMT")
    assert fetcher.feed(url).retry_after == "Fri, 26 Nov 2021 09:00:00 GMT"


def test_an_endless_body_ends_at_five_megabytes(stand: Newsstand, fetcher: Fetcher) -> None:
    assert fetcher.feed(stand.pour("/feed", b"x" * 65536)).problem == "is larger than 5 MB"


def test_a_bomb_ends_at_five_megabytes(stand: Newsstand, fetcher: Fetcher) -> None:
    assert fetcher.feed(stand.serve_bomb("/feed", 50)).problem == "is larger than 5 MB"


def test_a_body_that_drips_for_ever_ends_at_the_deadline(stand: Newsstand, hasty: Fetcher) -> None:
    assert hasty.feed(stand.drip("/feed", b"x")).problem == "did not finish in time"


def test_headers_that_drip_for_ever_end_at_the_deadline(stand: Newsstand, hasty: Fetcher) -> None:
    assert hasty.feed(stand.drip_headers("/feed")).problem == "did not finish in time"


def test_a_body_that_is_cut_off_is_a_problem(stand: Newsstand, fetcher: Fetcher) -> None:
    assert fetcher.feed(stand.hang_up("/feed")).problem.startswith("broke off or did not speak HTTP")


def test_a_server_that_is_not_there_is_a_problem(fetcher: Fetcher) -> None:
    assert fetcher.feed("http://127.0.0.1:1/").problem == "can't be reached: Connection refused"


def test_a_certificate_is_checked_against_the_name_and_not_the_address(
    sealed_stand: Newsstand, authority: trustme.CA, polite: Fetch
) -> None:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    fetcher = Fetcher(polite, public_url="https://news.example.com", tls=tls)
    url = sealed_stand.serve("/feed", "<rss/>").replace("127.0.0.1", "localhost")
    assert fetcher.feed(url).body == b"<rss/>"


def test_a_certificate_for_another_name_is_refused(
    sealed_stand: Newsstand, authority: trustme.CA, polite: Fetch
) -> None:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    fetcher = Fetcher(polite, public_url="https://news.example.com", tls=tls)
    assert "certificate verify failed" in fetcher.feed(sealed_stand.serve("/feed", "<rss/>")).problem


def test_a_certificate_that_nobody_signed_is_refused(sealed_stand: Newsstand, fetcher: Fetcher) -> None:
    url = sealed_stand.serve("/feed", "<rss/>").replace("127.0.0.1", "localhost")
    assert "certificate verify failed" in fetcher.feed(url).problem


def test_redirects_are_followed_to_the_body(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.serve("/new", "<rss/>")
    answer = fetcher.feed(stand.redirect("/old", "/new"))
    assert (answer.url, answer.body) == (stand.url("/new"), b"<rss/>")


def test_a_redirect_loop_ends_after_five_steps(stand: Newsstand, fetcher: Fetcher) -> None:
    answer = fetcher.feed(stand.redirect("/round", "/round"))
    assert (answer.problem, len(stand.visits["/round"])) == ("redirects more than 5 times", 6)


def test_a_permanent_move_is_told(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.serve("/new", "<rss/>")
    assert fetcher.feed(stand.redirect("/old", "/new", 301)).moved_to == stand.url("/new")


def test_a_move_is_permanent_only_as_far_as_every_step_is(stand: Newsstand, fetcher: Fetcher) -> None:
    stand.serve("/new", "<rss/>")
    stand.redirect("/middle", "/new", 302)
    assert fetcher.feed(stand.redirect("/old", "/middle", 308)).moved_to == stand.url("/middle")


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://10.0.0.1/", "http://0.0.0.0/"],
)
def test_a_redirect_into_a_private_network_is_refused(stand: Newsstand, fetcher: Fetcher, target: str) -> None:
    assert "is not on the public internet" in fetcher.feed(stand.redirect("/feed", target)).problem


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://feed.example/", "gopher://127.0.0.1/", "javascript:1"])
def test_a_redirect_out_of_the_web_is_refused(stand: Newsstand, fetcher: Fetcher, target: str) -> None:
    assert "is not a page of the web" in fetcher.feed(stand.redirect("/feed", target)).problem


def test_loopback_is_never_visited_unless_the_settings_allow_it(stand: Newsstand) -> None:
    fetcher = Fetcher(Fetch(host_gap=0), public_url="https://news.example.com")
    answer = fetcher.feed(stand.serve("/feed", "<rss/>"))
    assert (answer.outcome, dict(stand.visits)) == (Outcome.FAILED, {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]"])
def test_a_redirect_to_loopback_is_refused_at_connect_time(stand: Newsstand, host: str) -> None:
    def only_the_stand(name: str, port: int) -> list[Address]:
        return guard.addresses(name, port, allow_loopback=stand.address.endswith(f":{port}"))

    fetcher = Fetcher(Fetch(host_gap=0), public_url="https://news.example.com", resolve=only_the_stand)
    answer = fetcher.feed(stand.redirect("/feed", f"http://{host}/"))
    assert "is not on the public internet" in answer.problem


def test_a_name_with_one_forbidden_address_is_refused_whole(stand: Newsstand) -> None:
    def both(_name: str, port: int) -> list[Address]:
        found: list[Address] = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("10.0.0.1")]
        for address in found:
            guard.check(address, port, allow_loopback=True)
        return found

    fetcher = Fetcher(Fetch(host_gap=0), public_url="https://news.example.com", resolve=both)
    assert "10.0.0.1 is not on the public internet" in fetcher.feed(stand.serve("/feed", "<rss/>")).problem


def test_two_visits_to_one_host_are_a_gap_apart(stand: Newsstand) -> None:
    pauses: list[float] = []
    settings = Fetch(allow_loopback=True, host_gap=5)
    fetcher = Fetcher(settings, public_url="https://news.example.com", monotonic=lambda: 100, sleep=pauses.append)
    fetcher.feed(stand.serve("/a", "a"))
    fetcher.feed(stand.serve("/b", "b"))
    assert pauses == [5]


def test_one_host_is_never_visited_twice_at_once(stand: Newsstand, fetcher: Fetcher) -> None:
    urls = [stand.serve(f"/{number}", "x" * 10_000) for number in range(12)]
    visitors = [threading.Thread(target=fetcher.feed, args=(url,)) for url in urls]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert stand.crowd == 1


def test_a_page_is_not_visited_where_it_may_not_be(stand: Newsstand, fetcher: Fetcher) -> None:
    answer = fetcher.page(stand.serve("/page", "x"), may_visit=lambda _url: False)
    assert (answer.problem, dict(stand.visits)) == ("its robots.txt asks not to be read", {})


def test_a_forbidden_address_raises_nothing_out_of_a_visit(fetcher: Fetcher) -> None:
    assert fetcher.feed("http://10.0.0.1/").outcome is Outcome.FAILED
