"""`newsletter stories …` and `newsletter rehearse`: what was picked and why, and an editor's word on it."""

import getpass
import statistics
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import jobs
from newsletter.app import App
from newsletter.cli import ranked, screen
from newsletter.cli.root import now, open_app, program
from newsletter.config import Newsletter
from newsletter.editions import calendar
from newsletter.errors import BadInput, NotFound
from newsletter.stories.models import RankedStory, Ranking, Rule
from newsletter.stories.picking import choosing, decisions, items, naming, rehearsing

commands = typer.Typer(help="The week's stories: ranked, explained, pinned, merged.", no_args_is_help=True)
program.add_typer(commands, name="stories")


Story = Annotated[
    str, typer.Argument(metavar="STORY", help="Its id in `stories list`, such as s17, or newsletter/date/id.")
]
Which = Annotated[str, typer.Option("--edition", help="Its date or newsletter/date (default: the one ranked last).")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
By = Annotated[str, typer.Option(help="Who decides (default: your user name).")]


@commands.command("list")
def list_(context: typer.Context, edition: Which = "", as_json: screen.Json = False) -> None:
    """Show the ranked stories of an edition with their scores, voices and reasons."""
    app = open_app(context)
    with app.database.read() as session:
        ranking = _ranking(session, app, edition)
        found = choosing.stories(session, ranking)
    ranked.show(ranking, found, as_json=as_json)


@commands.command()
def explain(context: typer.Context, story: Story, edition: Which = "", as_json: screen.Json = False) -> None:
    """Show every number behind STORY's score, its articles, and what is told of it."""
    app = open_app(context)
    with app.database.read() as session:
        row = _story(session, app, story, edition)
        told = items.by_ids(session, row.article_ids)
    if as_json:
        articles = [
            {"id": i.id, "source": i.source, "title": i.title, "url": i.url, "at": i.published_at} for i in told
        ]
        screen.data({**ranked.plain(row), "breakdown": row.breakdown, "articles": articles})
        return
    screen.say(f"[bold]{escape(row.headline)}[/]\n{escape(row.why)}")
    if row.warning:
        screen.say(f"[yellow]{escape(row.warning)}[/]")
    screen.table("Score", ("", "value", "counts", "points"), ranked.sums(row), right=("value", "counts", "points"))
    rows = [(item.id, item.source, f"{item.published_at:%a %H:%M}", item.title) for item in told]
    screen.table("Articles", ("id", "source", "published", "title"), rows, right=("id",), wrap=("title",))


@commands.command()
def pin(
    context: typer.Context,
    story: Story,
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Give STORY a place before anything is scored."""
    _decide(context, Rule.PIN, story, edition, by=by, reason=reason, as_json=as_json)


@commands.command()
def place(
    context: typer.Context,
    story: Story,
    slot: Annotated[int, typer.Argument(help="Its place in the edition, from 1.")],
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Put STORY in a place of the edition, and keep it there; two that are in it change places."""
    app = open_app(context)
    row, ranking = _named_story(app, story, edition)
    who, articles = by or getpass.getuser(), row.article_ids
    ruled = jobs.place(
        app, ranking.newsletter, ranking.date, articles, slot, by=who, reason=reason, seen=ranking.id, now=now()
    )
    ranked.show_ruled(ruled, as_json=as_json, of=row)


@commands.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The address of its article.")],
    slot: Annotated[int, typer.Option("--place", help="Its place in the edition (default: the first free one).")] = 0,
    edition: Which = "",
    by: By = "",
    as_json: screen.Json = False,
) -> None:
    """Add the story that the page at URL tells, and pin it; its page is read unless it is known already."""
    app = open_app(context)
    with app.database.read() as session:
        ranking = _ranking(session, app, edition)
    ruled = jobs.add(app, ranking.newsletter, ranking.date, url, place=slot, by=by or getpass.getuser(), now=now())
    ranked.show_ruled(ruled, as_json=as_json, did="Added")


@commands.command()
def free(
    context: typer.Context,
    story: Story,
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Let STORY stand where its score puts it: no pin, exclusion or boost of before holds any more."""
    _decide(context, Rule.FREE, story, edition, by=by, reason=reason, as_json=as_json)


@commands.command()
def rank(context: typer.Context, edition: Which = "", by: By = "", as_json: screen.Json = False) -> None:
    """Rank an edition's stories again, with what was collected since; what was edited in the draft stays."""
    app = open_app(context)
    if edition:
        newsletter, day = _named(app, edition)
    else:
        newsletter = app.newsletter()
        with app.database.read() as session:
            day = calendar.next_day(session, newsletter, now())
    ruled = jobs.rank(app, newsletter.slug, day, by=by or getpass.getuser(), now=now())
    ranked.show_ruled(ruled, as_json=as_json, did="Ranked")


@commands.command()
def exclude(
    context: typer.Context,
    story: Story,
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Leave STORY out, whatever it scores."""
    _decide(context, Rule.EXCLUDE, story, edition, by=by, reason=reason, as_json=as_json)


@commands.command(context_settings={"ignore_unknown_options": True})
def boost(
    context: typer.Context,
    story: Story,
    points: Annotated[int, typer.Argument(help="-20, -10, 10 or 20; 0 takes off what was given.")],
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Add POINTS to STORY's score."""
    _decide(context, Rule.BOOST, story, edition, by=by, reason=reason, as_json=as_json, points=points)


@commands.command()
def merge(
    context: typer.Context,
    story: Story,
    others: Annotated[list[str], typer.Argument(metavar="STORY…", help="The stories that are the same one.")],
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Make STORY and the others one story."""
    _decide(context, Rule.MERGE, story, edition, by=by, reason=reason, as_json=as_json, others=tuple(others))


@commands.command()
def split(
    context: typer.Context,
    story: Story,
    article: Annotated[int, typer.Argument(help="The id of the article that is not of it, as in `stories explain`.")],
    edition: Which = "",
    by: By = "",
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Take ARTICLE out of STORY."""
    _decide(context, Rule.SPLIT, story, edition, by=by, reason=reason, as_json=as_json, article=article)


@commands.command("decisions")
def decisions_(context: typer.Context, edition: Which = "", as_json: screen.Json = False) -> None:
    """Show what editors decided about an edition's stories."""
    app = open_app(context)
    with app.database.read() as session:
        ranking = _ranking(session, app, edition)
        standing = decisions.standing(session, ranking.newsletter, ranking.date)
    if as_json:
        screen.data([ranked.plain_decision(decision) for decision in standing])
        return
    rows = [
        (d.id, d.rule.value, d.place or "", d.points or "", ", ".join(map(str, d.article_ids)), d.by, d.reason)
        for d in standing
    ]
    screen.table(
        "Decisions",
        ("", "rule", "place", "points", "articles", "by", "reason"),
        rows,
        right=("", "place", "points"),
        wrap=("articles", "reason"),
    )


@commands.command()
def undo(
    context: typer.Context,
    decision: Annotated[int, typer.Argument(help="Its number in `stories decisions` (default: your last one).")] = 0,
    edition: Which = "",
    by: By = "",
    as_json: screen.Json = False,
) -> None:
    """Take a decision back, with what was decided in the same act."""
    app, who = open_app(context), by or getpass.getuser()
    if decision:
        ruled = jobs.undo(app, decision, by=who, now=now())
    else:
        with app.database.read() as session:
            ranking = _ranking(session, app, edition)
        ruled = jobs.undo_last(app, ranking.newsletter, ranking.date, by=who, now=now())
    ranked.show_ruled(ruled, as_json=as_json)


@program.command()
def rehearse(
    context: typer.Context,
    weeks: Annotated[int, typer.Option(min=1, help="So many sent editions, the latest.")] = 8,
    newsletter: Annotated[str | None, typer.Option(help="Which newsletter, where there are several.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Pick stored weeks again with today's picker and compare with what was sent. Nothing is sent or stored."""
    app = open_app(context)
    with app.database.read() as session:
        found = rehearsing.rehearse(session, app.newsletter(newsletter), weeks)
    if not found:
        raise NotFound("no edition was sent yet, so there is nothing to compare with: rehearse after the first Friday")
    ndcg = statistics.fmean(one.ndcg for one in found)
    overlap = statistics.fmean(one.overlap for one in found)
    if as_json:
        screen.data({"ndcg": ndcg, "overlap": overlap, "editions": [asdict(one) for one in found]})
        return
    rows = [(one.day, f"{one.ndcg:.2f}", f"{one.overlap:.2f}", one.swaps, _swapped(one)) for one in found]
    columns = ("edition", "nDCG@5", "overlap", "swaps", "sent, but not picked today")
    screen.table("Rehearsal", columns, rows, right=("nDCG@5", "overlap", "swaps"), wrap=("sent, but not picked today",))
    screen.say(f"on average nDCG@5 {ndcg:.2f}, overlap {overlap:.2f}")


def _decide(
    context: typer.Context,
    rule: Rule,
    story: str,
    edition: str,
    *,
    by: str,
    reason: str,
    as_json: bool,
    points: int = 0,
    others: tuple[str, ...] = (),
    article: int = 0,
) -> None:
    """Decide, and show what came of it at once."""
    from newsletter.jobs import rulings  # loads most of the product, which `list` need not wait for

    app = open_app(context)
    with app.database.read() as session:
        row = _story(session, app, story, edition)
        ranking = session.get_one(Ranking, row.ranking_id)
        named = list(row.article_ids)
        for other in others:
            named += _story(session, app, other, edition or f"{ranking.newsletter}/{ranking.date}").article_ids
    ruled = jobs.rule(
        app,
        ranking.newsletter,
        ranking.date,
        rule,
        rulings.apart(named, article) if article else named,
        by=by or getpass.getuser(),
        points=points,
        reason=reason,
        now=now(),
    )
    ranked.show_ruled(ruled, as_json=as_json, of=row)


def _named_story(app: App, story: str, edition: str) -> tuple[RankedStory, Ranking]:
    with app.database.read() as session:
        row = _story(session, app, story, edition)
        return row, session.get_one(Ranking, row.ranking_id)


def _ranking(session: Session, app: App, edition: str) -> Ranking:
    """The last ranking of *edition*: "friday/2021-11-26", "2021-11-26", or empty for the one ranked last."""
    if not edition:
        found = session.scalar(select(Ranking).order_by(Ranking.id.desc()).limit(1))
        wanted = "anything"
    else:
        of, day = _named(app, edition)
        found = choosing.latest(session, of.slug, day)
        wanted = f"{of.slug}/{day}"
    if found is None:
        raise NotFound(f"the stories of {wanted} were not ranked yet: run newsletter collect and newsletter assemble")
    return found


def _named(app: App, edition: str) -> tuple[Newsletter, date]:
    slug, _, day = edition.rpartition("/")
    try:
        return app.newsletter(slug or None), date.fromisoformat(day)
    except ValueError as error:
        raise BadInput(f"{edition!r} is not an edition; write newsletter/date, such as friday/2021-11-26") from error


def _story(session: Session, app: App, story: str, edition: str) -> RankedStory:
    before, _, wanted = story.rpartition("/")
    ranking = _ranking(session, app, before or edition)
    return naming.find(choosing.stories(session, ranking), wanted)


def _swapped(one: rehearsing.Rehearsal) -> str:
    return "\n".join(headline for headline in one.sent if headline not in one.picked)
