"""The way out and back: a relay of ours hands on to the readers' server, and what that refuses comes back by mail."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers import kinds
from tests.servers.house import Running, free_port
from tests.servers.mailboxes import Box

#: where bounces go; the mailbox's own name stands before it
DOMAIN = "news.example.com"


@contextmanager
def relay(next_hop: int, box: Box) -> Iterator[Running]:
    """A Postfix that takes everything, hands it on to *next_hop*, and brings bounces to *box*; raises Missing."""
    settings = {
        "virtual_mailbox_domains": "",
        "virtual_mailbox_maps": "",
        "mynetworks": "127.0.0.0/8",
        "relayhost": f"[127.0.0.1]:{next_hop}",
        "transport_maps": f"inline:{{{DOMAIN}=lmtp:[127.0.0.1]:{box.server.ports.lmtp}}}",
        "smtp_dns_support_level": "disabled",
        "smtp_host_lookup": "native",
    }
    with ExitStack() as stack:
        place = tempfile.TemporaryDirectory(prefix="newsletter-relay-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(place))
        folder.chmod(0o755)
        house = kinds.house(kinds.POSTFIX, folder, port=free_port(), people=[], names="127.0.0.1", more=settings)
        yield stack.enter_context(house)
