"""Addresses: what is one, how it is kept, and when two are the same."""

import random

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from hypothesis import given
from hypothesis import strategies as st

from subscribers import addresses
from subscribers.errors import BadAddress

_LOCAL = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-'", min_size=1, max_size=30)
_DOMAIN = st.sampled_from(
    ["example.com", "Example.ORG", "news.example.net", "faß.de", "FASS.de", "例え.jp", "bücher.example"]
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ada@Example.COM ", "Ada@example.com"),
        ("o'neil+news@example.com", "o'neil+news@example.com"),
        ("a@xn--bcher-kva.example", "a@bücher.example"),
        ("a@test.test", "a@test.test"),
    ],
)
def test_an_address_is_kept_as_written_with_its_domain_normalised(written: str, kept: str) -> None:
    assert addresses.check(written) == kept


@pytest.mark.parametrize(
    "text",
    ["", "ada", "ada@", "@example.com", "ada@localhost", "a b@example.com", "Ada <ada@example.com>",
     "ada@example.com\r\nBcc: eve@example.com", "käthe@example.com", "ada@example..com", "x" * 65 + "@example.com"],
)  # fmt: skip
def test_what_is_not_an_address_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadAddress, match=r"is not an address: [a-z]"):
        addresses.check(text)


@given(_LOCAL, _DOMAIN)
def test_case_never_makes_two_of_one_address(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    assert addresses.key(addresses.check(address)) == addresses.key(address.replace(local, local.upper()))


@given(_LOCAL, _DOMAIN)
def test_the_key_of_a_key_is_itself(local: str, domain: str) -> None:
    key = addresses.key(f"{local}@{domain}")
    assert addresses.key(key) == key


@given(_LOCAL, _DOMAIN)
def test_an_address_that_was_kept_is_kept_the_same_again(local: str, domain: str) -> None:
    kept = addresses.check(f"{local}@{domain}")
    assert addresses.check(kept) == kept


def test_domains_that_only_casefold_alike_are_two() -> None:
    assert addresses.key("a@faß.de") != addresses.key("a@fass.de")


def test_both_spellings_of_a_domain_are_one() -> None:
    assert addresses.key("a@bücher.example") == addresses.key("A@XN--BCHER-KVA.example")


def test_mail_servers_get_the_ascii_domain() -> None:
    assert addresses.wire("Ada@bücher.example") == "Ada@xn--bcher-kva.example"


@given(st.text(max_size=40))
def test_any_text_has_a_key(text: str) -> None:
    assert isinstance(addresses.key(text), str)


def _verdict(text: str) -> str | None:
    """The library's own: what is kept, or None."""
    try:
        return validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
        ).normalized
    except EmailNotValidError:
        return None


_ODD = st.text("aZ09_+'-.@ xn\u00e9\u3002\uff20\u212a\u017f\n\t\"<>()%!#=/", max_size=40)
_NEARLY = st.builds(
    "{}{}@{}.{}".format,
    st.sampled_from(
        [
            "ada",
            "Info",
            "POSTMASTER",
            "a.b",
            ".a",
            "a.",
            "a..b",
            "o'neil",
            "-a-",
            *("x" * length for length in (63, 64, 65)),
        ]
    ),
    st.sampled_from(["", "+tag", ".", "_"]),
    st.sampled_from(
        ["example", "-a", "a-", "a--b", "xn--a", "xn--bcher-kva", "ab--c", "a.b", "a..b", "1", "x" * 63, "x" * 64]
    ),
    st.sampled_from(
        ["com", "COM", "c", "co.uk", "123", "test", "TEST", "local", "onion", "arpa", "example", "c0m", "com."]
    ),
)


@given(_ODD | _NEARLY)
def test_the_fast_path_judges_as_the_library_does(text: str) -> None:
    plain = addresses.plain(text)
    assert plain is None or plain == _verdict(text)


def test_the_names_that_the_fast_path_leaves_to_the_library_are_the_librarys() -> None:
    special = {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}
    assert (sorted(addresses.SPECIAL), sorted(addresses.ROLES)) == (
        sorted(special),
        sorted(CASE_INSENSITIVE_MAILBOX_NAMES),
    )


def test_addresses_as_people_have_them_take_the_fast_path() -> None:
    assert [addresses.plain(f"{local}@mail.Example.co.uk") for local in ("ada", "Ada.Berg-1", "o'neil+x", "a_b")] == [
        "ada@mail.example.co.uk",
        "Ada.Berg-1@mail.example.co.uk",
        "o'neil+x@mail.example.co.uk",
        "a_b@mail.example.co.uk",
    ]


_ENDS = ("com", "org", "de", "co.uk", "test", "local", "x", "xn--p1ai", "Net", "c0m")


def _generated(chance: random.Random) -> str:
    """An address as people have them, with one letter in twenty that should not be there."""
    letters = "abcdefghijklmnopqrstuvwxyz" * 3 + "ABCXYZ0123456789" + "._+-'"
    label = "abcdefghijklmnopqrstuvwxyz0123456789-"
    local = "".join(chance.choices(letters, k=chance.randrange(1, 24)))
    domain = ".".join("".join(chance.choices(label, k=chance.randrange(1, 10))) for _ in range(chance.randrange(1, 4)))
    text = f"{local}@{domain}.{chance.choice(_ENDS)}"
    if chance.random() < 0.05:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice('@ ."\u00e9\u3002-_!,;<>\t') + text[place:]
    return text


@pytest.mark.long
def test_the_fast_path_judges_a_million_addresses_as_the_library_does() -> None:
    chance = random.Random(20261127)  # noqa: S311 (nothing secret)
    taken = 0
    for _ in range(1_000_000):
        text = _generated(chance)
        if (plain := addresses.plain(text)) is not None:
            taken += 1
            assert plain == _verdict(text), text
    assert taken > 300_000
