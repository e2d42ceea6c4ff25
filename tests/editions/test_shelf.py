"""Editions are found by the names people use."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from newsletter.editions import shelf
from newsletter.errors import NotFound
from tests.factories import an_edition


@pytest.mark.parametrize("wanted", ["friday/2021-11-26", "2021-11-26", " 2021-11-26 ", "1"])
def test_an_edition_is_found_by_newsletter_and_date_by_date_and_by_number(session: Session, wanted: str) -> None:
    edition = an_edition(session)
    an_edition(session, date=date(2021, 12, 3))
    assert shelf.find(session, wanted.replace("1", str(edition.id)) if wanted == "1" else wanted) is edition


@pytest.mark.parametrize(
    "wanted", ["2021-11-19", "friday/2021-11-19", "monday/2021-11-26", "99", "99999999999999999", "x"]
)
def test_where_there_is_none_the_newest_are_named(session: Session, wanted: str) -> None:
    an_edition(session)
    with pytest.raises(NotFound) as caught:
        shelf.find(session, wanted)
    assert str(caught.value) == f"there is no edition {wanted!r}; there are friday/2021-11-26"


def test_where_there_are_none_at_all_it_says_how_to_make_one(session: Session) -> None:
    with pytest.raises(NotFound, match="run newsletter assemble"):
        shelf.find(session, "2021-11-26")


def test_a_date_with_two_editions_asks_which(session: Session) -> None:
    an_edition(session).newsletter = "monday"
    session.flush()
    an_edition(session)
    with pytest.raises(NotFound, match=r"could be friday/2021-11-26, monday/2021-11-26: say which"):
        shelf.find(session, "2021-11-26")
