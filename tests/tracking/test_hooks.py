"""Which posts are SendGrid's, and which can be read."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.errors import BadInput, ConfigError
from newsletter.testing.sendgrid_events import SIGNATURE, TIMESTAMP, Signer
from newsletter.tracking import hooks

NOW = datetime(2021, 11, 26, 9, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = b'[{"event":"delivered"}]\r\n'
SIGNER = Signer()


def _verify(body: bytes = BODY, *, stamp: str = STAMP, signature: str | None = None, now: datetime = NOW) -> bool:
    proof = SIGNER.headers(BODY, STAMP)[SIGNATURE] if signature is None else signature
    return hooks.verify(SIGNER.public_key, stamp, body, proof, now=now)


def test_what_sendgrid_signed_is_sendgrids() -> None:
    assert _verify()


def test_a_body_without_its_last_line_break_is_not_what_was_signed() -> None:
    assert not _verify(BODY.rstrip())


def test_another_timestamp_is_not_what_was_signed() -> None:
    assert not _verify(stamp=str(int(STAMP) + 1))


@pytest.mark.parametrize("signature", ["", "no base64!", "bm90IGEgc2lnbmF0dXJl", "MEUC"])
def test_nonsense_is_no_signature(signature: str) -> None:
    assert not _verify(signature=signature)


def test_another_key_is_not_sendgrids() -> None:
    assert not _verify(signature=Signer().headers(BODY, STAMP)[SIGNATURE])


def test_a_body_that_is_no_text_can_be_verified() -> None:
    signer, body = Signer(), b"\xff\xfe"
    assert hooks.verify(signer.public_key, STAMP, body, signer.headers(body, STAMP)[SIGNATURE], now=NOW)


def test_a_post_that_is_brought_again_a_day_later_is_taken() -> None:
    assert _verify(now=NOW + timedelta(hours=24, minutes=30))


@pytest.mark.parametrize("days", [-2, 2])
def test_a_post_from_long_ago_or_from_the_future_is_not(days: int) -> None:
    assert not _verify(now=NOW + timedelta(days=days))


def test_a_signed_timestamp_that_is_no_number_is_not_sendgrids() -> None:
    signed = SIGNER.headers(BODY, "yesterday")
    assert not _verify(stamp="yesterday", signature=signed[SIGNATURE])


def test_the_sendgrid_package_agrees() -> None:
    from sendgrid.helpers.eventwebhook import EventWebhook

    headers = SIGNER.headers(BODY, STAMP)
    assert EventWebhook(SIGNER.public_key).verify_signature(BODY.decode(), headers[SIGNATURE], headers[TIMESTAMP])


@pytest.mark.parametrize("key", ["", "not a key", "bm90IGEga2V5"])
def test_a_key_that_is_none_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=r"sendgrid\.webhook_key"):
        hooks.public_key(key)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"{}",
        b"null",
    ],
)
def test_what_is_no_array_is_bad_input(body: bytes) -> None:
    with pytest.raises(BadInput):
        hooks.read(body)


def test_an_array_of_events_is_read() -> None:
    assert hooks.read(BODY) == ([{"event": "delivered"}], [])


@pytest.mark.parametrize(
    "odd",
    [
        b"1",
        b"null",
        b"[]",
        b"{}",
        b'{"event":""}',
        b'{"event":7}',
        b'{"event":"open" "timestamp":1}',
        b'{"event":"open","seconds":' + b"9" * 5000 + b"}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"event":"open","words":"a line\nbreak"}',
    ],
)
def test_one_odd_element_never_costs_the_others(odd: bytes) -> None:
    events, unreadable = hooks.read(b'[{"event":"delivered"},' + odd + b',{"event":"open","x":"],[{"}]')
    assert (events, len(unreadable)) == ([{"event": "delivered"}, {"event": "open", "x": "],[{"}], 1)


def test_what_was_cut_off_costs_only_its_last_element() -> None:
    events, unreadable = hooks.read(b'[{"event":"delivered"},{"event":"open","useragent":"Mozi')
    assert (events, [each.text for each in unreadable]) == (
        [{"event": "delivered"}],
        ['{"event":"open","useragent":"Mozi'],
    )


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999"])
def test_a_number_that_is_none_costs_nothing(number: bytes) -> None:
    events, unreadable = hooks.read(b'[{"event":"open","timestamp":' + number + b"}]")
    assert ([event["event"] for event in events], unreadable) == (["open"], [])


def test_a_byte_that_is_no_text_costs_one_character() -> None:
    events, unreadable = hooks.read(b'[{"event":"open","useragent":"caf\xe9"}]')
    assert (events, unreadable) == ([{"event": "open", "useragent": "caf\ufffd"}], [])
