"""What a person chose about the mail they get: how often, until when not, as what, in which language, on what."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from . import details
from .errors import BadDetail
from .models import Rhythm, Subscriber, TopicChoice

#: a longer pause is a goodbye, and a mistyped year
LONGEST_PAUSE = 366


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's choices; the defaults are what everybody begins with."""

    rhythm: Rhythm = Rhythm.WEEKLY
    #: no edition of an earlier date comes
    paused_until: date | None = None
    plain_text: bool = False
    #: BCP 47, or empty: the newsletter's own
    language: str = ""
    #: IANA name, or empty: the newsletter's own
    time_zone: str = ""
    topics: frozenset[str] = frozenset()


def of(session: Session, person: Subscriber) -> Preferences:
    """What *person* chose."""
    topics = session.scalars(select(TopicChoice.topic).where(TopicChoice.subscriber_id == person.id))
    return Preferences(
        rhythm=person.rhythm,
        paused_until=person.paused_until,
        plain_text=person.plain_text,
        language=person.language,
        time_zone=person.time_zone,
        topics=frozenset(topics),
    )


def save(session: Session, subscriber_id: int, chosen: Preferences, *, today: date) -> None:
    """Keep what was chosen; raises BadDetail, and changes nothing, where a part of it can't be kept.

    A pause that is over is no pause.
    """
    until = chosen.paused_until if chosen.paused_until and chosen.paused_until > today else None
    if until and (until - today).days > LONGEST_PAUSE:
        raise BadDetail("a pause can last a year at most")
    values = {
        "rhythm": chosen.rhythm,
        "paused_until": until,
        "plain_text": chosen.plain_text,
        "language": details.language(chosen.language),
        "time_zone": details.time_zone(chosen.time_zone),
    }
    session.execute(update(Subscriber).where(Subscriber.id == subscriber_id).values(values))
    _choose_topics(session, subscriber_id, chosen.topics)


def _choose_topics(session: Session, subscriber_id: int, topics: Collection[str]) -> None:
    session.execute(delete(TopicChoice).where(TopicChoice.subscriber_id == subscriber_id))
    rows = [{"subscriber_id": subscriber_id, "topic": details.slug(topic)} for topic in sorted(topics)]
    if rows:
        session.execute(insert(TopicChoice), rows)
