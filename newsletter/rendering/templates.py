"""Templates: where they are, and how values become text. A mistake in one is named with its file and line."""

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.ext import Extension
from jinja2.loaders import split_template_path
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from newsletter.config import Settings
from newsletter.errors import BadTemplate, ConfigError
from newsletter.rendering import apart, mjml, prose

_SHIPPED = Path(__file__).parent.parent / "templates"
_IN_THE_TREE = Path(__file__).parent.parent.parent / "templates"
#: the folder of what several mails have in common: style sheets, and marks such as a rule
_SHARED = "shared"
#: the folders of letters, which are no editions
_LETTERS = frozenset({"alarm", "draft", "invitation", "notice"})
#: what stands before the names of files that were written at the desk, where Python names a file
_AT_THE_DESK = "<written at the desk>/"
#: controls that neither HTML nor a line of text can hold
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ue000\ue001]")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
#: private characters around the name and number of a template's line
_MARK = re.compile("\ue000([^\ue001]*):([0-9]+)\ue001")


@dataclass(frozen=True, slots=True)
class Template:
    """One mail's folder of templates; files that an own folder lacks are taken from the shipped ones."""

    name: str
    folders: tuple[Path, ...]
    #: of one that was written at the desk: every file of it; no folder is looked into then
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self, file: str, **values: object) -> str:
        """*file* with *values* filled in."""
        return apart.render(self, "text", file, values) if self.files else self.text_here(file, values)

    def html(self, file: str, **values: object) -> str:
        """The HTML of the MJML *file* with *values* filled in."""
        return apart.render(self, "html", file, values) if self.files else self.html_here(file, values)

    def text_here(self, file: str, values: Mapping[str, object]) -> str:
        """`text`, in this process, whatever it costs."""
        return _MARK.sub("", self._filled(file, values))

    def html_here(self, file: str, values: Mapping[str, object]) -> str:
        """`html`, in this process, whatever it costs."""
        source, lines = _unmark(self._filled(file, values))

        def locate(position: int) -> tuple[str, int | None]:
            passed = [(self._shown(name), line) for start, name, line in lines if start <= position]
            return passed[-1] if passed else (self._shown(file), None)

        return _with_landmark(mjml.to_html(source, locate=locate, read=self._include))

    def _filled(self, file: str, values: Mapping[str, object]) -> str:
        try:
            environment = _written(tuple(self.files.items())) if self.files else _environment(self.folders)
            return environment.get_template(file).render(values)
        except TemplateSyntaxError as error:
            raise BadTemplate(str(error.message), file=self._shown(error.name or file), line=error.lineno) from error
        except TemplateNotFound as error:
            raise BadTemplate(self._missing(), file=str(error.name or file)) from error
        except RecursionError as error:
            raise BadTemplate("it includes itself, or is nested too deeply", file=self._shown(file)) from error
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            name, line = self._raised_at(error, file)
            raise BadTemplate(f"{error}", file=self._shown(name), line=line) from error

    def _missing(self) -> str:
        return f"there is no such file in {self.folders[0] if self.folders else self.name}"

    def _include(self, path: str) -> str:
        if path in self.files:
            return self.files[path]
        for folder in self.folders:
            file = (folder / path).resolve()
            if file.is_relative_to(folder.resolve()) and file.is_file():
                return file.read_text("utf-8")
        raise BadTemplate(self._missing(), file=path)

    def _shown(self, file: str) -> str:
        """*file* as its author knows it: "friday/body.mjml", "shared/dark.css"."""
        folder = next((folder.name for folder in self.folders if (folder / file).is_file()), self.name)
        return f"{folder}/{file}"

    def _raised_at(self, error: Exception, file: str) -> tuple[str, int | None]:
        """The template and line that *error* comes from; Jinja writes both into the traceback."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename.startswith(_AT_THE_DESK):
                return frame.filename.removeprefix(_AT_THE_DESK), frame.lineno
            for folder in self.folders:
                if Path(frame.filename).is_relative_to(folder):
                    return str(Path(frame.filename).relative_to(folder)), frame.lineno
        return file, None


def of(settings: Settings, name: str) -> Template:
    """The template *name* that is in use: as it was written at the desk, else as it is on disk."""
    if name in settings.templates_written:
        return Template(name, (), settings.templates_written[name])
    return find(name, settings.path(settings.templates) if settings.templates else None)


def names(own: Path | None = None) -> list[str]:
    """Every template of editions there is on disk."""
    roots = [root for root in (own, _SHIPPED, _IN_THE_TREE) if root is not None and root.is_dir()]
    found = {folder.name for root in roots for folder in root.iterdir() if (folder / "body.mjml").is_file()}
    return sorted(found - _LETTERS)


def find(name: str, own: Path | None = None) -> Template:
    """The template *name*: its folder in *own* first, then the one that is shipped."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ConfigError(f"template: {name!r} is not the name of a folder in templates")
    roots = [root for root in (own, _SHIPPED, _IN_THE_TREE) if root is not None]
    if not any((root / name).is_dir() for root in roots):
        raise ConfigError(f"template: there is no folder {name} in {' or in '.join(map(str, roots[:2]))}")
    folders = (root / folder for root in roots for folder in (name, _SHARED))
    return Template(name, tuple(folder for folder in folders if folder.is_dir()))


@lru_cache(maxsize=16)
def _environment(folders: tuple[Path, ...]) -> SandboxedEnvironment:
    """Where the templates in *folders* are compiled, once until one of them is altered: that takes most of the time."""
    return _sandbox(_Folders(folders))


@lru_cache(maxsize=4)
def _written(files: tuple[tuple[str, str], ...]) -> SandboxedEnvironment:
    """The same of *files*, which are no files."""
    texts = dict(files)

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (texts[name], f"{_AT_THE_DESK}{name}", lambda: True) if name in texts else None

    return _sandbox(FunctionLoader(load))


def _sandbox(loader: BaseLoader) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=loader,
        autoescape=lambda name: name is not None and name.endswith((".mjml", ".html")),
        undefined=StrictUndefined,
        finalize=_finalize,
        extensions=[_LineMarks],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrap"] = prose.wrap
    return environment


class _Folders(FileSystemLoader):
    """Notices also that a file has come to stand before the one that was read."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, found, unaltered = super().get_source(environment, template)
        parts = split_template_path(template)
        before = [Path(folder, *parts) for folder in self.searchpath]
        before = before[: before.index(Path(found))]
        return source, found, lambda: unaltered() and not any(file.is_file() for file in before)


def _finalize(value: Any) -> Any:
    """Take controls, and what looks like our marks, out of every value on its way into a template."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _CONTROLS.sub("", value)
    return value


class _LineMarks(Extension):
    """Writes file and line before each line of MJML, so that a mistake in the output leads back to its source."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if not (name or "").endswith(".mjml"):
            return source
        taken = [span.span() for span in _JINJA.finditer(source)]
        starts = [0, *(found.end() for found in re.finditer("\n", source))]
        outside = partial(_outside, taken)
        for number, start in reversed([*enumerate(starts, start=1)]):
            if outside(start):
                source = f"{source[:start]}\ue000{name}:{number}\ue001{source[start:]}"
        return source


def _outside(spans: list[tuple[int, int]], position: int) -> bool:
    return not any(start < position < end for start, end in spans)


def _unmark(marked: str) -> tuple[str, list[tuple[int, str, int]]]:
    """The text without its marks, and at which character which line of which file begins."""
    lines: list[tuple[int, str, int]] = []
    removed = 0
    for mark in _MARK.finditer(marked):
        lines.append((mark.start() - removed, mark[1], int(mark[2])))
        removed += len(mark[0])
    return _MARK.sub("", marked), lines


def _with_landmark(html: str) -> str:
    """*html* with a main landmark, by which people who listen to a mail on a page of its own find its beginning."""
    head, body, rest = html.partition("<body")
    tag, end, inside = rest.partition(">")
    return f'{head}{body}{tag}{end}<div role="main">{inside.replace("</body>", "</div></body>", 1)}' if body else html
