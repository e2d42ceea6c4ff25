"""What readers like, from how often they followed links: against a story's place, and only where there is enough."""

from newsletter.stories.picking import liking
from newsletter.stories.picking.liking import Clicked


def _edition(*clicks: int, walmart_at: int = 0) -> list[Clicked]:
    """An edition whose stories were clicked so often, one of which is about Walmart."""
    return [
        Clicked(
            place,
            "Walmart goes live on video" if place == walmart_at else "A shop without tills opens",
            "The chain Walmart said so." if place == walmart_at else "It said so.",
            number,
        )
        for place, number in enumerate(clicks, start=1)
    ]


def test_what_is_clicked_more_than_its_place_explains_is_liked() -> None:
    editions = [_edition(100, 50, 50), _edition(100, 50, 50), _edition(100, 150, 50, walmart_at=2)]
    assert liking.lifts(editions) == {"Walmart": 1.4}


def test_what_is_clicked_less_is_not() -> None:
    editions = [_edition(100, 50, 50), _edition(100, 50, 50), _edition(20, 50, 50, walmart_at=1)]
    assert liking.lifts(editions) == {"Walmart": 0.628}


def test_the_first_place_gets_more_clicks_and_that_is_no_liking() -> None:
    editions = [_edition(100, 50, 50), _edition(102, 50, 50), _edition(100, 50, 50, walmart_at=1)]
    assert liking.lifts(editions) == {}


def test_few_clicks_tell_nothing() -> None:
    assert liking.lifts([_edition(3, 1, 1), _edition(3, 1, 1), _edition(1, 9, 1, walmart_at=2)]) == {}


def test_few_editions_tell_nothing() -> None:
    assert liking.lifts([_edition(100, 50), _edition(10, 500, walmart_at=2)]) == {}


def test_a_headline_in_capitals_makes_no_names() -> None:
    story = Clicked(1, "Big Shop Opens In Town", "A big shop opens in town.", 9)
    assert liking.names(story) == set()


def test_the_company_that_the_picker_saw_is_a_name() -> None:
    story = Clicked(1, "Getir buys Weezy", "It was bought.", 9, company="Getir")
    assert liking.names(story) == {"Getir"}
