"""Other languages: the demo's week told in French and German gives the same five stories."""

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import pytest

from newsletter.stories.picking import languages, picker, segments, tables, words
from newsletter.stories.picking.snapshot import Item
from tests.picker.builders import a_report, a_snapshot

#: story → (title, text) of each report; those under "single" are told once
Told = Mapping[str, Sequence[Sequence[str]]]

WEEKS = Path(__file__).parent / "weeks"
FRENCH: Told = json.loads((WEEKS / "french.json").read_text("utf-8"))
GERMAN: Told = json.loads((WEEKS / "german.json").read_text("utf-8"))


def week(told: Told) -> tuple[list[Item], dict[int, str]]:
    items: list[Item] = []
    events: dict[int, str] = {}
    for name, reports in told.items():
        for title, text in reports:
            number = len(items) + 1
            items.append(a_report(number, title, text, hours=10 + number))
            events[number] = name
    return items, events


@pytest.mark.parametrize("told", [FRENCH, GERMAN], ids=["French", "German"])
def test_the_week_in_another_language_gives_the_same_five(told: Told) -> None:
    items, events = week(told)
    chosen = picker.pick(a_snapshot(*items)).chosen
    assert sorted(sorted({events[name] for name in one.story.articles}) for one in chosen) == sorted(
        [name] for name in told if name != "single"
    )


@pytest.mark.parametrize("told", [FRENCH, GERMAN], ids=["French", "German"])
def test_companies_are_found_in_another_language(told: Told) -> None:
    items, events = week(told)
    found = {events[one.story.id]: one.story.company for one in picker.pick(a_snapshot(*items)).chosen}
    assert (found["getir"], found["richemont"]) in {("Getir", "Richemont"), ("Weezy", "Richemont")}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The shop will open in a week", "en"),
        ("Der Laden wird in einer Woche öffnen", "de"),
        ("Le magasin ouvrira dans une semaine", "fr"),
        ("La tienda abrirá dentro de una semana, según la empresa", "es"),
        ("De winkel gaat over een week open", "nl"),
        ("Butiken öppnar om en vecka och det är bra", "sv"),
        ("Walmart Twitter", "en"),
    ],
)
def test_a_language_is_known_by_its_stop_words(text: str, code: str) -> None:
    assert languages.of(words.words(text)) == code


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Die Supermärkte eröffnen ihre Läden", ["supermarkt", "eroffn", "lad"]),
        ("L’enseigne ouvre des magasins", ["enseign", "ouvr", "magasin"]),
        ("The retailers' shops", ["retail", "shop"]),
    ],
)
def test_words_become_stems_of_their_language(text: str, terms: list[str]) -> None:
    assert words.telling(text) == terms


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Er kam am 24. November. Sie blieb z. B. länger.", ["Er kam am 24. November.", "Sie blieb z. B. länger."]),
        ("« On grandit. » Puis il part.", ["« On grandit. »", "Puis il part."]),
        ("„Wir wachsen.“ Das sagte er.", ["„Wir wachsen.“", "Das sagte er."]),
        ("開店した。客が来た。", ["開店した。", "客が来た。"]),
        ("Été venu, il ouvre. Écoutez bien.", ["Été venu, il ouvre.", "Écoutez bien."]),
    ],
)
def test_sentences_end_as_they_do_in_each_language(text: str, sentences: list[str]) -> None:
    assert words.sentences(text) == sentences


def test_where_no_blanks_part_words_pairs_of_letters_stand_for_them() -> None:
    assert segments.split(["小売大手", "Walmart"])[-1] == "Walmart"
    assert all(len(pair) <= 2 for pair in segments.split(["小売大手"]))


def test_japanese_news_of_one_event_is_one_story() -> None:
    one = "ウォルマートはツイッターで初めてのライブ配信による販売を十一月二十八日に行う。歌手のデルーロが司会を務める。"
    two = "歌手デルーロが司会を務めるウォルマートのライブ配信販売がツイッターで十一月二十八日に初めて行われる。"
    other = "配達会社ゲティルは英国の競合ウィージーを買収した。買収額は公表されていない。年内に十五都市で配達する。"
    items = [a_report(n, text[:16], text * 2) for n, text in enumerate((one, two, other), start=1)]
    assert [story.articles for story in picker.group(a_snapshot(*items)).stories] == [(1, 2), (3,)]


@pytest.mark.parametrize("code", languages.STEMMERS)
def test_stems_are_the_same_in_c_and_in_python(code: str) -> None:
    name = languages.STEMMERS[code]
    plain = getattr(import_module(f"snowballstemmer.{name}_stemmer"), f"{name.title()}Stemmer")()
    quick = pytest.importorskip("Stemmer").Stemmer(name)
    stops, *rows = tables.lines(code)
    known = [*stops.split(), *(row.split("\t")[0] for row in rows)]
    some = [one + other[-4:] for one, other in zip(known, reversed(known), strict=True)][::3]
    assert [quick.stemWord(word) for word in some] == [plain.stemWord(word) for word in some]
