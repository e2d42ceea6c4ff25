"""What only others can say: pages, pictures, name servers, and programs on this machine.

They are asked when somebody wants to know, a bounded number of questions in a bounded time; what they said is kept
with its age, so that a page that shows it asks nobody. What could not be asked is unknown, and never red.

questions    what there is to ask about an edition
answers      what was said, kept in the database; and a round of questions under way
links, images, domains, spelling, spam
             how each is asked, and what its answer means
"""

from collections.abc import Mapping
from datetime import datetime

from newsletter.rendering.models import Answer
from newsletter.rendering.preflight.asked import domains, images, links, spam, spelling
from newsletter.rendering.preflight.asked.answers import FRESH
from newsletter.rendering.preflight.asked.questions import Kind, Question
from newsletter.rendering.preflight.findings import Finding
from newsletter.rendering.preflight.material import Material

__all__ = ["judge"]


def judge(
    subject: Material, questions: list[Question], kept: Mapping[Question, Answer], *, now: datetime
) -> list[Finding]:
    """What the answers *kept* mean for *subject*; what is older than a day counts as not asked."""
    said = {
        question: kept[question].said if question in kept and now - kept[question].at < FRESH else None
        for question in questions
    }
    of = {kind: {each.about: told for each, told in said.items() if each.kind is kind} for kind in Kind}
    return [
        *links.judge(subject, of[Kind.LINK]),
        *images.judge(subject, of[Kind.PICTURE]),
        *domains.judge(subject, of[Kind.DOMAIN]),
        *spelling.judge(of[Kind.SPELLING]),
        *spam.judge(of[Kind.SPAM]),
    ]
