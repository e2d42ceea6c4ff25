"""Templates written at the desk: saved as versions, tried, used by every process, taken back; and what they may not."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import httpx
import pytest
from lxml.html import document_fromstring
from sqlalchemy import event

from newsletter.app import App
from newsletter.editions.models import Edition
from newsletter.errors import BadInput, WrongState
from newsletter.jobs import deciding, templating
from newsletter.rendering import proofs, sheet, templates, versions
from newsletter.rendering.models import TemplateVersion
from newsletter.staff.acts import Doer
from newsletter.staff.models import Role
from tests.factories import an_edition
from tests.staff.conftest import Browser, a_colleague

EVA = Doer("Eva", "desk")
PAGE = "/desk/templates/friday"
SUBJECT = "Mine: {{ edition.subject }}\n"


@pytest.fixture
def edition(app: App) -> Iterator[Edition]:
    """The last one, a draft."""
    with app.database.write() as session:
        made = an_edition(session)
    yield made


def _form(page: httpx.Response) -> dict[str, str]:
    (form,) = (form for form in document_fromstring(page.text).forms if "seen" in form.fields)
    fields = dict(form.form_values())
    return fields | {"text": fields["text"].removeprefix("\n")}  # which a browser leaves out as well


def _save(browser: Browser, file: str, text: str, **more: str) -> httpx.Response:
    """Open *file*, type *text*, save; the page that follows."""
    page = browser.open(f"{PAGE}?file={file}")
    return _post(browser, PAGE, **_form(page) | {"text": text} | more)


def _post(browser: Browser, path: str, **fields: str) -> httpx.Response:
    headers = {"Origin": str(browser.client.base_url)}
    browser.page = browser.client.post(path, data=fields, headers=headers, follow_redirects=True)
    return browser.page


def _saved(app: App, now: datetime, **files: str) -> TemplateVersion:
    named = {file.replace("_", "."): text for file, text in files.items()}
    kept = templating.save(app, "friday", named, made_from=templating.DISK, by=EVA, now=now)
    assert kept
    return kept


def _used(app: App, now: datetime, **files: str) -> TemplateVersion:
    kept = _saved(app, now, **files)
    templating.try_out(app, "friday", kept.id, by=EVA, now=now)
    templating.use(app, "friday", kept.id, by=EVA, now=now)
    return kept


def _subject(app: App, edition: Edition) -> str:
    return sheet.lay_out(edition, app.newsletter("friday"), app.settings).subject


def test_a_version_is_saved_tried_and_used_and_every_process_renders_with_it(
    app: App, browser: Browser, edition: Edition
) -> None:
    other = App(app.settings, app.database)
    _save(browser, "subject.txt", SUBJECT)
    saved = _subject(other.current(), edition)
    (version,) = re.findall(r"Try version (\d+) on", browser.page.text)
    tried = _post(browser, f"{PAGE}/try", version=version)
    _post(browser, f"{PAGE}/use", version=version, do="use")
    assert (saved, "Use it" in tried.text, _subject(other.current(), edition)) == (
        edition.subject,
        True,
        f"Mine: {edition.subject}",
    )


def test_one_press_takes_it_back(app: App, browser: Browser, edition: Edition, now: datetime) -> None:
    first = _used(app, now, subject_txt="First")
    second = _used(app, now, subject_txt="Second")
    browser.open(PAGE)
    _post(browser, f"{PAGE}/use", version=str(second.id), do="back")
    with app.database.read() as session:
        in_use = templating.in_use(session)
    assert (in_use, _subject(app.current(), edition)) == ({"friday": first.id}, "First")


def test_what_somebody_else_has_put_in_use_meanwhile_is_not_taken_back(
    app: App, browser: Browser, edition: Edition, now: datetime
) -> None:
    first, second = _used(app, now, subject_txt="First"), _used(app, now, subject_txt="Second")
    answer = _post(browser, f"{PAGE}/use", version=str(first.id), do="back")
    with app.database.read() as session:
        in_use = templating.in_use(session)
    assert (answer.status_code, in_use) == (409, {"friday": second.id})
    assert "Eva has put another version in use meanwhile" in answer.text


def test_an_approved_edition_keeps_its_bytes(app: App, edition: Edition, now: datetime) -> None:
    approved = deciding.approve(app, edition.id, by="Eva", now=now)
    _used(app, now, subject_txt=SUBJECT)
    after = app.current()
    with app.database.write() as session:
        found = session.get_one(Edition, edition.id)
        kept = proofs.current(session, found, after.newsletter("friday"), after.settings, now=now)
    assert kept.digest == approved.digest


def test_what_was_not_tried_is_not_used(app: App, edition: Edition, now: datetime) -> None:
    kept = _saved(app, now, subject_txt=SUBJECT)
    with pytest.raises(WrongState, match="Try version"):
        templating.use(app, "friday", kept.id, by=EVA, now=now)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("body.mjml", "<mjml><mj-body>\n<mj-section>\n</mj-body></mjml>", "friday/body.mjml:"),
        ("subject.txt", "{{ nobody }}", "friday/subject.txt:1: 'nobody' is undefined"),
        ("subject.txt", "{% if %}", "friday/subject.txt:1"),
        ("body.txt", "{% include '/etc/passwd' %}", "/etc/passwd: there is no such file in friday"),
        ("body.txt", "{% include '../draft/body.txt' %}", "there is no such file in friday"),
        ("subject.txt", "{{ edition.__class__.__mro__ }}", "is unsafe"),
        ("body.txt", "{{ 'x' * 2000000 }}", "it comes to"),
        ("body.txt", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "more than a"),
        ("body.txt", "{{ 9 ** (9 ** 9) }}", "more than a template may"),
        ("body.txt", "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}", "nest"),
        ("body.mjml", "<mjml>" + "<mj-section>" * 3000 + "</mjml>", "friday/body.mjml"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line_and_is_never_used(
    app: App, browser: Browser, edition: Edition, now: datetime, file: str, text: str, says: str
) -> None:
    page = browser.open(f"{PAGE}?file={file}")
    lint = _post(browser, f"{PAGE}/lint", **_form(page) | {"text": text}).text
    kept = _saved(app, now, **{file.replace(".", "_"): text})
    trial = templating.try_out(app, "friday", kept.id, by=EVA, now=now)
    plain = re.sub(r"<[^>]+>", "", unescape(lint))
    assert (says.partition(": ")[2] or says) in plain
    with pytest.raises(WrongState):
        templating.use(app, "friday", kept.id, by=EVA, now=now)
    assert bool(trial.in_the_way)


def test_after_a_bomb_the_next_template_is_filled_as_ever(app: App, edition: Edition, now: datetime) -> None:
    bomb = versions.template("friday", {"subject.txt": "{{ 9 ** (9 ** 9) }}"})
    with pytest.raises(BadInput, match="more than a template may"):
        bomb.text("subject.txt")
    _used(app, now, subject_txt=SUBJECT)
    assert _subject(app.current(), edition) == f"Mine: {edition.subject}"


def test_a_template_of_the_desk_makes_the_same_bytes_as_the_folder_it_came_from(app: App, edition: Edition) -> None:
    newsletter, settings = app.newsletter("friday"), app.settings
    from_disk = versions.template("friday", versions.on_disk("friday", None))
    made = sheet.lay_out(edition, newsletter, settings, from_disk)
    assert made == sheet.lay_out(edition, newsletter, settings, templates.find("friday"))


def test_what_is_typed_is_looked_at_before_it_is_kept(app: App, browser: Browser, edition: Edition) -> None:
    form = _form(browser.open(f"{PAGE}?file=body.txt"))
    shown = _post(browser, f"{PAGE}/look/text", **form | {"text": "Only <b>this</b>"})
    with app.database.read() as session:
        assert ("Only &lt;b&gt;this" in shown.text, versions.newest(session, "friday")) == (True, None)
    assert "sandbox" in shown.headers["content-security-policy"]


def test_a_script_in_a_template_acts_nowhere(browser: Browser, edition: Edition) -> None:
    form = _form(browser.open(PAGE))
    text = form["text"].replace("<mj-body", "<mj-raw><script>alert(1)</script></mj-raw><mj-body", 1)
    policy = _post(browser, f"{PAGE}/look/light", **form | {"text": text}).headers["content-security-policy"]
    assert ("default-src 'none'" in policy, "allow-scripts" in policy) == (True, False)


def test_two_who_save_at_once_lose_nothing(app: App, browser: Browser, edition: Edition, now: datetime) -> None:
    form = _form(browser.open(f"{PAGE}?file=subject.txt"))
    theirs = _saved(app, now, subject_txt="Theirs")
    refused = _post(browser, PAGE, **form | {"text": "Mine </textarea>"})
    kept = _post(browser, PAGE, **form | {"text": "Mine </textarea>", "anyway": "1"})
    with app.database.read() as session:
        latest = versions.newest(session, "friday")
    assert latest
    assert (refused.status_code, _form(refused)["text"].strip(), kept.status_code, latest.id > theirs.id) == (
        409,
        "Mine </textarea>",
        200,
        True,
    )


def test_what_says_the_same_makes_no_version(app: App, browser: Browser, edition: Edition) -> None:
    form = _form(browser.open(f"{PAGE}?file=subject.txt"))
    _post(browser, PAGE, **form)
    with app.database.read() as session:
        assert versions.newest(session, "friday") is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"version": "x"},
        {"version": "99"},
        {"version": "0", "seen": "0", "file": "../../etc/passwd", "text": "x"},
        {"version": "0", "seen": "0", "file": "new.mjml", "text": "x"},
        {"version": "9" * 30, "seen": "0", "file": "subject.txt", "text": "x"},
    ],
)
def test_a_form_that_is_none_of_ours_changes_nothing(
    app: App, browser: Browser, edition: Edition, fields: dict[str, str]
) -> None:
    browser.open("/")
    answers = {_post(browser, f"{PAGE}{path}", **fields).status_code for path in ("", "/try", "/use", "/lint")}
    with app.database.read() as session:
        assert (answers <= {200, 400, 404, 409}, versions.newest(session, "friday")) == (True, None)


@pytest.mark.parametrize("name", ["nowhere", "..", "%2e%2e%2fsecrets", "shared", "x" * 300])
def test_there_is_no_page_of_a_template_that_is_not_there(browser: Browser, name: str) -> None:
    assert browser.open(f"/desk/templates/{name}").status_code in {404, 405}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a/b.mjml": "x"}, "can't be a file of a template"),
        ({"script.py": "x"}, "can't be a file of a template"),
        ({"big.txt": "x" * 300_000}, "may have 200,000"),
        ({f"f{number}.txt": "" for number in range(60)}, "may have 40"),
    ],
)
def test_what_can_not_be_a_template_is_refused(app: App, now: datetime, files: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        templating.save(app, "friday", files, made_from=templating.DISK, by=EVA, now=now)


def test_the_last_edition_is_shown_in_both_and_what_differs(
    app: App, browser: Browser, edition: Edition, now: datetime
) -> None:
    kept = _saved(app, now, subject_txt=SUBJECT)
    page = browser.open(f"{PAGE}/trial?version={kept.id}").text
    assert (page.count("<iframe"), "<ins>Mine: {{ edition.subject }}</ins>" in unescape(page)) == (2, True)


def test_where_there_is_no_edition_yet_an_example_stands_for_it(app: App, browser: Browser) -> None:
    assert "A headline of middling length" in browser.open(f"{PAGE}/look/light").text


def test_a_version_is_exported_whole(app: App, browser: Browser, edition: Edition, now: datetime) -> None:
    kept = _saved(app, now, subject_txt=SUBJECT)
    archive = zipfile.ZipFile(io.BytesIO(browser.open(f"{PAGE}/files.zip?version={kept.id}").content))
    assert {name: archive.read(name).decode() for name in archive.namelist()} == {
        f"friday/{file}": text for file, text in kept.files.items()
    }


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER])
def test_who_may_not_set_may_look(app: App, browser: Browser, edition: Edition, now: datetime, role: Role) -> None:
    browser.sign_in(a_colleague(app, role=role, now=now))
    seen = browser.open(f"{PAGE}?file=subject.txt")
    refused = {browser.send(f"{PAGE}{path}", version="0").status_code for path in ("", "/try", "/use", "/lint")}
    assert (seen.status_code, "readonly" in seen.text, refused) == (200, True, {403})


def test_no_page_asks_more_of_the_database_for_more_versions(
    app: App, browser: Browser, edition: Edition, now: datetime
) -> None:
    asked: list[str] = []
    event.listen(app.database.reader, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def count() -> int:
        asked.clear()
        for path in ("/desk/templates", PAGE, f"{PAGE}/trial?version=1"):
            browser.open(path)
        return len(asked)

    _saved(app, now, subject_txt="0")
    few = count()
    for number in range(1, 11):
        _saved(app, now, subject_txt=f"{number}")
    # whether the settings were looked at within the last second makes one or two a page
    assert count() <= few + 6
