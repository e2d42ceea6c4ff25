"""Letters that came back, judged by hand at any door: what follows is done, or undone, and noted in the audit log."""

from datetime import datetime

from newsletter.app import App
from newsletter.staff import acts
from newsletter.staff.acts import Doer
from newsletter.tracking.mailbox import rulings, shelf


def judge(
    app: App, number: int, word: str, *, about: int | None = None, address: str = "", by: Doer, now: datetime
) -> str:
    """Letter *number* is *word*; what came of it, in a sentence. Raises as `rulings.plan` does."""
    with app.database.write() as session:
        shelf.get(session, number, lock=True)
        decided = rulings.plan(session, app.settings, number, word, address=address, about=about)
        rulings.rule(session, app.settings, decided, by=by.who, now=now)
        acts.note(session, by, "judged a letter", f"letter {number}", now=now, word=word, came_of_it=decided.sentence)
    return decided.sentence


def take_back(app: App, number: int, *, by: Doer, now: datetime) -> str:
    """What was said last of letter *number* holds no more; what came of that. Raises as `rulings.plan_back` does."""
    with app.database.write() as session:
        shelf.get(session, number, lock=True)
        back = rulings.plan_back(session, number)
        rulings.take_back(session, app.settings, back, by=by.who, now=now)
        acts.note(session, by, "took back a verdict", f"letter {number}", now=now, came_of_it=back.sentence)
    return back.sentence
