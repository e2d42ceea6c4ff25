"""What nobody can know of an edition, said as plainly as what is known; pure."""

from newsletter import plural
from newsletter.delivery.models import Status
from newsletter.tracking.reports.clicks import OPENED
from newsletter.tracking.reports.figures import Report


def sentences(report: Report) -> list[str]:
    """What the figures of *report* don't say, and why."""
    found = [_of_opens(report), _of_inboxes(report), _of_clicks(report)]
    if report.balance.unknown:
        copies = plural.counted(report.balance.unknown, "copy was", "copies were")
        found.append(f"{copies} handed over and the answer got lost: whether their readers have one nobody here knows.")
    return found


def _of_opens(report: Report) -> str:
    opens = next((place for place in report.clicks if place.place == OPENED), None)
    if opens is not None:
        return (
            f"Who read it: mail programs fetch pictures by themselves, read or not. Of {opens.raw:,} fetches of this"
            f" mail's pixel {opens.machine:,} are certainly machines' and {opens.human:,} may be people's; no rate is"
            " made of them, for it would be wrong."
        )
    return (
        "Who read it: opens are not counted, because mail programs fetch pictures by themselves, read or not."
        " Clicks are what people do."
    )


def _of_inboxes(report: Report) -> str:
    if report.told.get(Status.DELIVERED):
        return "Inbox or spam folder: a server that took a copy says nothing of where it put it."
    taken = "a mail server" if report.sender == "smtp" else "somebody"
    return (
        f"Whether it arrived: {taken} took {report.balance.accepted:,} copies, and nobody tells of deliveries after"
        " that; what came back is counted."
    )


def _of_clicks(report: Report) -> str:
    if report.counting == "off":
        return (
            "Who followed links: this edition's links lead straight to their pages, so only a provider's word counts"
            " here, where there is one."
        )
    whom = (
        " Readers are not told apart, so who follows two links may be counted twice."
        if report.counting == "anonymous"
        else ""
    )
    return f"Machines in people's clothes: scanners that behave like readers are counted as people.{whom}"
