"""Every sentence that readers' pages and letters are made of, taken out of templates and modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

import newsletter
from newsletter.jobs import wordings
from newsletter.rendering import templates
from newsletter.web.readers import forms, leaving, visits

ROOT = Path(newsletter.__file__).parent
LETTERS = ("invitation", "notice", "correction")
#: modules that speak to readers
MODULES = (
    *(ROOT / "web" / "readers").rglob("*.py"),
    *(ROOT / "jobs" / f"{name}.py" for name in ("correspondence", "wordings", "invitations", "readdressing")),
    ROOT / "rendering" / "links.py",
    ROOT / "rendering" / "amending.py",
    ROOT.parent / "subscribers" / "readdressing.py",
    ROOT.parent / "subscribers" / "preferences.py",
)
_SPEAKING = {"text", "html", "BadInput", "BadDetail", "NotFound", "HTTPException"}


def sentences() -> set[str]:
    """What a catalogue has to have."""
    return {
        *(sentence for file in _templates() for sentence in _of_template(file)),
        *(sentence for file in MODULES for sentence in _of_module(file)),
        *leaving.REASONS.values(),
        *visits.WHY_NOT.values(),
        wordings.CONSENT,
        forms.NOT_A_FORM,
        forms.TOO_LONG,
    }


def _templates() -> Iterator[Path]:
    yield from (ROOT / "web" / "readers" / "pages").glob("*.html")
    yield ROOT / "web" / "pages" / "sorry.html"
    for letter in LETTERS:
        folder = templates.find(letter).folders[0]
        yield from (*folder.glob("*.mjml"), *folder.glob("*.txt"))


def _of_template(file: Path) -> Iterator[str]:
    for call in Environment().parse(file.read_text("utf-8")).find_all(nodes.Call):  # noqa: S701 (nothing is rendered)
        if isinstance(call.node, nodes.Name) and call.node.name == "_" and isinstance(call.args[0], nodes.Const):
            yield call.args[0].value


def _of_module(file: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(call, ast.Call) and _name(call.func) in _SPEAKING:
            words = (argument.value for argument in call.args if isinstance(argument, ast.Constant))
            yield from (word for word in words if isinstance(word, str))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
