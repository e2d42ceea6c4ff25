"""`newsletter preview`: an edition as one reader would get it, as files to open."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import root, screen
from newsletter.editions import shelf
from newsletter.rendering import links, preflight, previews, proofs
from newsletter.rendering.mould import Reader
from newsletter.rendering.preflight import Finding, Level

_COLOURS = {Level.GREEN: "green", Level.UNKNOWN: "dim", Level.AMBER: "yellow", Level.RED: "bold red"}


@root.program.command()
def preview(
    context: typer.Context,
    edition: Annotated[str, typer.Argument(help="Its date, newsletter/date, or number.")],
    out: Annotated[Path, typer.Option(help="The folder to write to; made where there is none.")] = Path("preview"),
    name: Annotated[str, typer.Option(help="The name of the sample reader.")] = "Ada Lovelace",
    address: Annotated[str, typer.Option(help="The address of the sample reader.")] = "ada@example.com",
    template_now: Annotated[
        bool, typer.Option("--template-now", help="What today's templates and settings would make of a frozen edition.")
    ] = False,
    json: screen.Json = False,
) -> None:
    """Write EDITION as a sample reader would get it (HTML, text, .eml), and say what the checks found.

    Once approved, an edition is frozen: what is shown are the bytes that were approved, whatever the templates say.
    """
    app = root.open_app(context)
    now = root.now()
    with app.database.write() as session:
        found = shelf.find(session, edition)
        newsletter = app.newsletter(found.newsletter)
        frozen = None if template_now else proofs.frozen(session, found)
        make = proofs.today if template_now else partial(proofs.current, session)
        proof = make(found, newsletter, app.settings, now=now)
        mould = proofs.mould(proof, found, newsletter, app.settings, now=now)
        findings = preflight.of(session, found, proof, newsletter, app.settings)
    secret = app.settings.secret.get_secret_value()
    reader = Reader(0, address, name, links.token(secret, mould.edition_id, 0))
    paths = previews.write(mould, reader, out)
    if json:
        screen.data(
            {
                "digest": proof.digest,
                "frozen_at": frozen.made_at.isoformat() if frozen else None,
                "paths": paths,
                "findings": [_plain(one) for one in findings],
            }
        )
    else:
        _show(paths, findings)
        if frozen:
            screen.say(
                f"frozen: these are the bytes that were approved, made on {frozen.made_at:%Y-%m-%d %H:%M} UTC; "
                "--template-now shows what today's templates would give"
            )


def _show(paths: dict[str, Path], findings: list[Finding]) -> None:
    for path in paths.values():
        screen.console.print(str(path), soft_wrap=True, markup=False)
    for finding in findings:
        screen.console.print(f"{finding.level:5}", style=_COLOURS[finding.level], end="  ")
        screen.console.print(f"{finding.check}: {finding.text}", soft_wrap=True, markup=False)


def _plain(finding: Finding) -> dict[str, str]:
    return {"check": finding.check, "level": finding.level, "text": finding.text, "field": finding.field}
