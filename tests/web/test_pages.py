"""The pages' files."""

from collections import Counter

from newsletter.web.ground import HERE


def test_no_two_pages_have_one_name() -> None:
    # they are found by name alone, in whichever room
    names = Counter(page.name for folder in HERE.rglob("pages") for page in folder.glob("*.html"))
    assert [name for name, times in names.items() if times > 1] == []
