"""The links of an edition: where they lead, how often they were followed, and what was corrected."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from newsletter import plural
from newsletter.cli import root, screen
from newsletter.cli.delivery import Which
from newsletter.editions import shelf
from newsletter.tracking.links import counts, register, visits
from newsletter.tracking.links.counts import Counts, Tally

links = typer.Typer(help="Where an edition's links lead, and who follows them.", no_args_is_help=True)
root.program.add_typer(links, name="links")

_WHERE = {"introduction": "introduction", "sponsor": "sponsor", "other": "elsewhere"}


@links.command("list")
def list_(context: typer.Context, edition: Which, json: screen.Json = False) -> None:
    """Each counted link of EDITION: where it stands, where it leads, and how often it was followed, by whom."""
    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
        heard, corrected = counts.counts(session, found.id), register.history(session, found.id)
    if json:
        screen.data({**asdict(heard), "corrections": [_plain(each) for each in corrected]})
        return
    name = shelf.name(found)
    if heard.mode == "off":
        screen.say(f"nothing is counted of {escape(name)}: its links lead straight on, or it was not sent yet")
        return
    wrong = {each.number for each in corrected}
    rows = [
        (
            link.number, link.part, f"story {link.story}" if link.story else _WHERE[link.place],
            f"{link.url} (corrected)" if link.number in wrong else link.url,
            link.clicks.raw, link.clicks.machine, link.clicks.unknown, link.clicks.human,
        )
        for link in heard.links
    ]  # fmt: skip
    columns = ("link", "part", "where", "leads to", "all", "machines", "unclear", "people")
    screen.table(f"Links of {name}", columns, rows, right=("link", *columns[4:]), wrap=("leads to",))
    _say(heard)


@links.command()
def correct(
    context: typer.Context,
    edition: Which,
    number: Annotated[int, typer.Argument(help="The link, as newsletter links list shows it.", min=1)],
    url: Annotated[str, typer.Argument(help="Where it shall lead.")],
    reason: Annotated[str, typer.Option(help="Why; kept beside your name.")] = "",
    by: Annotated[str, typer.Option(envvar="USER", help="Who does it.")] = "operator",
    json: screen.Json = False,
) -> None:
    """Let a link of EDITION lead elsewhere in every copy that went out; all links to the same page follow."""
    app = root.open_app(context)
    with app.database.write() as session:
        found = shelf.find(session, edition)
        changed = register.correct(session, found, number, url, by=by, reason=reason, now=root.now())
        numbers, where = [link.number for link in changed], changed[0].url
    if json:
        screen.data({"links": numbers, "url": where})
    else:
        which = "link" if len(numbers) == 1 else "links"
        leads = "leads" if len(numbers) == 1 else "lead"
        screen.say(
            f"{which} {', '.join(map(str, numbers))} of {escape(shelf.name(found))} {leads} to {escape(where)} now"
        )


@links.command()
def history(context: typer.Context, edition: Which, json: screen.Json = False) -> None:
    """What was corrected of EDITION's links: when, by whom, from where to where, and why."""
    app = root.open_app(context)
    with app.database.read() as session:
        found = shelf.find(session, edition)
        corrected = register.history(session, found.id)
    if json:
        screen.data([_plain(each) for each in corrected])
        return
    rows = [(f"{each.at:%Y-%m-%d %H:%M}", each.by, each.number, each.was, each.url, each.reason) for each in corrected]
    columns = ("at", "by", "link", "led to", "leads to", "why")
    screen.table(
        f"Corrections of {shelf.name(found)}", columns, rows, right=("link",), wrap=("led to", "leads to", "why")
    )


@links.command()
def judge(context: typer.Context, edition: Which, json: screen.Json = False) -> None:
    """Judge every open and click of EDITION again, by today's rules, from what is kept."""
    app = root.open_app(context)
    with app.database.write() as session:
        found = shelf.find(session, edition)
        changed = visits.judge_again(session, found.id)
        heard = counts.counts(session, found.id)
    if json:
        screen.data({"changed": changed, **asdict(heard)})
        return
    screen.say(f"{plural.counted(changed, 'verdict')} of {escape(shelf.name(found))} changed")
    _say(heard)


def _say(heard: Counts) -> None:
    _tally("clicks", heard.clicks)
    if heard.pixel:
        _tally("opens", heard.opens)
    if heard.told_clicks.raw or heard.told_opens.raw:
        _tally("clicks, as the provider tells", heard.told_clicks)
        _tally("opens, as the provider tells", heard.told_opens)
    for reason, times in list(heard.reasons.items())[:12]:
        screen.say(f"  {times:>7,}  {escape(reason)}")


def _tally(what: str, tally: Tally) -> None:
    screen.say(
        f"{what}: {tally.raw:,} in all, {tally.scanner:,} by scanners, {tally.proxy:,} by privacy proxies, "
        f"{tally.unknown:,} unclear, [bold]{tally.human:,} by people[/] most likely "
        f"({plural.counted(tally.people, 'reader')})"
    )


def _plain(each: object) -> dict[str, object]:
    names = ("number", "was", "url", "by", "reason", "at")
    return {name: getattr(each, name) for name in names}
