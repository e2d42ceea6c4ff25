"""Addresses: what is one, how it is kept, and when two are the same."""

import pytest
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
