"""Templates of one's own, and mistakes in them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.errors import BadTemplate, ConfigError
from newsletter.rendering import templates
from newsletter.rendering.templates import Template


@dataclass(frozen=True)
class Thing:
    name: str


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A newsroom's own folder of templates, with one that lacks everything."""
    (tmp_path / "friday").mkdir()
    return tmp_path


def written(own: Path, text: str, file: str = "body.mjml") -> Template:
    (own / "friday" / file).write_text(text, "utf-8")
    return templates.find("friday", own)


def page(*body: str) -> str:
    return "\n".join(("<mjml><mj-body><mj-section><mj-column>", *body, "</mj-column></mj-section></mj-body></mjml>"))


def test_an_own_file_stands_in_for_the_shipped_one(own: Path) -> None:
    assert written(own, "Mine: {{ thing.name }}", "subject.txt").text("subject.txt", thing=Thing("x")) == "Mine: x"


def test_a_file_that_is_not_there_is_taken_from_the_shipped_folder(own: Path) -> None:
    assert [folder.name for folder in templates.find("friday", own).folders] == ["friday", "friday", "shared"]


def test_a_template_that_is_nowhere_is_named(own: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder monday"):
        templates.find("monday", own)


def test_a_name_that_leads_out_of_the_folder_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not the name of a folder"):
        templates.find("../secrets")


@pytest.mark.parametrize("wrong", ["{{ nobody }}", "{{ thing.nothing }}", "{{ thing.name.copy.more }}"])
def test_an_unknown_variable_is_named_with_file_and_line(own: Path, wrong: str) -> None:
    with pytest.raises(BadTemplate, match=r"^friday/body\.mjml:3: .* (is undefined|has no attribute)"):
        written(own, page("<mj-text>", wrong, "</mj-text>")).html("body.mjml", thing=Thing("x"))


def test_a_mistake_in_jinja_is_named_with_file_and_line(own: Path) -> None:
    with pytest.raises(BadTemplate, match=r"^friday/body\.mjml:2: "):
        written(own, page("{% if %}")).html("body.mjml")


def test_a_mistake_in_mjml_is_named_with_the_templates_own_line(own: Path) -> None:
    loop = ("{% for n in range(9) %}", "<mj-text>{{ n }}</mj-text>", "", "{% endfor %}", "<mj-foo />")

    with pytest.raises(BadTemplate, match=r"^friday/body\.mjml:6: <mj-foo>"):
        written(own, page(*loop)).html("body.mjml")


def test_a_mistake_in_an_included_file_is_named_with_that_file(own: Path) -> None:
    written(own, "\n<mj-image src='x' />", "part.mjml")

    with pytest.raises(BadTemplate, match=r"^friday/part\.mjml:2: <mj-image> needs an alt"):
        written(own, page("{% include 'part.mjml' %}")).html("body.mjml")


def test_a_mistake_in_a_macro_is_named_with_its_file(own: Path) -> None:
    written(own, "{% macro tell() %}\n\n<mj-foo />{% endmacro %}", "part.mjml")

    with pytest.raises(BadTemplate, match=r"^friday/part\.mjml:3: <mj-foo>"):
        written(own, page("{% from 'part.mjml' import tell %}", "{{ tell() }}")).html("body.mjml")


def test_a_template_that_includes_itself_is_refused(own: Path) -> None:
    with pytest.raises(BadTemplate, match="it includes itself"):
        written(own, "{% include 'body.mjml' %}").html("body.mjml")


def test_a_file_that_is_missing_is_named(own: Path) -> None:
    with pytest.raises(BadTemplate, match=r"^nothing\.mjml: there is no such file"):
        written(own, "{% include 'nothing.mjml' %}").html("body.mjml")


def test_an_mjml_include_can_not_leave_the_folder(own: Path) -> None:
    (own / "secret.mjml").write_text("<mj-text>x</mj-text>")

    with pytest.raises(BadTemplate, match="there is no such file"):
        written(own, page('<mj-include path="../secret.mjml" />')).html("body.mjml")


def test_a_template_can_not_reach_python(own: Path) -> None:
    with pytest.raises(BadTemplate, match="unsafe"):
        written(own, page("<mj-text>{{ ''.__class__.__mro__ }}</mj-text>")).html("body.mjml")


def test_values_are_escaped_in_mjml(own: Path) -> None:
    done = written(own, page("<mj-text>{{ thing.name }}</mj-text>")).html("body.mjml", thing=Thing("<b>&</b>"))

    assert "&lt;b&gt;&amp;&lt;/b&gt;" in done


def test_values_are_not_escaped_in_text(own: Path) -> None:
    assert written(own, "{{ thing.name }}", "body.txt").text("body.txt", thing=Thing("<b>&</b>")) == "<b>&</b>"


def test_controls_are_taken_out_of_values(own: Path) -> None:
    assert written(own, "{{ thing.name }}", "body.txt").text("body.txt", thing=Thing("a\0\x1b\ue000b\nc")) == "ab\nc"


def test_nothing_of_the_marks_for_lines_is_left(own: Path) -> None:
    written(own, "{% macro tell() %}\n<mj-text>\ntold\n</mj-text>{% endmacro %}", "part.mjml")
    done = written(own, page("{% from 'part.mjml' import tell %}", "{{ tell() }}")).html("body.mjml")

    assert ("part.mjml" in done, "\ue000" in done, "&#57344;" in done) == (False, False, False)
