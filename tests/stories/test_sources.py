"""Sources are added and removed by editors."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import BadInput, NotFound, WrongState
from newsletter.stories.models import Article, Health, Kind
from newsletter.stories.picking import items
from newsletter.stories.reading import sources
from tests.factories import a_source, an_article


@pytest.mark.parametrize(
    ("kind", "authority"),
    [(Kind.PR_WIRE, 25), (Kind.VENDOR, 50), (Kind.AGGREGATOR, 75), (Kind.TRADE, 100), (Kind.NATIONAL, 100)],
)
def test_authority_follows_from_the_kind(session: Session, now: datetime, kind: Kind, authority: int) -> None:
    assert sources.add(session, "http://feed.example/", name="Post", kind=kind, now=now).authority == authority


def test_an_editor_may_say_another_authority(session: Session, now: datetime) -> None:
    assert sources.add(session, "http://feed.example/", name="Post", authority=125, now=now).authority == 125


def test_a_source_owns_itself_unless_said(session: Session, now: datetime) -> None:
    assert sources.add(session, "http://feed.example/", name=" Retail  Post ", now=now).owner == "Retail Post"


@pytest.mark.parametrize(
    "url", ["", "feed.example", "javascript:alert(1)", "file:///etc/passwd", "http://a:b@c.example/"]
)
def test_an_address_that_is_not_of_the_web_is_refused(session: Session, now: datetime, url: str) -> None:
    with pytest.raises(BadInput, match="is not the address of a feed"):
        sources.add(session, url, name="Post", now=now)


def test_the_same_address_twice_is_refused(session: Session, now: datetime) -> None:
    sources.add(session, "http://feed.example/", name="Post", now=now)
    with pytest.raises(WrongState, match="is a source already: Post"):
        sources.add(session, "http://feed.example/", name="Again", now=now)


def test_a_source_that_was_gone_is_tried_again_when_it_is_added_again(session: Session, now: datetime) -> None:
    gone = sources.add(session, "http://feed.example/", name="Post", now=now)
    gone.health = Health.GONE
    assert sources.add(session, "http://feed.example/", name="Post", now=now).health is Health.NEW


def test_a_nameless_source_is_refused(session: Session, now: datetime) -> None:
    with pytest.raises(BadInput, match="needs a name"):
        sources.add(session, "http://feed.example/", name="  ", now=now)


def test_an_impossible_authority_is_refused(session: Session, now: datetime) -> None:
    with pytest.raises(BadInput, match="authority 1000 is not between 0 and 200"):
        sources.add(session, "http://feed.example/", name="Post", authority=1000, now=now)


def test_a_source_goes_with_its_articles(session: Session, now: datetime) -> None:
    article = an_article(session, a_source(session, "Post"), "Grocer opens a shop")
    source, articles = sources.remove(session, "post", now=now)
    assert (source.name, articles, sources.all(session), items.by_ids(session, [article.id])) == ("Post", 1, [], [])


def test_a_source_comes_back_with_its_articles(session: Session, now: datetime) -> None:
    article = an_article(session, a_source(session, "Post"), "Grocer opens a shop")
    source, _ = sources.remove(session, "post", now=now)
    sources.restore(session, source.id)
    assert (sources.all(session), len(items.by_ids(session, [article.id]))) == ([source], 1)


def test_a_source_removed_a_month_ago_is_gone_with_its_articles(session: Session, now: datetime) -> None:
    an_article(session, a_source(session, "Post"), "Grocer opens a shop")
    sources.remove(session, "post", now=now)
    kept = sources.forget(session, now=now + sources.KEPT)
    gone = sources.forget(session, now=now + sources.KEPT + timedelta(seconds=1))
    assert (kept, gone, session.scalars(select(Article)).all()) == (0, 1, [])


def test_a_removed_source_may_be_added_again(session: Session, now: datetime) -> None:
    source = a_source(session, "Post")
    sources.remove(session, "post", now=now)
    assert sources.add(session, source.url, name="Post", now=now) is source
    assert sources.all(session) == [source]


def test_a_paused_source_is_resumed_once(session: Session, now: datetime) -> None:
    a_source(session, "Post")
    sources.pause(session, "post", now=now)
    with pytest.raises(WrongState, match="paused already"):
        sources.pause(session, "post", now=now)
    sources.resume(session, "post")
    with pytest.raises(WrongState, match="is not paused"):
        sources.resume(session, "post")


def test_what_is_said_of_a_source_changes(session: Session) -> None:
    a_source(session, "Post")
    found = sources.change(session, "post", name="The Post", owner="", kind=Kind.VENDOR)
    assert (found.name, found.owner, found.kind, found.authority) == ("The Post", "The Post", Kind.VENDOR, 50)


def test_a_source_is_found_by_its_number_name_or_address(session: Session) -> None:
    source = a_source(session, "Post")
    assert [sources.find(session, which) for which in (str(source.id), "POST", source.url)] == [source] * 3


def test_an_unknown_source_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="there is no source 'Post'"):
        sources.find(session, "Post")


def test_a_name_that_two_sources_share_is_not_enough(session: Session, now: datetime) -> None:
    for number in (1, 2):
        sources.add(session, f"http://feed.example/{number}", name="Post", now=now)
    with pytest.raises(NotFound, match="is the name of 2 sources"):
        sources.find(session, "Post")


def test_sources_are_listed_by_name(session: Session) -> None:
    for name in ("b", "A", "c"):
        a_source(session, name)
    assert [source.name for source in sources.all(session)] == ["A", "b", "c"]
