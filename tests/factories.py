"""Builders of rows for tests: everything has a sensible default, tests name only what they are about."""

from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions.models import Edition, EditionStory, State
from newsletter.stories.models import Article, Health, Kind, Source
from subscribers.models import Consent, List, Subscriber, Subscription

LONG_AGO = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
FRIDAY = date(2021, 11, 26)


def a_list(session: Session, slug: str = "weekly") -> List:
    """The list *slug*, made on first use."""
    found = session.scalar(select(List).where(List.slug == slug))
    if found is None:
        found = List(slug=slug, title=slug.title(), created_at=LONG_AGO)
        session.add(found)
        session.flush()
    return found


def a_subscriber(
    session: Session,
    email: str = "ada@example.com",
    *lists: str,
    name: str = "Ada",
    consent: Consent = Consent.CONFIRMED,
    language: str = "",
    time_zone: str = "",
) -> Subscriber:
    """A person on *lists* (default: "weekly")."""
    person = Subscriber(
        email=email, email_key=email.casefold(), name=name, language=language, time_zone=time_zone, created_at=LONG_AGO
    )
    session.add(person)
    session.flush()
    for slug in lists or ("weekly",):
        on = a_list(session, slug)
        session.add(Subscription(subscriber_id=person.id, list_id=on.id, consent=consent, changed_at=LONG_AGO))
    session.flush()
    return person


def a_source(session: Session, name: str = "Retail Dive", *, owner: str = "", kind: Kind = Kind.TRADE) -> Source:
    """A source whose owner is itself unless named."""
    source = Source(
        url=f"https://{name.lower().replace(' ', '')}.example/feed",
        name=name,
        owner=owner or name,
        kind=kind,
        authority=100,
        health=Health.OK,
        created_at=LONG_AGO,
    )
    session.add(source)
    session.flush()
    return source


def an_article(
    session: Session, source: Source, title: str, text: str = "", *, published_at: datetime | None = None
) -> Article:
    """An article of *source*, two days before the Friday unless said."""
    at = published_at or datetime(2021, 11, 24, 9, 0, tzinfo=UTC)
    slug = "-".join(title.lower().split())[:80]
    article = Article(
        source_id=source.id,
        guid=slug,
        url=f"https://{source.name.lower().replace(' ', '')}.example/{slug}",
        title=title,
        summary=text[:200],
        text=text,
        published_at=at,
        dated_by="feed",
        seen_at=at,
    )
    session.add(article)
    session.flush()
    return article


def an_edition(session: Session, *headlines: str, date: date = FRIDAY, state: State = State.DRAFT) -> Edition:
    """An edition of the newsletter `friday`, with a story for each headline (default: two)."""
    edition = Edition(
        newsletter="friday",
        date=date,
        state=state,
        title="The Friday Five",
        subject="Walmart goes live, Carrefour goes cashierless",
        preheader="And three more stories of the week",
        introduction="This week's biggest stories.",
        created_at=LONG_AGO,
        stories=[
            EditionStory(
                position=position,
                headline=headline,
                summary=f"What happened: {headline}.",
                url=f"https://retaildive.example/{position}",
                attribution="Retail Dive",
            )
            for position, headline in enumerate(headlines or ("Walmart goes live", "Carrefour opens a shop"), start=1)
        ],
    )
    session.add(edition)
    session.flush()
    return edition
