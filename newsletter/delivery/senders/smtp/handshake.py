"""From nothing to a connection that takes mail: connect, greeting, EHLO, TLS, login.

Raises Unavailable when it may work later, and Blocked where a person must mend something first: a certificate
that nobody vouches for, a server without STARTTLS, a login that is refused.
"""

import asyncio
import base64
import ipaddress
import socket
import ssl

from newsletter import traces
from newsletter.config import Smtp
from newsletter.delivery.senders.smtp import envelopes
from newsletter.delivery.senders.smtp.connection import Connection, Reply
from newsletter.delivery.senders.smtp.session import Desk, Session
from newsletter.errors import Blocked, ConfigError, Unavailable


def trust(smtp: Smtp) -> ssl.SSLContext | None:
    """Whom to believe at the other end; None where nothing is encrypted. Raises ConfigError."""
    if smtp.security == "none":
        if smtp.username and not _is_loopback(smtp.host):
            raise ConfigError(
                f"smtp.security is none, so the password would go to {smtp.host} unencrypted: use starttls or tls"
            )
        return None
    try:
        return ssl.create_default_context(cafile=str(smtp.ca_file) if smtp.ca_file else None)
    except OSError as error:
        raise ConfigError(f"smtp.ca_file: {smtp.ca_file} can't be used: {error}") from error


async def connect(smtp: Smtp, tls: ssl.SSLContext | None, desk: Desk) -> Session:
    """A session that is ready to start."""
    most = min(smtp.messages_per_connection, desk.manners.most or smtp.messages_per_connection)
    session = Session(desk, timeout=smtp.timeout, dot_timeout=smtp.dot_timeout, most=most)
    with traces.span("connect", **{"server.address": f"{smtp.host}:{smtp.port}"}):
        await set_up(smtp, tls, session)
    return session


async def set_up(smtp: Smtp, tls: ssl.SSLContext | None, connection: Connection) -> None:
    """Bring *connection* to where it could take mail; raises Unavailable and Blocked."""
    where = f"the mail server {smtp.host}:{smtp.port}"
    try:
        async with asyncio.timeout(3 * smtp.timeout):
            await _set_up(smtp, tls, connection)
    except ssl.SSLCertVerificationError as error:
        raise Blocked(
            f"the certificate of {where} is not trusted: {error.verify_message}; see smtp.host and smtp.ca_file"
        ) from error
    except TimeoutError as error:
        raise Unavailable(f"{where} did not answer in time", tried=False) from error
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(f"{where} can't be reached: {error.strerror or error}", tried=False) from error


async def _set_up(smtp: Smtp, tls: ssl.SSLContext | None, connection: Connection) -> None:
    try:
        await _open(smtp, tls, connection)
        await _introduce(smtp, tls, connection)
        await _log_in(smtp, connection)
    except BaseException:
        connection.end("it was not set up")
        raise


async def _open(smtp: Smtp, tls: ssl.SSLContext | None, connection: Connection) -> None:
    encrypted = smtp.security == "tls"
    await asyncio.get_running_loop().create_connection(
        lambda: connection,
        smtp.host,
        smtp.port,
        ssl=tls if encrypted else None,
        server_hostname=smtp.host if encrypted else None,
    )
    _expect(await connection.greeting(), 220, "did not greet us")


async def _introduce(smtp: Smtp, tls: ssl.SSLContext | None, connection: Connection) -> None:
    connection.offer = await _say_hello(connection)
    if smtp.security != "starttls" or tls is None:
        return
    if not connection.offer.starttls:
        raise Blocked(f"the mail server {smtp.host}:{smtp.port} does not offer STARTTLS, which smtp.security wants")
    _expect(await connection.ask(b"STARTTLS\r\n"), 220, "refused STARTTLS")
    connection.must_be_silent()
    loop = asyncio.get_running_loop()
    transport = await loop.start_tls(connection.transport, connection, tls, server_hostname=smtp.host)
    if transport is None:
        raise ConnectionError("the connection was lost while it was being encrypted")
    connection.use(transport)
    connection.offer = await _say_hello(connection)


async def _say_hello(connection: Connection) -> envelopes.Offer:
    name = _own_name(connection.transport)
    reply = await connection.ask(f"EHLO {name}\r\n".encode())
    if reply.code == 250:
        return envelopes.offer(reply.text.decode("utf-8", "replace").split("\n"))
    if reply.code < 500:
        _expect(reply, 250, "refused EHLO")
    _expect(await connection.ask(f"HELO {name}\r\n".encode()), 250, "refused HELO")
    return envelopes.Offer()


async def _log_in(smtp: Smtp, connection: Connection) -> None:
    if not smtp.username:
        return
    user, password = smtp.username.encode(), smtp.password.get_secret_value().encode()
    if "PLAIN" in connection.offer.auth:
        reply = await connection.ask(b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password) + b"\r\n")
    elif "LOGIN" in connection.offer.auth:
        reply = await connection.ask(b"AUTH LOGIN\r\n")
        for part in (user, password):
            if reply.code == 334:
                reply = await connection.ask(base64.b64encode(part) + b"\r\n")
    else:
        raise Blocked("the mail server offers no way to log in that we know (PLAIN or LOGIN)")
    if reply.code >= 500:
        words = reply.words()
        raise Blocked(
            f"the mail server refused the login ({words.text}): see smtp.username and smtp.password",
            reply=words.text,
            code=words.code,
        )
    _expect(reply, 235, "did not let us log in")


def _expect(reply: Reply, code: int, trouble: str) -> None:
    if reply.code != code:
        words = reply.words()
        raise Unavailable(f"the mail server {trouble}: {words.text}", reply=words.text, code=reply.code, tried=False)


def _own_name(transport: asyncio.Transport) -> str:
    """This machine's full name, or its address in brackets (RFC 5321 section 4.1.3); no DNS is asked."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = ipaddress.ip_address(str(transport.get_extra_info("sockname")[0]).partition("%")[0])
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
