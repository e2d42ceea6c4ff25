"""A session with an IMAP server: reached, its certificate checked, signed in; what goes wrong is one sentence."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from newsletter.config import Mailbox, Settings
from newsletter.errors import MailboxClosed

#: seconds to be connected in, and to wait for an answer
_PATIENCE = SocketTimeout(10, 60)


@contextmanager
def connect(settings: Settings) -> Iterator[IMAPClient]:
    """A session that is signed in; raises MailboxClosed, here and for whatever goes wrong inside the block."""
    wanted = settings.mailbox
    with _translated(wanted):
        client = _connected(settings)
    try:
        with _translated(wanted):
            _sign_in(client, wanted)
            yield client
    except BaseException:
        # what went wrong may have left half an answer on the line, so nothing more is said
        with suppress(OSError):
            client.shutdown()
        raise
    with suppress(IMAPClientError, OSError):
        client.logout()


def _connected(settings: Settings) -> IMAPClient:
    wanted = settings.mailbox
    context = _trust(settings) if wanted.security != "none" else None
    client = IMAPClient(
        wanted.host,
        wanted.port,
        ssl=wanted.security == "tls",
        ssl_context=context if wanted.security == "tls" else None,
        timeout=_PATIENCE,
    )
    if wanted.security == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            client.shutdown()
            raise
    return client


def _trust(settings: Settings) -> ssl.SSLContext:
    file = settings.mailbox.ca_file
    try:
        return ssl.create_default_context(cafile=settings.path(file) if file else None)
    except OSError as error:
        raise MailboxClosed(f"mailbox.ca_file: {file} can't be used: {error}", lasting=True) from error


def _sign_in(client: IMAPClient, wanted: Mailbox) -> None:
    password = wanted.password.get_secret_value()
    try:
        if (wanted.username + password).isascii():
            client.login(wanted.username, password)
        else:
            client.plain_login(wanted.username, password)  # LOGIN has no words for other letters
    except LoginError as error:
        # the library says so of a connection that broke too
        broke = isinstance(error.__context__, IMAPClientAbortError) or "[UNAVAILABLE]" in str(error)
        text = f"{wanted.host} did not let {wanted.username!r} in: {words(error)}"
        raise MailboxClosed(text, lasting=not broke) from error


@contextmanager
def _translated(wanted: Mailbox) -> Iterator[None]:
    """Whatever the library or the network raise, as one sentence for a person."""
    server = f"{wanted.host}:{wanted.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        text = f"the certificate of {server} is not trusted: {error.verify_message}"
        raise MailboxClosed(text, lasting=True) from error
    except ssl.SSLError as error:
        text = f"{server} does not speak TLS as mailbox.security = {wanted.security!r} expects ({error.reason})"
        raise MailboxClosed(text, lasting=True) from error
    except CapabilityError as error:
        raise MailboxClosed(f"{server}: {words(error)}", lasting=True) from error
    except (OSError, IMAPClientAbortError) as error:
        raise MailboxClosed(f"{server} can't be reached, or went away: {error or type(error).__name__}") from error
    except IMAPClientError as error:
        raise MailboxClosed(f"{server} refused what we asked: {words(error)}") from error


def words(error: Exception) -> str:
    text = str(error)
    text = text.partition(" This error may have been caused")[0]  # the library's advice to its programmer
    return " ".join((text[2:-1] if text.startswith(("b'", 'b"')) else text).split())[:300]
