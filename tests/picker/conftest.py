"""A week in the database, and its newsletter."""

import pytest
from sqlalchemy.orm import Session

from newsletter.config import Newsletter, Settings
from newsletter.stories.models import Article
from tests.factories import a_source, an_article
from tests.picker.builders import GETIR, WALMART, WALMART_AGAIN


@pytest.fixture
def newsletter(settings: Settings) -> Newsletter:
    """The newsletter `friday`."""
    return settings.newsletters["friday"]


@pytest.fixture
def week(session: Session) -> list[Article]:
    """Four articles: Walmart's livestream in two voices and a reprint, and Getir's purchase."""
    names = ("Retail Dive", "Modern Shop", "Reprinter", "Grocer")
    dive, shop, reprinter, grocer = (a_source(session, name) for name in names)
    return [
        an_article(session, dive, "Walmart goes live on Twitter with Jason Derulo", WALMART),
        an_article(session, shop, "Jason Derulo to front Walmart's Twitter livestream", WALMART_AGAIN),
        an_article(session, reprinter, "Walmart goes live on Twitter", WALMART),
        an_article(session, grocer, "Getir buys Weezy", GETIR),
    ]
