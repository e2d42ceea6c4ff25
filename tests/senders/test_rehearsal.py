"""The doctor's trial of the way to the wire: it is content exactly where sending would work, and sends nothing."""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from newsletter.config import SendGrid, Smtp
from newsletter.delivery.operations import rehearsal
from newsletter.delivery.operations.rehearsal import Part, Seen
from newsletter.testing.sendgrid import KEY, Fault, Lookalike, lookalike
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.wire_faults import Step, answer, at

FRIDAY = Part("friday@example.com", "ada@example.com", 40_000)


def _tried(sink: SmtpSink, part: Part = FRIDAY, **settings: object) -> list[Seen]:
    return rehearsal.smtp(
        Smtp.model_validate({"host": "localhost", "port": sink.port, "security": "none", **settings}), [part]
    )


def test_a_server_that_takes_mail_is_good_and_gets_none() -> None:
    with SmtpSink() as sink:
        seen = _tried(sink)
    assert (seen, sink.taken, "DATA" in sink.commands) == (
        [
            Seen(True, f"localhost:{sink.port} takes mail unencrypted"),
            Seen(True, "takes mail from friday@example.com, of 40,000 bytes as an edition has"),
        ],
        [],
        False,
    )


_NEAR = Smtp(host="relay", port=25, security="none")


@pytest.mark.parametrize(
    ("own", "peer"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "127.0.0.53"), ("::1", "::1"), ("10.0.0.7", "10.0.0.7")]
)
def test_mail_that_stays_on_this_machine_may_go_unencrypted(own: str, peer: str) -> None:
    seen = rehearsal.way(_NEAR, own=own, peer=peer, offers_starttls=False)
    assert seen == Seen(True, "relay:25 takes mail unencrypted")


@pytest.mark.parametrize(("own", "peer"), [("10.0.0.7", "10.0.0.1"), ("fe80::7%eth0", "fe80::1%eth0")])
@pytest.mark.parametrize(
    ("offers_starttls", "remedy"),
    [
        (True, 'it offers STARTTLS, so set smtp.security = "starttls"'),
        (False, "have it offer STARTTLS, or hand mail to a relay on this machine"),
    ],
)
def test_mail_that_crosses_a_network_in_the_open_is_noted_with_what_to_do(
    own: str, peer: str, offers_starttls: bool, remedy: str
) -> None:
    text = "relay:25 takes mail unencrypted, from another machine: whoever stands between reads every copy"
    seen = rehearsal.way(_NEAR, own=own, peer=peer, offers_starttls=offers_starttls)
    assert seen == Seen(True, f"{text}; {remedy}", is_exposed=True)


def test_mail_that_is_encrypted_may_go_anywhere() -> None:
    far = Smtp(host="relay", port=587)
    seen = rehearsal.way(far, own="10.0.0.7", peer="10.0.0.1", offers_starttls=True)
    assert seen == Seen(True, "relay:587 takes mail with STARTTLS")


@pytest.mark.parametrize(
    ("step", "text", "words"),
    [
        ("greeting", "554 5.7.1 go away", "554 5.7.1 go away"),
        ("mail", "553 5.1.8 domain of sender address does not exist", "no mail from friday@example.com: 553 5.1.8"),
        ("mail", "530 5.7.0 authentication required", "530 5.7.0"),
        ("mail", "451 4.7.1 try later", "451 4.7.1"),
        ("rcpt", "554 5.7.1 relay access denied", "554 5.7.1 relay access denied"),
        ("rcpt", "550 5.7.26 unauthenticated", "550 5.7.26"),
        ("rcpt", "450 4.7.1 too much mail", "450 4.7.1"),
    ],
)
def test_what_would_stop_a_sending_is_never_good(step: Step, text: str, words: str) -> None:
    with SmtpSink(at(step, answer(int(text[:3]), text[4:]))) as sink:
        last = _tried(sink)[-1]
    assert (last.works, words in last.text) == (False, True)


def test_a_recipient_that_is_unknown_says_nothing_about_the_way() -> None:
    with SmtpSink(at("rcpt", answer(550, "5.1.1 no such user"))) as sink:
        seen = _tried(sink)
    assert [each.works for each in seen] == [True, True]


def test_a_server_that_takes_less_than_an_edition_has_is_named_with_both_sizes() -> None:
    with SmtpSink(size=20_000) as sink:
        seen = _tried(sink)
    assert seen[-1] == Seen(False, "the server takes messages of 20,000 bytes at most, and an edition has 40,000")


def test_a_wrong_password_is_said_in_the_servers_words() -> None:
    with SmtpSink(login=("ada", "right")) as sink:
        (seen,) = _tried(sink, username="ada", password="wrong")
    assert (seen.works, "535 5.7.8" in seen.text) == (False, True)


def test_a_certificate_that_nobody_vouches_for_is_named() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    with SmtpSink(tls=tls) as sink:
        (seen,) = _tried(sink, security="starttls")
    assert (seen.works, "certificate" in seen.text) == (False, True)


def test_a_server_without_starttls_is_named() -> None:
    with SmtpSink() as sink:
        (seen,) = _tried(sink, security="starttls")
    assert (seen.works, "STARTTLS" in seen.text) == (False, True)


def test_nobody_there_is_named() -> None:
    (seen,) = rehearsal.smtp(Smtp(host="127.0.0.1", port=1, security="none"), [FRIDAY])
    assert (seen.works, "127.0.0.1:1 can't be reached" in seen.text) == (False, True)


@pytest.fixture
def sendgrid() -> Iterator[Lookalike]:
    with lookalike() as running:
        yield running


def _asked(sendgrid: Lookalike, key: str = KEY, **settings: object) -> list[Seen]:
    return rehearsal.sendgrid(SendGrid.model_validate({"host": sendgrid.url, "api_key": key, **settings}), [FRIDAY])


def test_a_key_that_may_send_is_good_and_nothing_is_sent(sendgrid: Lookalike) -> None:
    assert ([seen.works for seen in _asked(sendgrid)], sendgrid.copies) == ([True, True], [])


def test_a_key_that_sendgrid_does_not_know_is_said(sendgrid: Lookalike) -> None:
    (seen,) = _asked(sendgrid, "SG.another")
    assert (seen.works, "check sendgrid.api_key" in seen.text) == (False, True)


def test_a_key_that_may_not_send_is_told_which_scope_is_missing(sendgrid: Lookalike) -> None:
    sendgrid.app.scopes.discard("mail.send")
    assert _asked(sendgrid) == [
        Seen(False, "the API key lacks the scope mail.send: give it in SendGrid's settings"),
    ]


def test_holding_back_needs_more_scopes(sendgrid: Lookalike) -> None:
    sendgrid.app.scopes.discard("mail.batch.create")
    assert ([seen.works for seen in _asked(sendgrid)], _asked(sendgrid, hold_seconds=900)[0].works) == (
        [True, True],
        False,
    )


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.TOO_MANY, Fault.ERROR, Fault.DROP])
def test_what_sendgrid_would_not_take_is_never_good(sendgrid: Lookalike, fault: Fault) -> None:
    sendgrid.app.faults.append(fault)
    assert [seen.works for seen in _asked(sendgrid)] == [True, False]
