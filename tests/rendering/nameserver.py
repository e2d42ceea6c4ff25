"""A small DNS server on loopback, told in the words of tests what it knows."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class NameServer:
    """What is known of which name."""

    address: str = ""
    #: name → its TXT records; a name that is not here does not exist
    texts: dict[str, list[str]] = field(default_factory=dict)
    #: answers nothing at all
    is_silent: bool = False
    #: answers every question with this, where it is an error
    error: dns.rcode.Rcode = dns.rcode.NOERROR
    #: names that were asked about
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes:
        question = dns.message.from_wire(wire)
        name, kind = question.question[0].name, question.question[0].rdtype
        plain = name.to_text(omit_final_dot=True).lower()
        self.asked.append(plain)
        response = dns.message.make_response(question)
        response.flags |= dns.flags.RA
        response.set_rcode(self.error)
        # a name above another one exists, as in real zones
        if not any(known == plain or known.endswith(f".{plain}") for known in self.texts):
            response.set_rcode(self.error or dns.rcode.NXDOMAIN)
        elif kind == dns.rdatatype.TXT and not self.error and (texts := self.texts.get(plain)):
            rows = [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200)) for text in texts]
            response.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", rows))
        return response.to_wire(max_size=65535)


@contextmanager
def serving() -> Iterator[NameServer]:
    """A name server on a free port of loopback."""
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", 0))
    server = NameServer(f"127.0.0.1:{door.getsockname()[1]}")

    def serve() -> None:
        while True:
            wire, client = door.recvfrom(4096)
            if not wire:
                return
            if not server.is_silent:
                door.sendto(server.answer(wire), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", door.getsockname())
        thread.join()
        door.close()
