"""The SendGrid sender against the look-alike: what is handed over, and what each answer means."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from newsletter.delivery.senders.sendgrid.sender import batch_id
from newsletter.delivery.wire.parcel import Words
from newsletter.errors import Blocked, Delivery, Refused, Unavailable, Unknown
from newsletter.testing.sendgrid import Fault, Lookalike, lookalike
from tests.senders.sendgrid_world import mould, parcel, reader, sender


@pytest.fixture
def sendgrid() -> Iterator[Lookalike]:
    with lookalike() as running:
        yield running


def _sent_body(sendgrid: Lookalike) -> dict[str, object]:
    sender(sendgrid.url).send(parcel(reader(1), reader(2)))
    return sendgrid.app.taken[0].body


def test_every_reader_of_a_parcel_gets_one_copy(sendgrid: Lookalike) -> None:
    sender(sendgrid.url).send(parcel(reader(1), reader(2)))
    assert [copy.to for copy in sendgrid.copies] == ["reader1@example.com", "reader2@example.com"]


def test_the_report_carries_the_message_id(sendgrid: Lookalike) -> None:
    report = sender(sendgrid.url).send(parcel(reader(1)))
    assert report.provider_id == sendgrid.app.taken[0].message_id


def test_a_thousand_readers_go_in_one_request(sendgrid: Lookalike) -> None:
    sender(sendgrid.url).send(parcel(*map(reader, range(1, 1001))))
    assert (sendgrid.app.requests, len(sendgrid.copies)) == (1, 1000)


def test_our_ids_ride_with_each_copy(sendgrid: Lookalike) -> None:
    sender(sendgrid.url).send(parcel(reader(5), attempt="a9"))
    assert sendgrid.copies[0].custom_args == {"nl_edition": "7", "nl_attempt": "a9", "nl_subscriber": "5"}


def test_sendgrids_own_tracking_is_off_in_so_many_words(sendgrid: Lookalike) -> None:
    assert _sent_body(sendgrid)["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def test_each_reader_has_slots_and_headers_of_their_own(sendgrid: Lookalike) -> None:
    second = _sent_body(sendgrid)["personalizations"][1]  # type: ignore[index]
    assert (second["substitutions"], second["headers"]["List-Unsubscribe"]) == (
        {"zqHTMLnameqz": "Ada", "zqTEXTnameqz": "Ada", "zqHTMLtokenqz": "token2", "zqTEXTtokenqz": "token2"},
        "<https://news.example.com/u/token2>",
    )


def test_the_text_part_stands_before_the_html(sendgrid: Lookalike) -> None:
    content = _sent_body(sendgrid)["content"]
    assert [part["type"] for part in content] == ["text/plain", "text/html"]  # type: ignore[attr-defined]


def test_a_name_with_a_comma_is_taken(sendgrid: Lookalike) -> None:
    sender(sendgrid.url).send(parcel(reader(1, name="Lovelace, Ada; Countess")))
    to = sendgrid.app.taken[0].body["personalizations"][0]["to"]
    assert to == [{"email": "reader1@example.com", "name": "Lovelace  Ada  Countess"}]


def test_one_mailbox_is_named_once_in_a_request(sendgrid: Lookalike) -> None:
    twin = reader(2, "READER1@example.com")
    report = sender(sendgrid.url).send(parcel(reader(1), twin))
    assert (len(sendgrid.copies), report.refused) == (1, {2: Words("the same mailbox as subscriber 1")})


def test_a_recipient_whom_sendgrid_objects_to_does_not_stop_the_others(sendgrid: Lookalike) -> None:
    report = sender(sendgrid.url).send(parcel(reader(1), reader(2, "no at sign"), reader(3)))
    assert (list(report.refused), list(report.again), sendgrid.copies) == ([2], [1, 3], [])


def test_a_refused_recipient_keeps_sendgrids_words(sendgrid: Lookalike) -> None:
    report = sender(sendgrid.url).send(parcel(reader(1), reader(2, "no at sign")))
    assert report.refused[2] == Words("personalizations.1.to.0.email: Does not contain a valid address.", 400)


def test_a_fault_of_the_edition_refuses_all_of_it(sendgrid: Lookalike) -> None:
    with pytest.raises(Refused, match="content value must be a string at least one character") as caught:
        sender(sendgrid.url).send(parcel(reader(1), reader(2, "no at sign"), cast=mould(text="")))
    assert caught.value.code == 400


def test_a_message_of_thirty_megabytes_is_refused(sendgrid: Lookalike) -> None:
    with pytest.raises(Refused, match="413"):
        sender(sendgrid.url).send(parcel(reader(1), cast=mould(html="x" * 31_500_000)))


def test_a_wrong_key_is_refused_with_its_code(sendgrid: Lookalike) -> None:
    with pytest.raises(Blocked, match=r"check sendgrid\.api_key") as caught:
        sender(sendgrid.url, key="SG.wrong").send(parcel(reader(1)))
    assert caught.value.code == 401


@pytest.mark.parametrize(
    ("fault", "meaning", "mailed"),
    [
        (Fault.DROP, Unknown, 0),
        (Fault.ACCEPT_THEN_DROP, Unknown, 1),
        (Fault.TOO_MANY, Unavailable, 0),
        (Fault.ERROR, Unknown, 0),
        (Fault.ACCEPT_THEN_ERROR, Unknown, 1),
        (Fault.BAD_GATEWAY, Unknown, 0),
        (Fault.ACCEPT_THEN_BAD_GATEWAY, Unknown, 1),
        (Fault.UNAVAILABLE, Unknown, 0),
        (Fault.UNAUTHORIZED, Blocked, 0),
        (Fault.FORBIDDEN, Blocked, 0),
        (Fault.ACCEPT_THEN_GARBLE, Unknown, 1),
    ],
)
def test_only_a_certain_answer_is_certain(
    sendgrid: Lookalike, fault: Fault, meaning: type[Delivery], mailed: int
) -> None:
    sendgrid.faults.append(fault)
    with pytest.raises(meaning):
        sender(sendgrid.url).send(parcel(reader(1)))
    assert len(sendgrid.copies) == mailed


def test_who_answers_too_late_may_have_taken_it() -> None:
    with lookalike(late=0.4) as sendgrid:
        sendgrid.faults.append(Fault.ACCEPT_LATE)
        with pytest.raises(Unknown):
            sender(sendgrid.url, timeout=0.2).send(parcel(reader(1)))
        _wait_until_mailed(sendgrid)
        assert len(sendgrid.copies) == 1


def _wait_until_mailed(sendgrid: Lookalike) -> None:
    until = time.monotonic() + 30
    while not sendgrid.copies and time.monotonic() < until:
        time.sleep(0.01)


def test_a_gateways_page_is_told_in_plain_words(sendgrid: Lookalike) -> None:
    sendgrid.faults.append(Fault.BAD_GATEWAY)
    with pytest.raises(Unknown) as caught:
        sender(sendgrid.url).send(parcel(reader(1)))
    assert caught.value.reply == "502 502 Bad Gateway"


def test_a_429_says_when_to_come_back(sendgrid: Lookalike) -> None:
    sendgrid.faults.append(Fault.TOO_MANY)
    with pytest.raises(Unavailable) as caught:
        sender(sendgrid.url).send(parcel(reader(1)))
    assert 0 < (caught.value.retry_after or 0) <= 4


def test_nobody_knocks_while_the_gate_is_closed() -> None:
    with lookalike(reset=60) as sendgrid:
        sendgrid.faults.append(Fault.TOO_MANY)
        patient = sender(sendgrid.url)
        for _ in range(2):
            with pytest.raises(Unavailable):
                patient.send(parcel(reader(1)))
        assert sendgrid.app.requests == 1


def test_a_closed_port_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(Unavailable, match="can't be reached"):
        sender(f"http://127.0.0.1:{port}").send(parcel(reader(1)))


def test_a_failed_handshake_sent_nothing(sendgrid: Lookalike) -> None:
    with pytest.raises(Unavailable, match="can't be reached"):
        sender(sendgrid.url.replace("http:", "https:")).send(parcel(reader(1)))


def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        dripping = threading.Thread(target=_drip, args=(door,), daemon=True)
        dripping.start()
        with pytest.raises(Unknown):
            sender(f"http://127.0.0.1:{door.getsockname()[1]}", timeout=0.3).send(parcel(reader(1)))
        dripping.join()


def _drip(door: socket.socket) -> None:
    visitor, _ = door.accept()
    with visitor:
        try:
            while True:
                visitor.send(b"H")
                time.sleep(0.05)
        except OSError:
            return


def test_a_held_mail_has_not_gone_out(sendgrid: Lookalike) -> None:
    sender(sendgrid.url, hold_seconds=900).send(parcel(reader(1)))
    assert (len(sendgrid.app.taken), sendgrid.copies) == (1, [])


def test_a_cancel_stops_what_is_still_held() -> None:
    clock = [1_000_000.0]
    with lookalike(clock=lambda: clock[0]) as sendgrid:
        careful = sender(sendgrid.url, hold_seconds=900, clock=lambda: clock[0])
        report = careful.send(parcel(reader(1)))
        trouble = careful.stop([batch_id(report.reply) or ""], for_good=True)
        clock[0] += 1000
        assert (trouble, sendgrid.copies) == ({}, [])


def test_a_pause_is_taken_back() -> None:
    clock = [1_000_000.0]
    with lookalike(clock=lambda: clock[0]) as sendgrid:
        careful = sender(sendgrid.url, hold_seconds=900, clock=lambda: clock[0])
        held = batch_id(careful.send(parcel(reader(1))).reply) or ""
        careful.stop([held], for_good=False)
        careful.release([held])
        clock[0] += 1000
        assert [copy.to for copy in sendgrid.copies] == ["reader1@example.com"]


def test_all_requests_of_an_edition_are_held_under_one_id(sendgrid: Lookalike) -> None:
    careful = sender(sendgrid.url, hold_seconds=900)
    replies = [careful.send(parcel(reader(number))).reply for number in (1, 2)]
    assert len({batch_id(reply) for reply in replies}) == 1


def test_a_lost_batch_id_is_no_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        dripping = threading.Thread(target=_drip, args=(door,), daemon=True)
        dripping.start()
        with pytest.raises(Unavailable, match="no batch id"):
            sender(f"http://127.0.0.1:{door.getsockname()[1]}", hold_seconds=900, timeout=0.3).send(parcel(reader(1)))
        dripping.join()


def test_a_stop_says_what_went_wrong(sendgrid: Lookalike) -> None:
    trouble = sender(sendgrid.url).stop(["never-made"], for_good=True)
    assert list(trouble) == ["never-made"]


def test_threads_share_a_sender(sendgrid: Lookalike) -> None:
    shared = sender(sendgrid.url)
    threads = [threading.Thread(target=shared.send, args=[parcel(reader(number))]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({copy.to for copy in sendgrid.copies}) == 20
