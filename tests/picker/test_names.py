"""Whom a story is about: whole names, and companies only."""

import pytest

from newsletter.stories.picking import capitals, companies


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("New Look opens a shop.", ["New Look"]),
        ("The New York Times buys a game.", ["New York Times"]),
        ("A Waitrose store has shut.", ["Waitrose"]),
        ("Shares in Marks & Spencer rose at The Range.", ["Shares", "Marks & Spencer", "The Range"]),
        ("Bank of England meets Banque de France.", ["Bank of England", "Banque de France"]),
        ("London-based Revolut and eBay, 7-Eleven or 3M.", ["Revolut", "eBay", "7-Eleven", "3M"]),
        ("They sell more on Black Friday than on Cyber Monday.", []),
        ("L’Oréal and Zürich’s Émile.", ["L’Oréal", "Zürich", "Émile"]),
    ],
)
def test_phrases_in_capitals_are_taken_whole(sentence: str, names: list[str]) -> None:
    assert [name for name in capitals.names(sentence) if name != "They"] == names


@pytest.mark.parametrize(
    ("title", "text", "company"),
    [
        ("New Look to shut 60 shops", "New Look said it would shut shops. The chain has 500 of them.", "New Look"),
        ("New York Times buys a game", "The New York Times has bought a game of words.", "New York Times"),
        ("Best Buy cuts jobs", "Best Buy said it would cut jobs. The retailer is large.", "Best Buy"),
        ("Home Depot hires", "Home Depot hires a hundred people. The chain said so.", "Home Depot"),
        ("Retailer Tesco grows", "Retailer Tesco has grown. Tesco said so.", "Tesco"),
        ("Apple unveils a tablet", "The maker said that Apple would sell it in May.", "Apple"),
        ("Carrefour opens a shop", "French supermarket Carrefour has opened a shop without tills.", "Carrefour"),
        ("A Waitrose in Leeds shuts", "A Waitrose shop in Leeds shuts, and Waitrose said so.", "Waitrose"),
        ("Gaza talks resume", "Talks on Gaza resumed. Officials in Gaza said so.", ""),
        ("Texas passes a retail law", "Texas has passed a law. It is the first in Texas.", ""),
        ("Fresno gets a shop", "A shop will open in Fresno. Fresno has waited for it.", ""),
        ("Orange County opens a market", "The market of Orange County has opened.", ""),
        ("Allemagne : les ventes reculent", "Les ventes reculent en Allemagne, selon les chiffres.", ""),
        ("Jason Derulo sings for shoppers", "Singer Jason Derulo will sing. Derulo was paid.", ""),
        ("Derulo sings for shoppers", "Jason Derulo will sing in a shop. Derulo was paid.", ""),
    ],
)
def test_places_and_people_are_no_companies(title: str, text: str, company: str) -> None:
    assert companies.of_story([[(title, text)]]) == company


@pytest.mark.parametrize(
    ("title", "text", "company"),
    [
        ("Getir kauft Weezy", "Der türkische Lieferdienst Getir hat den Rivalen Weezy übernommen.", "Getir"),
        ("Händler klagen über Kosten", "Die Händler klagen. Viele Kunden warten auf ihre Waren.", ""),
        ("Amazon eröffnet einen Laden", "In Berlin eröffnet Amazon einen Laden. Amazon will wachsen.", "Amazon"),
    ],
)
def test_german_nouns_are_no_names(title: str, text: str, company: str) -> None:
    assert companies.of_story([[(title, text)]]) == company
