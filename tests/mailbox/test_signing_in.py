"""Reaching the mailbox: what keeps us out is one sentence that says what to do, and nobody's secret is told."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsletter import doctor
from newsletter.doctor import Finding, Level
from newsletter.errors import ConfigError, MailboxClosed
from tests.mailbox.conftest import Reader, Started
from tests.mailbox.letters import bounce
from tests.servers import mailboxes
from tests.servers.house import free_port
from tests.servers.mailboxes import ABROAD, FOREIGN, PASSWORD, Box

Of = Callable[[Box], Reader]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def box(servers: Started) -> Box:
    """An empty mailbox at Dovecot."""
    return servers("Dovecot").box()


def refused(reader: Reader) -> tuple[str, bool]:
    """Why the mailbox can't be read, and whether a person has to mend something."""
    with pytest.raises(MailboxClosed) as caught:
        reader.collect()
    return str(caught.value).replace(str(reader.app.settings.mailbox.port), "PORT"), caught.value.lasting


def test_a_certificate_that_nobody_vouches_for_keeps_us_out(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(port=box.server.ports.imaps, security="tls")
    words, lasting = refused(reader)
    assert (words.partition(":PORT ")[2].partition(": ")[0], lasting) == ("is not trusted", True)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_an_authority_that_we_trust_lets_us_in(box: Box, of: Of, security: str) -> None:
    reader, ports = of(box), box.server.ports
    port = ports.imaps if security == "tls" else ports.imap
    reader.set(port=port, security=security, ca_file=box.server.authority)
    box.put(bounce(1))
    assert reader.collect().new.total() == 1


def test_a_file_of_authorities_that_is_not_there_is_named(of_files: Reader) -> None:
    of_files.set(host="127.0.0.1", maildir=None, security="tls", ca_file=Path("/nowhere.pem"))
    assert refused(of_files) == (
        "mailbox.ca_file: /nowhere.pem can't be used: [Errno 2] No such file or directory", True,
    )  # fmt: skip


def test_a_server_without_starttls_gets_no_password(servers: Started, of: Of) -> None:
    reader = of(servers("Cyrus").box())
    reader.set(security="starttls")
    assert refused(reader) == ("127.0.0.1:PORT: Server does not support STARTTLS capability", True)


def test_a_port_that_speaks_no_tls_is_said_so(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(security="tls")
    words, lasting = refused(reader)
    assert (words.startswith("127.0.0.1:PORT does not speak TLS as mailbox.security = 'tls' expects"), lasting) == (
        True, True,
    )  # fmt: skip


@pytest.mark.parametrize("name", mailboxes.NAMED)
def test_a_wrong_password_is_for_a_person_to_mend_and_is_not_shown(servers: Started, of: Of, name: str) -> None:
    reader = of(servers(name).box())
    reader.set(password=SecretStr("Geheimnis"))
    words, lasting = refused(reader)
    user = reader.app.settings.mailbox.username
    assert (words.startswith(f"127.0.0.1 did not let '{user}' in: "), "Geheimnis" in words, lasting) == (
        True, False, True,
    )  # fmt: skip


def test_a_password_in_other_letters_lets_us_in(box: Box, of: Of) -> None:
    reader = of(Box(box.server, ABROAD))
    reader.set(password=SecretStr(FOREIGN))
    assert str(reader.collect()) == "nothing new"


def test_a_folder_that_is_not_there_is_named(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(folders=("Nowhere",))
    words, lasting = refused(reader)
    assert (words.startswith("127.0.0.1 does not open the folder 'Nowhere': "), lasting) == (True, True)


def test_a_server_that_is_away_is_tried_again(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(port=free_port())
    words, lasting = refused(reader)
    assert (words.startswith("127.0.0.1:PORT can't be reached, or went away: "), lasting) == (True, False)


def test_a_server_that_hangs_up_during_the_login_is_tried_again(of_files: Reader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = of_files
        reader.set(host="127.0.0.1", port=server.getsockname()[1], security="none", maildir=None)
        from threading import Thread

        def greet() -> None:
            connection, _ = server.accept()
            connection.sendall(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
            tag = connection.recv(1000).split()[0]
            connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
            connection.recv(1000)
            connection.close()

        thread = Thread(target=greet)
        thread.start()
        words, lasting = refused(reader)
        thread.join()
    assert (words.startswith("127.0.0.1"), lasting) == (True, False)


def test_where_nothing_is_set_up_that_is_said(of_files: Reader) -> None:
    of_files.set(maildir=None)
    with pytest.raises(ConfigError, match="no mailbox is set up"):
        of_files.collect()


def mailbox_of(reader: Reader) -> list[Finding]:
    """What the doctor says of it."""
    return [found for found in doctor.examine(reader.app, now=reader.now) if found.name == "mailbox"]


@pytest.mark.parametrize(
    ("name", "offers"),
    [("Dovecot", "IDLE, MOVE, UIDPLUS"), ("Cyrus", "IDLE, MOVE, UIDPLUS"), ("Courier", "IDLE, UIDPLUS")],
)
def test_the_doctor_signs_in_opens_the_folder_and_says_what_the_server_can(
    servers: Started, of: Of, name: str, offers: str
) -> None:
    box = servers(name).box()
    box.put(bounce(1), bounce(2))
    text = f"{box.user} at 127.0.0.1: 2 messages in INBOX; the server offers {offers}"
    assert mailbox_of(of(box)) == [Finding("mailbox", Level.GOOD, text)]


def test_the_doctor_says_why_it_was_kept_out(box: Box, of: Of) -> None:
    reader = of(box)
    reader.set(password=SecretStr(PASSWORD + "?"))
    assert [found.level for found in mailbox_of(reader)] == [Level.BAD]


def test_the_doctor_counts_the_letters_of_a_maildir(of_files: Reader, tmp_path: Path) -> None:
    (tmp_path / "Maildir" / "new" / "1.a.host").write_bytes(bounce(1))
    assert mailbox_of(of_files) == [Finding("mailbox", Level.GOOD, f"1 letter in {tmp_path}/Maildir")]
