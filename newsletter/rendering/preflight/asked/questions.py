"""What there is to ask about an edition, so that the same question has the same name every time."""

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from newsletter.rendering.preflight import leads, pictures, places
from newsletter.rendering.preflight.material import Material

#: of one edition; more are not asked, and stay unknown
MOST_LINKS, MOST_PICTURES = 100, 60


class Kind(StrEnum):
    """Whom to ask."""

    LINK = "link"
    PICTURE = "picture"
    #: name servers, about the sender's domain
    DOMAIN = "domain"
    #: a dictionary on this machine
    SPELLING = "spelling"
    #: SpamAssassin on this machine
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask."""

    kind: Kind
    #: an address, a domain, a language
    about: str
    #: what belongs to the question besides, so that other words are another question
    given: str = ""

    @property
    def digest(self) -> str:
        """Its name in the database."""
        return sha256(f"{self.about}\n{self.given}".encode()).hexdigest()


def of(subject: Material) -> list[Question]:
    """Everything to ask about *subject*."""
    newsletter, settings = subject.newsletter, subject.settings
    domain = newsletter.from_address.rpartition("@")[2]
    envelope = settings.bounces.address.rpartition("@")[2] or domain
    sender = [envelope, settings.sender, *newsletter.dkim_selectors]
    return [
        *(Question(Kind.LINK, address) for address in leads.asked(subject)[:MOST_LINKS]),
        *(Question(Kind.PICTURE, address) for address in pictures.asked(subject)[:MOST_PICTURES]),
        Question(Kind.DOMAIN, domain, json.dumps(sender)),
        Question(Kind.SPELLING, newsletter.language, json.dumps(texts(subject))),
        Question(Kind.SPAM, "the whole mail", subject.proof.digest or ""),
    ]


def texts(subject: Material) -> list[tuple[str, str]]:
    """What is to be spelled rightly, field by field: neither addresses nor names of others."""
    if subject.words is None:
        return []
    return [
        (field, said)
        for field, said in places.each(subject.words)
        if said and not field.endswith(("url", "attribution", "sponsor_name"))
    ]
