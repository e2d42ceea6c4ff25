"""What is looked at before an edition may go out.

findings     what a check has found, and how bad it is
material     one proof, read once; `page`, `styles` and `colours` are how
checks       all that asks nobody, in order
leads, pictures, leftovers, preheader, outline, legible, programs
             links, images, what was left unfilled, the inbox, headings and language, contrast, mail programs
places       which field of the editor a finding is about
earlier      pages that earlier editions led to
asides       what an editor has set aside
caniemail/   what mail programs know, in a pinned copy
"""

from sqlalchemy.orm import Session

from newsletter.config import Newsletter, Settings
from newsletter.editions import words
from newsletter.editions.models import Edition
from newsletter.rendering.models import Proof
from newsletter.rendering.preflight.checks import check, look, moved
from newsletter.rendering.preflight.findings import Finding, Level, worst
from newsletter.rendering.preflight.material import Material

__all__ = ["Finding", "Level", "Material", "check", "look", "material", "moved", "of", "worst"]


def material(session: Session, edition: Edition, proof: Proof, newsletter: Newsletter, settings: Settings) -> Material:
    """What the checks of *edition* look at, with its words and what earlier editions led to."""
    from newsletter.rendering.preflight import earlier

    return Material(proof, newsletter, settings, words.of(edition), earlier.used(session, edition))


def of(session: Session, edition: Edition, proof: Proof, newsletter: Newsletter, settings: Settings) -> list[Finding]:
    """What every check that asks nobody says about *edition* as *proof* shows it; each names its field."""
    return look(material(session, edition, proof, newsletter, settings))
