"""Numbers with their nouns: "1 story", "5 stories"."""


def counted(number: int, one: str, many: str = "") -> str:
    """*number* with the words that fit it ("reader", or "reader is"); *many* is *one* with an s unless said."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
