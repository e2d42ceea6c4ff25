"""What the checks look at: one proof, read once, and what its words were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import lxml.html
from lxml.etree import ParserError

from newsletter.config import Newsletter, Settings
from newsletter.editions.words import Words
from newsletter.rendering.models import Proof
from newsletter.rendering.preflight import page, styles
from newsletter.rendering.preflight.styles import Scheme, Styles


@dataclass(frozen=True)
class Material:
    """A proof, and what is known around it."""

    proof: Proof
    newsletter: Newsletter
    settings: Settings
    #: what the edition said when it was rendered; None: findings name no field
    words: Words | None = None
    #: pages that an earlier edition has led to already, as `leads.same` knows them → that edition's date
    used: Mapping[str, date] | None = None

    @cached_property
    def html(self) -> str:
        return self.proof.html.decode()

    @cached_property
    def text(self) -> str:
        return self.proof.text.decode()

    @cached_property
    def page(self) -> page.Page:
        return page.read(self.html)

    @cached_property
    def tree(self) -> lxml.html.HtmlElement:
        """The HTML as a tree; comments, and so what only Outlook reads, are no part of it."""
        try:
            return lxml.html.document_fromstring(self.html)
        except (ParserError, ValueError):  # nothing in it, or what XML can't hold
            return lxml.html.document_fromstring("<html><body></body></html>")

    def styles(self, scheme: Scheme) -> Styles:
        """What the style sheets make of each element of the tree."""
        if scheme not in self._styles:
            self._styles[scheme] = styles.compute(self.tree, scheme)
        return self._styles[scheme]

    @cached_property
    def _styles(self) -> dict[Scheme, Styles]:
        return {}

    @property
    def is_a_trial(self) -> bool:
        """Whether what is sent stays on this machine, so that addresses on it harm nobody."""
        return self.settings.leads_nowhere and not self.settings.hands_over_elsewhere
