"""Who is taken for a machine, why, and that it can be said again from what is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.counted import DECOY, PIXEL
from newsletter.tracking.links import agents, judging, networks, visits
from newsletter.tracking.links.counts import Tally
from newsletter.tracking.links.judging import Facts, judge
from newsletter.tracking.links.models import Verdict, Visit
from tests.links.conftest import CHROME, NINE, House

INDIVIDUAL = pytest.mark.parametrize("tracking", [{"tracking": "individual"}])
BOTH = pytest.mark.parametrize("tracking", [{"tracking": "individual"}, {"tracking": "anonymous"}])
HUMAN = Facts(2, False, 3600, 1, 5, False, "browser on windows", "")
OPENED = HUMAN._replace(number=PIXEL, touched=0)

APPLE = "Mozilla/5.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"


@pytest.mark.parametrize(
    ("facts", "verdict", "reasons"),
    [
        (HUMAN, Verdict.HUMAN, "browser on windows, in their own time"),
        (HUMAN._replace(delay=-1), Verdict.HUMAN, "browser on windows, in their own time"),
        (HUMAN._replace(delay=3), Verdict.SCANNER, "within 5 seconds of delivery"),
        (HUMAN._replace(delay=9), Verdict.UNKNOWN, "within 15 seconds of delivery"),
        (HUMAN._replace(touched=5), Verdict.SCANNER, "5 links within 10 seconds"),
        (HUMAN._replace(touched=3, seen=3), Verdict.SCANNER, "3 links within 10 seconds"),
        (HUMAN._replace(touched=3), Verdict.HUMAN, "browser on windows, in their own time"),
        (HUMAN._replace(decoy=True), Verdict.SCANNER, "followed the link that nobody sees"),
        (HUMAN._replace(number=DECOY), Verdict.SCANNER, "followed the link that nobody sees"),
        (HUMAN._replace(head=True), Verdict.SCANNER, "asked only whether it is there (HEAD)"),
        (HUMAN._replace(network="microsoft-protection"), Verdict.SCANNER, "network microsoft-protection"),
        (HUMAN._replace(network="barracuda"), Verdict.SCANNER, "network barracuda"),
        (HUMAN._replace(network="mimecast", delay=60), Verdict.SCANNER, "network mimecast"),
        (
            HUMAN._replace(network="mimecast"),
            Verdict.UNKNOWN,
            "network mimecast: a gateway, or somebody who browses through it",
        ),
        (HUMAN._replace(agent=""), Verdict.SCANNER, "no browser has this agent"),
        (OPENED, Verdict.HUMAN, "browser on windows, in their own time"),
        (OPENED._replace(network="google"), Verdict.PROXY, "network google"),
        (OPENED._replace(flagged=True), Verdict.PROXY, "the provider says that a machine did it"),
        (OPENED._replace(agent=""), Verdict.UNKNOWN, "the agent says nothing"),
        (
            HUMAN._replace(head=True, delay=1, network="barracuda"),
            Verdict.SCANNER,
            "asked only whether it is there (HEAD); within 5 seconds of delivery; network barracuda",
        ),
    ],
)
def test_evidence_gives_a_verdict_and_says_why(facts: Facts, verdict: Verdict, reasons: str) -> None:
    assert judge(facts) == (verdict, reasons)


@pytest.mark.parametrize(
    ("asked", "clicked", "opened"),
    [
        (CHROME, Verdict.HUMAN, Verdict.HUMAN),
        (APPLE, Verdict.SCANNER, Verdict.PROXY),
        (GMAIL, Verdict.SCANNER, Verdict.PROXY),
        (YAHOO, Verdict.SCANNER, Verdict.PROXY),
        (GMAIL_AHEAD, Verdict.SCANNER, Verdict.SCANNER),
        ("Mozilla/5.0 (compatible; ProofPoint URL Defense)", Verdict.SCANNER, Verdict.SCANNER),
        ("Mimecast Link Protection", Verdict.SCANNER, Verdict.SCANNER),
        ("Mozilla/5.0 (compatible; BarracudaSentinel/1.0)", Verdict.SCANNER, Verdict.SCANNER),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 BingPreview/1.0b", Verdict.SCANNER, Verdict.SCANNER),
        ("Microsoft Office Existence Discovery", Verdict.SCANNER, Verdict.SCANNER),
        ("Cisco IronPort", Verdict.SCANNER, Verdict.SCANNER),
        ("python-requests/2.31.0", Verdict.SCANNER, Verdict.SCANNER),
        ("curl/8.4.0", Verdict.SCANNER, Verdict.SCANNER),
        ("Go-http-client/1.1", Verdict.SCANNER, Verdict.SCANNER),
        ("Mozilla/5.0 (compatible; SomethingBot/2.1; +https://bot.example)", Verdict.SCANNER, Verdict.SCANNER),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0 Safari/537.36", Verdict.SCANNER, Verdict.SCANNER),
        ("Microsoft Office/16.0 (Microsoft Outlook 16.0.5; ms-office; MSOffice 16)", Verdict.HUMAN, Verdict.HUMAN),
        (IPHONE, Verdict.HUMAN, Verdict.HUMAN),
        (f"{IPHONE} Version/17.1 Safari/604.1", Verdict.HUMAN, Verdict.HUMAN),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.5.0", Verdict.HUMAN, Verdict.HUMAN),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", Verdict.HUMAN, Verdict.HUMAN),
        ("SomethingNobodyKnows/3", Verdict.UNKNOWN, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_agents_are_told_apart(asked: str, clicked: Verdict, opened: Verdict) -> None:
    agent = agents.name(asked)
    assert [judge(facts._replace(agent=agent)).verdict for facts in (HUMAN, OPENED)] == [clicked, opened]


@given(asked=st.text(max_size=2000))
def test_whatever_calls_itself_what_it_likes_is_kept_short_and_without_figures(asked: str) -> None:
    kept = agents.name(asked)
    assert (len(kept) <= 120, any(sign.isdigit() for sign in kept), kept.isascii()) == (True, False, True)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("40.94.20.3", ""),
        ("40.92.0.1", "microsoft-protection"),
        ("104.47.127.255", "microsoft-protection"),
        ("104.47.128.0", ""),
        ("2a01:111:f403::1", "microsoft-protection"),
        ("::ffff:40.92.0.1", "microsoft-protection"),
        ("66.249.84.1", "google"),
        ("67.231.152.4", "proofpoint"),
        ("209.222.82.9", "barracuda"),
        ("205.139.110.120", "mimecast"),
        ("0.0.0.1", ""),
        ("255.255.255.255", ""),
        ("not an address", ""),
        ("", ""),
    ],
)
def test_networks_are_known_by_their_owners_lists(address: str, network: str) -> None:
    assert networks.name(address) == network


@BOTH
def test_who_follows_every_link_at_once_is_a_machine_from_the_first_on(house: House) -> None:
    for number in range(1, 6):
        house.follow(number)
        house.recorder.flush()
        house.wait(seconds=1)
    kept = [(visit.number, visit.times, visit.touched, visit.verdict) for visit in house.visits()]
    assert kept == [(number, 1, 5, Verdict.SCANNER) for number in range(1, 6)]


@BOTH
def test_who_reads_on_between_links_is_a_person(house: House) -> None:
    for number in range(1, 6):
        house.follow(number)
        house.wait(seconds=11)
    assert {visit.verdict for visit in house.visits()} == {Verdict.HUMAN}


@BOTH
def test_who_followed_the_link_nobody_sees_was_a_machine_before_too(house: House) -> None:
    house.follow(2)
    house.recorder.flush()
    house.wait(seconds=2)
    house.follow(DECOY)
    assert [(visit.number, visit.verdict) for visit in house.visits()] == [
        (2, Verdict.SCANNER),
        (DECOY, Verdict.SCANNER),
    ]


@BOTH
def test_what_somebody_else_does_at_the_same_time_says_nothing(house: House) -> None:
    house.follow(2, house.ada)
    for number in range(1, 6):
        house.follow(number, house.ben)
    assert house.counts().clicks == Tally(human=1, scanner=5, people=1)


@BOTH
def test_head_is_a_machines(house: House) -> None:
    house.site.head(house.link(2), headers={"User-Agent": CHROME})
    assert [(visit.head, visit.verdict) for visit in house.visits()] == [(True, Verdict.SCANNER)]


@BOTH
def test_a_click_right_after_delivery_is_a_machines(house: House) -> None:
    house.now = NINE
    house.wait(seconds=2)
    house.follow(2)
    assert [visit.reasons for visit in house.visits()] == ["within 5 seconds of delivery"]


def test_the_network_is_read_through_our_own_proxies_only(house: House) -> None:
    house.follow(2, headers={"X-Forwarded-For": "40.92.1.2"})
    house.follow(4, headers={"X-Forwarded-For": "40.92.1.2, 203.0.113.9"})
    assert [(visit.number, visit.network) for visit in house.visits()] == [(2, "microsoft-protection"), (4, "")]


@INDIVIDUAL
def test_verdicts_are_made_again_from_what_is_kept(house: House) -> None:
    for number in range(1, 6):
        house.follow(number)
    house.wait(minutes=5)
    house.follow(2)
    before = [(visit.number, visit.verdict, visit.reasons) for visit in house.visits()]
    with house.app.database.write() as session:
        for visit in session.query(Visit):
            visit.verdict, visit.reasons, visit.rules, visit.touched, visit.delay = Verdict.UNKNOWN, "", 0, 0, 0
    with house.app.database.write() as session:
        changed = visits.judge_again(session, house.edition_id)
    after = [(visit.number, visit.verdict, visit.reasons) for visit in house.visits()]
    assert (changed, after, {visit.rules for visit in house.visits()}) == (6, before, {judging.RULES})


def test_verdicts_without_names_are_made_again_too(house: House) -> None:
    house.follow(2)
    house.site.head(house.link(4))
    before = [(visit.number, visit.verdict, visit.reasons) for visit in house.visits()]
    with house.app.database.write() as session:
        session.query(Visit).update({"verdict": Verdict.UNKNOWN, "reasons": "", "rules": 0})
    with house.app.database.write() as session:
        changed = visits.judge_again(session, house.edition_id)
    assert (changed, [(visit.number, visit.verdict, visit.reasons) for visit in house.visits()]) == (2, before)
