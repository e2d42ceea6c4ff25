"""One HTTP request over a connection of its own, to a checked address, with one deadline for all of it.

Nothing here follows redirects, keeps cookies or reads the environment.
"""

import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Literal

import httpcore
import httpx
import webencodings

from newsletter.errors import Forbidden
from newsletter.stories.reading.guard import Address

#: a host and a port in, checked addresses out; raises Forbidden, or OSError where there is none
Resolve = Callable[[str, int], list[Address]]

_GZIP = b"\x1f\x8b"
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!]?[a-zA-Z-]{2}|[{\[]\s*[\"{])")
_PACKED = {"gzip", "x-gzip", "deflate"}
#: what servers say of a body that is not packed
_UNPACKED = {"", "identity", "none", "null", "binary", "8bit", "7bit", "plain", "text", "raw", "off", "no"}

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Unreadable(Exception):
    """The other side did not answer properly; the message is for an editor."""


class Response:
    """The head of an answer, and its body on demand."""

    def __init__(self, status: int, headers: httpx.Headers, stream: Iterable[bytes]) -> None:
        self.status, self.headers, self._stream = status, headers, stream

    def body(self, limit: int) -> bytes:
        """The decoded body; raises Unreadable as soon as it is longer than *limit* bytes."""
        whole = bytearray()
        for piece in _decoded(self._stream, self.headers.get("content-encoding", ""), limit):
            whole += piece
            if len(whole) > limit:
                raise Unreadable(f"is larger than {limit // 2**20} MB")
        return bytes(whole)

    def beginning(self, limit: int) -> bytes:
        """The first *limit* bytes of the decoded body, or all of it where it is shorter."""
        whole = bytearray()
        for piece in _decoded(self._stream, self.headers.get("content-encoding", ""), limit):
            whole += piece
            if len(whole) >= limit:
                break
        return bytes(whole[:limit])


@contextmanager
def request(
    url: httpx.URL,
    headers: Mapping[str, str],
    *,
    seconds: float,
    resolve: Resolve,
    tls: ssl.SSLContext,
    method: Literal["GET", "HEAD", "POST"] = "GET",
    body: bytes | None = None,
) -> Iterator[Response]:
    """Ask for *url*, or for its head, or post *body* to it.

    All until the end of the block, each drop of a slow body too, has *seconds*.

    The connection goes to one of the addresses that *resolve* lets pass, and to no other.

    Raises Forbidden for an address that must not be visited, Unreadable for all else that can go wrong.
    """
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    # latin-1 both ways, so that a validator goes back byte for byte as it came
    sent = {"Host": url.netloc.decode("ascii"), **headers, "Connection": "close"}
    backend = _Checked(time.monotonic() + seconds, resolve)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=backend) as pool,
            pool.stream(
                method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in sent.items()],
                content=body,
                extensions={"timeout": timeouts},
            ) as answer,
        ):
            yield Response(answer.status, httpx.Headers(answer.headers, encoding="latin-1"), answer.iter_stream())
    except httpcore.TimeoutException as error:
        raise Unreadable("did not finish in time") from error
    except httpcore.ConnectError as error:
        raise Unreadable(f"can't be reached: {_cause(error)}") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise Unreadable(f"broke off or did not speak HTTP: {_cause(error)}") from error


class _Checked(httpcore.NetworkBackend):
    """Connects to addresses that `guard` lets pass, and to nothing else."""

    def __init__(self, deadline: float, resolve: Resolve) -> None:
        self._deadline, self._resolve = deadline, resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        refusal: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                plain = httpcore.SyncBackend().connect_tcp(
                    str(address), port, _left(self._deadline), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refusal = error
            else:
                return _Timed(plain, self._deadline)
        raise refusal

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[_SocketOption] | None = None
    ) -> httpcore.NetworkStream:
        raise Forbidden(f"{path} is not on the public internet, so it is not visited")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _Timed(httpcore.NetworkStream):
    """A stream whose every step ends at one deadline: a time-out for each read would let slow drops go on for ever."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Timed(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return seconds


def _decoded(stream: Iterable[bytes], encoding: str, limit: int) -> Iterator[bytes]:
    """The body's bytes, unpacked piece by piece, so that a bomb is noticed before it has gone off.

    A server's word on how it packed is often wrong; gzip and markup are known by how they begin.
    """
    named = [word for word in re.split(r"[,\s]+", encoding.lower()) if word not in _UNPACKED]
    # "gzip, gzip" is what two servers in a row say of one packing; nobody honest packs twice
    named = list({word: None for word in named if webencodings.lookup(word) is None})
    beginning, stream = _begun(iter(stream))
    if beginning.startswith(_GZIP):
        yield from _members(stream, limit)
    elif not named or _MARKUP.match(beginning):
        yield from stream
    elif len(named) > 1 or not {*named} <= _PACKED:
        raise Unreadable(f"is packed in a way that was not asked for ({encoding.strip()[:40]})")
    else:
        yield from _inflated(stream, limit, raw_allowed=named == ["deflate"])


def _begun(stream: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of *stream*, and all of it."""
    beginning = b""
    while len(beginning) < 20 and (piece := next(stream, b"")):
        beginning += piece
    return beginning, chain([beginning], stream)


def _members(stream: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The bytes of all members of a gzip file (RFC 1952 section 2.2 allows several), but not of what follows them."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for piece in stream:
        packed = piece
        while packed:
            yield _inflate(inflater, packed, limit)
            packed = inflater.unused_data
            if inflater.eof:
                if packed and not packed.startswith(_GZIP[: len(packed)]):
                    return
                inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    # what is missing at the end is found by whoever parses the body


def _inflated(stream: Iterable[bytes], limit: int, *, raw_allowed: bool) -> Iterator[bytes]:
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
    untouched = raw_allowed
    for packed in stream:
        try:
            yield inflater.decompress(packed, limit + 1)
        except zlib.error as error:
            if not untouched:
                raise Unreadable(f"is not properly packed: {error}") from error
            # some servers say deflate and mean it without the zlib wrapping
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            yield _inflate(inflater, packed, limit)
        untouched = False


def _inflate(inflater: "zlib._Decompress", packed: bytes, limit: int) -> bytes:
    try:
        return inflater.decompress(packed, limit + 1)
    except zlib.error as error:
        raise Unreadable(f"is not properly packed: {error}") from error


def _cause(error: BaseException) -> str:
    """What the system said, in its own words."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
