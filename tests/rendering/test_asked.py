"""What only others can say: each kind of answer beside its neighbour, asked of real servers on loopback."""

import base64
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.rcode
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.config import Checks, Fetch
from newsletter.editions import words
from newsletter.rendering import sheet
from newsletter.rendering.models import Answer, Proof
from newsletter.rendering.preflight import Finding, Level, Material, asked
from newsletter.rendering.preflight.asked import domains, images, links, questions, spam, spelling
from newsletter.rendering.preflight.asked.questions import Kind, Question
from newsletter.stories.reading.fetching import Fetcher
from tests.rendering import nameserver, samples
from tests.rendering.nameserver import NameServer
from tests.rendering.samples import edition, story
from tests.stories.newsstand import Newsstand, open_newsstand

GREEN, UNKNOWN, AMBER, RED = Level.GREEN, Level.UNKNOWN, Level.AMBER, Level.RED
NOW = datetime(2021, 11, 25, 16, 0, tzinfo=UTC)
DOMAIN = "news.example.com"


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    stand, close = open_newsstand()
    yield stand
    close()


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(Fetch(allow_loopback=True, host_gap=0, timeout=10), public_url=samples.PUBLIC)


@pytest.fixture
def names() -> Iterator[NameServer]:
    with nameserver.serving() as server:
        yield server


def material(*stories: Any, **changes: Any) -> Material:
    given, told = samples.settings(**changes), edition(*stories)
    page = sheet.lay_out(told, samples.friday(given), given)
    proof = Proof(subject=page.subject, html=page.html.encode(), text=page.text.encode(), digest="d" * 64)
    return Material(proof, samples.friday(given), given, words.of(told), {})


def levels(found: Any) -> list[Level]:
    return [each.level for each in found]


# pages


def _linked(fetcher: Fetcher, *urls: str) -> list[Finding]:
    subject = material(*(story(url=url) for url in urls))
    return list(links.judge(subject, {url: links.ask(fetcher, url) for url in urls}))


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (200, GREEN),
        (404, RED),
        (410, RED),
        (500, AMBER),
        (400, AMBER),
        (401, UNKNOWN),
        (403, UNKNOWN),
        (429, UNKNOWN),
        (503, UNKNOWN),
        (999, UNKNOWN),
    ],
)
def test_what_a_page_answers_decides(stand: Newsstand, fetcher: Fetcher, status: int, level: Level) -> None:
    url = stand.serve("/a", "<p>words") if status == 200 else stand.answer("/a", status)

    assert levels(_linked(fetcher, url)) == [level]


def test_a_page_that_is_gone_names_the_storys_link(stand: Newsstand, fetcher: Fetcher) -> None:
    live, gone = stand.serve("/a", "<p>words"), stand.url("/gone")

    assert [(each.level, each.field) for each in _linked(fetcher, live, gone)] == [(RED, "stories-1-url")]


@pytest.mark.parametrize(("status", "says"), [(301, "moved for good"), (308, "moved for good"), (302, "leads on to")])
def test_a_page_that_moved_is_named_with_where_it_is(
    stand: Newsstand, fetcher: Fetcher, status: int, says: str
) -> None:
    there = stand.serve("/new", "<p>words")
    found = _linked(fetcher, stand.redirect("/old", there, status))

    assert (levels(found), says in found[0].text, there in found[0].text) == ([AMBER], True, True)


def test_a_page_that_leads_to_the_front_page_may_be_gone(stand: Newsstand, fetcher: Fetcher) -> None:
    found = _linked(fetcher, stand.redirect("/old", stand.serve("/", "<p>home"), 302))

    assert (levels(found), "front page" in found[0].text) == ([AMBER], True)


def test_a_page_that_leads_to_one_that_is_gone_is_red(stand: Newsstand, fetcher: Fetcher) -> None:
    assert levels(_linked(fetcher, stand.redirect("/old", stand.url("/gone"), 301))) == [RED]


def test_a_circle_of_redirects_is_noticed(stand: Newsstand, fetcher: Fetcher) -> None:
    assert levels(_linked(fetcher, stand.redirect("/a", stand.url("/a"), 302))) == [AMBER]


def test_who_minds_being_asked_for_the_head_alone_is_asked_for_the_page(stand: Newsstand, fetcher: Fetcher) -> None:
    found = _linked(fetcher, stand.serve("/a", "x" * 100_000))

    assert (levels(found), len(stand.visits["/a"])) == ([GREEN], 1)


def test_a_port_where_nobody_answers_is_looked_at_by_a_person(fetcher: Fetcher) -> None:
    assert levels(_linked(fetcher, "http://127.0.0.1:9/a")) == [AMBER]


def test_a_page_that_never_ends_its_answer_is_not_known(stand: Newsstand) -> None:
    hasty = Fetcher(Fetch(allow_loopback=True, host_gap=0, timeout=0.5), public_url=samples.PUBLIC)

    assert levels(_linked(hasty, stand.drip_headers("/a"))) == [UNKNOWN]


def test_an_address_that_must_not_be_visited_is_not_visited(stand: Newsstand) -> None:
    careful = Fetcher(Fetch(host_gap=0, timeout=5), public_url=samples.PUBLIC)

    assert (levels(_linked(careful, stand.serve("/a", "x"))), dict(stand.visits)) == ([UNKNOWN], {})


@pytest.mark.parametrize(("other", "level"), [(200, RED), (0, UNKNOWN)])
def test_a_host_that_is_nowhere_is_red_only_where_the_network_is_there(other: int, level: Level) -> None:
    why = "can't be reached: there is no such host"
    nowhere = {"status": 0, "url": "https://nowhere.example/", "for_good": "", "problem": why}
    another = {"status": other, "url": "https://a.example/a", "for_good": "", "problem": "" if other else "timed out"}
    told = {"https://nowhere.example/": nowhere, "https://a.example/a": another}

    assert links.judge(material(), told)[0].level is level


def test_a_link_that_nobody_tried_is_not_known() -> None:
    assert levels(links.judge(material(), {"https://a.example": None})) == [UNKNOWN]


# pictures


def _pictured(fetcher: Fetcher, *urls: str) -> list[Finding]:
    subject = material(*(story(image_url=url) for url in urls))
    return list(images.judge(subject, {url: images.ask(fetcher, url) for url in urls}))


def test_a_picture_that_is_there_is_green(stand: Newsstand, fetcher: Fetcher) -> None:
    assert levels(_pictured(fetcher, stand.serve("/a.png", samples.picture()))) == [GREEN]


@pytest.mark.parametrize(
    ("body", "level", "says"),
    [
        (samples.picture(2500, 40), AMBER, "2500 × 40 pixels"),
        (samples.picture(200, 100), AMBER, "only 200 × 100"),
        (samples.picture() + b"\0" * 600_000, AMBER, "weighs"),
        (b"<html><p>Please sign in", RED, "is no picture"),
        (b"", RED, "is no picture"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", AMBER, "WEBP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", AMBER, "SVG"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", AMBER, "AVIF"),
    ],
    ids=["wide", "small", "heavy", "a page", "nothing", "webp", "svg", "avif"],
)
def test_a_picture_is_what_it_is_and_not_what_it_is_called(
    stand: Newsstand, fetcher: Fetcher, body: bytes, level: Level, says: str
) -> None:
    found = _pictured(fetcher, stand.serve("/a.png", body, content_type="image/png"))

    assert [(each.level, each.field, says in each.text) for each in found] == [(level, "stories-0-image_url", True)]


@pytest.mark.parametrize(("status", "level"), [(404, RED), (403, AMBER), (500, UNKNOWN)])
def test_a_picture_that_does_not_come_is_noticed(stand: Newsstand, fetcher: Fetcher, status: int, level: Level) -> None:
    assert levels(_pictured(fetcher, stand.answer("/a.png", status))) == [level]


def test_many_pictures_are_heavy_together() -> None:
    each = {"status": 200, "problem": "", "bytes": 450_000, "width": 600, "height": 300, "format": "jpg", "type": ""}
    told = {f"https://img.example/{number}.jpg": each for number in range(5)}

    assert levels(images.judge(material(), told)) == [AMBER]


# the sender's domain


def _key(bits: int = 2048) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


KEY = _key()
GOOD = {
    DOMAIN: ["v=spf1 ip4:192.0.2.1 ~all"],
    f"k._domainkey.{DOMAIN}": [KEY],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none"],
}


def _domain(names: NameServer, texts: dict[str, list[str]], *, selectors: tuple[str, ...] = ("k",)) -> list[Finding]:
    names.texts = texts
    given = samples.settings().model_dump()
    given["newsletters"]["friday"]["dkim_selectors"] = selectors
    subject = material(newsletters=given["newsletters"])
    question = next(each for each in questions.of(subject) if each.kind is Kind.DOMAIN)
    resolver = domains.resolver(Checks(nameservers=(names.address,), seconds=5))
    return list(domains.judge(subject, {DOMAIN: domains.ask(resolver, question.about, question.given)}))


def test_a_domain_that_speaks_for_its_mail_is_green(names: NameServer) -> None:
    assert levels(_domain(names, GOOD)) == [GREEN]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({DOMAIN: ["some other text"]}, "has no SPF record"),
        ({DOMAIN: ["v=spf1 ~all mx", "v=spf1 a -all"]}, "has 2 SPF records"),
        ({DOMAIN: ["v=spf1 +all"]}, "lets everybody send"),
        ({DOMAIN: ["v=spf1 mx all"]}, "lets everybody send"),
        ({DOMAIN: ["v=spf1 -all"]}, "no server may send"),
        ({DOMAIN: ["v=spf1 ip4 192.0.2.1 -all"]}, "can't be understood"),
        (
            {DOMAIN: ["v=spf1 " + " ".join(f"include:s{n}.example.net" for n in range(11)) + " -all"]},
            "more than 10 times",
        ),
        ({f"k._domainkey.{DOMAIN}": []}, "There is no key"),
        ({f"k._domainkey.{DOMAIN}": ["v=DKIM1; k=rsa; p="]}, "has been withdrawn"),
        ({f"k._domainkey.{DOMAIN}": ["v=DKIM1; k=rsa; p=abcdef"]}, "can't be understood"),
        ({f"k._domainkey.{DOMAIN}": [KEY, f"{KEY};"]}, "2 keys"),
        ({f"_dmarc.{DOMAIN}": []}, "has no DMARC policy"),
        ({f"_dmarc.{DOMAIN}": ["v=DMARC1; rua=mailto:a@b.example"]}, "has no p="),
        ({f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "2 DMARC policies"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_domain_is_named(names: NameServer, texts: dict[str, list[str]], says: str) -> None:
    assert [(each.level, says in each.text) for each in _domain(names, GOOD | texts)] == [(AMBER, True)]


@pytest.mark.parametrize(
    "texts",
    [
        {DOMAIN: ["verification=abc", "v=spf1 a mx include:_spf.example.net ?all", "another"]},
        {DOMAIN: ["V=SPF1 redirect=_spf.example.net"], "_spf.example.net": ["v=spf1 ip6:2001:db8::/32 -all"]},
        {DOMAIN: ["v=spf1 a:mail.example.net/24//64 exists:%{i}.example.net exp=why.example.net -all"]},
        {f"_dmarc.{DOMAIN}": [], "_dmarc.example.com": ["v=DMARC1; p=reject; adkim=s"]},
        {f"_dmarc.{DOMAIN}": ["v=DMARC1;p=quarantine;pct=20"]},
    ],
)
def test_records_that_are_right_in_other_words_are_left_alone(names: NameServer, texts: dict[str, list[str]]) -> None:
    assert levels(_domain(names, GOOD | texts)) == [GREEN]


def test_a_key_of_another_kind_is_left_alone(names: NameServer) -> None:
    public = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"

    assert levels(_domain(names, GOOD | {f"k._domainkey.{DOMAIN}": [key]})) == [GREEN]


def test_a_domain_that_does_not_exist_is_named(names: NameServer) -> None:
    assert ["does not exist" in each.text for each in _domain(names, {"other.example": ["x"]})] == [True]


def test_a_key_whose_name_nobody_gave_is_looked_for_and_else_not_known(names: NameServer) -> None:
    found = _domain(names, GOOD, selectors=())
    usual = _domain(names, GOOD | {f"s1._domainkey.{DOMAIN}": [KEY]}, selectors=())

    assert (levels(found), levels(usual)) == ([UNKNOWN], [GREEN])


@pytest.mark.parametrize("trouble", ["silent", "error"])
def test_name_servers_in_trouble_are_not_the_domains_fault(names: NameServer, trouble: str) -> None:
    names.is_silent, names.error = trouble == "silent", dns.rcode.SERVFAIL if trouble == "error" else names.error
    resolver = domains.resolver(Checks(nameservers=(names.address,), seconds=0.5))
    said = domains.ask(resolver, DOMAIN, f'["{DOMAIN}", "smtp", "k"]')

    assert levels(domains.judge(material(), {DOMAIN: said})) == [UNKNOWN]


def test_a_domain_that_nobody_speaks_for_stops_mail_that_goes_out(names: NameServer) -> None:
    names.texts = {DOMAIN: ["hello"]}
    given = samples.settings(sender="smtp", smtp={"host": "mail.example.com"}).model_dump()
    given["newsletters"]["friday"]["dkim_selectors"] = ("k",)
    subject = material(**{key: given[key] for key in ("sender", "smtp", "newsletters")})
    resolver = domains.resolver(Checks(nameservers=(names.address,), seconds=5))
    said = domains.ask(resolver, DOMAIN, f'["{DOMAIN}", "smtp", "k"]')

    assert levels(domains.judge(subject, {DOMAIN: said})) == [RED, RED, AMBER]


# programs on this machine


def _dictionary() -> bool:
    try:
        import enchant
    except ImportError:
        return False
    return "en_US" in enchant.list_languages()


@pytest.mark.skipif(not _dictionary(), reason="there is no dictionary here: apt install hunspell-en-us")
def test_a_word_that_no_dictionary_knows_names_its_field_and_what_may_be_meant() -> None:
    texts = [("subject", "The week in five"), ("stories-0-summary", "The retailer **recieved** an offer.")]
    found = spelling.judge({"en": spelling.ask("en", texts)})

    assert [(each.level, each.field, "received" in each.text) for each in found] == [(AMBER, "stories-0-summary", True)]


@pytest.mark.skipif(not _dictionary(), reason="there is no dictionary here: apt install hunspell-en-us")
@pytest.mark.parametrize(
    "said",
    [
        "Getir buys Weezy for $5m",
        "See https://exmple.invalid/wrnog and eva@exmaple.com",
        "The retailer’s plan isn't new",
        "NFTs, B2B and 5G",
        "Read [the report](https://wrnog.example/abc) on `#hashtgs`",
    ],
)
def test_names_and_what_is_no_word_are_left_alone(said: str) -> None:
    assert levels(spelling.judge({"en": spelling.ask("en", [("subject", said)])})) == [GREEN]


def test_a_language_without_a_dictionary_is_not_known() -> None:
    assert levels(spelling.judge({"tlh": spelling.ask("tlh", [("subject", "nuqneH")])})) == [UNKNOWN]


@pytest.mark.parametrize(("points", "level"), [("0.9", GREEN), ("2.6", AMBER), ("7.1", AMBER), ("-1.0", GREEN)])
def test_points_of_a_filter_are_said_with_their_rules(points: str, level: Level) -> None:
    report = (
        f"Content analysis details:   ({points} points, 5.0 required)\n\n pts rule name      description\n"
        "---- ----------------------\n 1.5 BIG_LETTERS            BODY: Letters are big\n-0.1 NICE       Nice\n"
    )
    found = spam.judge({"the whole mail": spam.read(report)})

    assert (levels(found), "BIG_LETTERS" in found[0].text, "NICE" in found[0].text) == ([level], True, False)


@pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not installed")
def test_spamassassin_is_asked_about_the_mail_itself() -> None:
    page = sheet.lay_out(edition(), samples.friday(), samples.settings())
    message = samples.mould(page.html, page.text, page.subject).message(samples.reader())

    assert levels(spam.judge({"the whole mail": spam.ask(message)})) == [GREEN]


# ages


def test_an_answer_counts_for_a_day() -> None:
    subject, question = material(), Question(Kind.LINK, "https://a.example/a")
    gone = {"status": 404, "url": "https://a.example/a", "for_good": "", "problem": "was not found"}
    kept = {question: Answer(kind="link", digest="", about="", said=gone, at=NOW)}
    fresh = asked.judge(subject, [question], kept, now=NOW + timedelta(hours=23))
    stale = asked.judge(subject, [question], kept, now=NOW + timedelta(hours=25))

    assert (fresh[0].level, stale[0].level) == (RED, UNKNOWN)
