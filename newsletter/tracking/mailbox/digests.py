"""Whether two letters are the same one: in another folder, under another number, fetched in another way."""

from hashlib import sha256

#: bytes that are compared; fewer than any way of reading brings
_COMPARED = 128 * 1024
#: what mail servers and programs write above a letter each time they lay it somewhere
_OF_THE_WAY = (
    b"return-path", b"delivered-to", b"x-original-to", b"envelope-to", b"received", b"delivery-date", b"status",
    b"x-status", b"x-uid", b"x-uidl", b"x-keywords", b"x-mozilla-status", b"x-mozilla-status2", b"x-sieve",
    b"content-length", b"lines",
)  # fmt: skip


def digest(raw: bytes) -> str:
    """SHA-256 of what the writer wrote, in hex: less the marks of its way, and whatever ends its lines."""
    head, blank, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    kept, skipping = list[bytes](), False
    for line in head.split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            skipping = line.partition(b":")[0].rstrip().lower() in _OF_THE_WAY
        if not skipping:
            kept.append(line)
    return sha256((b"\n".join(kept) + blank + body)[:_COMPARED].rstrip(b"\n")).hexdigest()
