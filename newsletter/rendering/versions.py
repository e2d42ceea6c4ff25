"""Templates written at the desk: each saving is a version with every file of it, kept for ever; one may be in use.

Which one is in use is a change of settings (`changes`), so that every process hears of it and it can be taken back.
The folder on disk is the default, and where the first version comes from.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from newsletter.errors import BadInput, NotFound
from newsletter.rendering import templates
from newsletter.rendering.models import TemplateVersion
from newsletter.rendering.sheet import BODY, SUBJECT, TEXT
from newsletter.rendering.templates import Template

#: what a change of settings is called that puts a version in use: "template friday"
KEY = "template "
#: what every template of editions has
NEEDED = (SUBJECT, BODY, TEXT)
#: letters of all files together, and files
LONGEST, MOST_FILES = 200_000, 40
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,48}\.(?:mjml|txt|css|html)")
_KINDS = ("*.mjml", "*.txt", "*.css", "*.html")
#: what no line of a file can hold, and who pastes does not see
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\ue000\ue001]")
_AROUND = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: "+" new, "-" gone, " " around it, "…" where lines are left out, "=" a file's name."""

    sign: str
    text: str


def on_disk(name: str, own: Path | None) -> dict[str, str]:
    """Every file of the template *name* on disk, by its name; those of a newsroom's own folder stand first."""
    found: dict[str, str] = {}
    for folder in templates.find(name, own).folders:
        for file in sorted(path for kind in _KINDS for path in folder.glob(kind)):
            found.setdefault(file.name, file.read_text("utf-8"))
    return {file: found[file] for file in (*NEEDED, *sorted(found.keys() - set(NEEDED))) if file in found}


def keep(
    session: Session, name: str, files: Mapping[str, str], *, made_from: int, who: str, now: datetime
) -> TemplateVersion:
    """A version of the template *name* with these *files*; raises BadInput, which says what is wrong with them."""
    clean = {file: _CONTROLS.sub("", text).replace("\r\n", "\n").replace("\r", "\n") for file, text in files.items()}
    refuse_unfit(clean)
    version = TemplateVersion(name=name, files=clean, who=who[:320], at=now, made_from=made_from)
    session.add(version)
    session.flush()
    return version


def refuse_unfit(files: Mapping[str, str]) -> None:
    """Raise BadInput for what can't be the files of a template."""
    for file in files:
        if not _FILE.fullmatch(file):
            why = "use letters, figures and hyphens, and .mjml, .txt or .css"
            raise BadInput(f"{file[:80]!r} can't be a file of a template: {why}")
    for file in NEEDED:
        if file not in files:
            raise BadInput(f"there is no {file} in it, which every template has")
    if len(files) > MOST_FILES:
        raise BadInput(f"it has {len(files)} files, and may have {MOST_FILES}")
    length = sum(map(len, files.values()))
    if length > LONGEST:
        raise BadInput(f"its files have {length:,} letters, and may have {LONGEST:,} together")


def get(session: Session, name: str, number: int) -> TemplateVersion:
    """That version of the template *name*; raises NotFound."""
    found = session.get(TemplateVersion, number)
    if found is None or found.name != name:
        raise NotFound(f"There is no version {number} of the template {name}.")
    return found


def newest(session: Session, name: str) -> TemplateVersion | None:
    """The version that was saved last."""
    query = select(TemplateVersion).where(TemplateVersion.name == name).order_by(TemplateVersion.id.desc())
    return session.scalar(query.limit(1))


def lately(session: Session, name: str, *, limit: int) -> Sequence[TemplateVersion]:
    """The versions that were saved last, without their files."""
    query = select(TemplateVersion).where(TemplateVersion.name == name).order_by(TemplateVersion.id.desc())
    return session.scalars(query.options(defer(TemplateVersion.files)).limit(limit)).all()


def newest_of_each(session: Session) -> dict[str, TemplateVersion]:
    """Name → the version that was saved last, without its files."""
    last = select(func.max(TemplateVersion.id)).group_by(TemplateVersion.name)
    query = select(TemplateVersion).where(TemplateVersion.id.in_(last)).options(defer(TemplateVersion.files))
    return {version.name: version for version in session.scalars(query)}


def files_of(session: Session, numbers: Collection[int]) -> dict[str, Mapping[str, str]]:
    """Name → files of those versions."""
    query = select(TemplateVersion).where(TemplateVersion.id.in_(numbers))
    return {version.name: version.files for version in session.scalars(query)} if numbers else {}


def template(name: str, files: Mapping[str, str]) -> Template:
    """What editions are set in, of *files*."""
    return Template(name, (), dict(files))


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Line]:
    """What changed from *old* to *new*, file by file."""
    for file in (*new, *(old.keys() - new.keys())):
        lines = difflib.unified_diff(
            old.get(file, "").splitlines(), new.get(file, "").splitlines(), n=_AROUND, lineterm=""
        )
        for number, text in enumerate(lines):
            if number == 0:
                yield Line("=", file)
            elif text.startswith("@@"):
                yield Line("…", "")
            elif number > 1:
                yield Line(text[0], text[1:])
