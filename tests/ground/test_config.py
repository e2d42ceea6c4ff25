"""Settings: where they come from, and what is said when they are wrong."""

from pathlib import Path

import pytest

from newsletter import config
from newsletter.errors import ConfigError
from newsletter.rendering import links

FRIDAY = """
[newsletters.friday]
title = "The Friday Five"
from_address = "friday@news.example.com"
postal_address = "1 Market Row, London"
"""


def _home(folder: Path, text: str) -> Path:
    (folder / config.FILE_NAME).write_text(text, "utf-8")
    return folder


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = config.load(tmp_path, {})
    assert (settings.sender, settings.database_url) == ("maildir", f"sqlite:///{tmp_path}/newsletter.db")


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    home = _home(tmp_path, 'sender = "smtp"\n[smtp]\nhost = "a.example"\nport = 25')
    smtp = config.load(home, {"NEWSLETTER_SMTP_HOST": "b.example"}).smtp
    assert (smtp.host, smtp.port) == ("b.example", 25)


def test_a_secret_is_read_from_the_file_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("SG.secret\n", "utf-8")
    settings = config.load(tmp_path, {"NEWSLETTER_SENDGRID_API_KEY_FILE": str(tmp_path / "key")})
    assert settings.sendgrid.api_key.get_secret_value() == "SG.secret"


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"NEWSLETTER_SECRET_FILE: /nowhere can't be read"):
        config.load(tmp_path, {"NEWSLETTER_SECRET_FILE": "/nowhere"})


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    assert "SG.secret" not in repr(config.load(tmp_path, {"NEWSLETTER_SENDGRID_API_KEY": "SG.secret"}))


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"NEWSLETTER_SMTP_PROT": "25"}, "NEWSLETTER_SMTP_PROT is not a setting; did you mean NEWSLETTER_SMTP_PORT?"),
        ({"NEWSLETTER_SMTP_PORT": "x"}, "NEWSLETTER_SMTP_PORT: Input should be a valid integer"),
        ({"NEWSLETTER_SENDER": "pigeon"}, "NEWSLETTER_SENDER: Input should be 'maildir', 'smtp' or 'sendgrid'"),
        ({"NEWSLETTER_PUBLIC_URL": "news"}, "NEWSLETTER_PUBLIC_URL: 'news' is not an address"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(tmp_path: Path, environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path, environ)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colour = 1", "colour is not a setting"),
        ("[smtp]\ncolour = 1", "smtp.colour is not a setting"),
        (FRIDAY.replace("title", "titel"), "newsletters.friday.titel is not a setting"),
        (FRIDAY + 'time_zone = "Mars/Olympus"', "newsletters.friday.time_zone: 'Mars/Olympus' is not a time zone"),
        (FRIDAY + 'send = "someday"', "newsletters.friday.send: 'someday' is not a time of the week"),
        (FRIDAY + 'from_name = "Eve\\nBcc: x@y.example"', "newsletters.friday.from_name: must be one line"),
        ("title = ", "Invalid value"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_the_file(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(_home(tmp_path, text), {})
    assert f"{tmp_path / config.FILE_NAME}: {sentence}" in str(caught.value)


def test_a_missing_value_says_where_it_was_expected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.require(config.load(tmp_path, {}), "smtp.host")
    assert str(caught.value) == (
        "smtp.host is missing: set host under [smtp] in newsletter.toml, or NEWSLETTER_SMTP_HOST"
    )


def test_a_time_of_the_week_is_read_by_the_name_of_its_day(tmp_path: Path) -> None:
    newsletter = config.load(_home(tmp_path, FRIDAY + 'send = "Friday 9:05"'), {}).newsletters["friday"]
    assert (newsletter.send.weekday, str(newsletter.send)) == (4, "fri 09:05")


def test_a_newsletter_knows_its_own_slug(tmp_path: Path) -> None:
    assert config.load(_home(tmp_path, FRIDAY), {}).newsletters["friday"].slug == "friday"


def test_a_bare_number_for_a_domain_means_messages_in_a_second(tmp_path: Path) -> None:
    limits = '[newsletters.friday.limits]\ndomains = { "Gmail.com" = 20, "gmx.net" = { connections = 2 } }'
    domains = config.load(_home(tmp_path, FRIDAY + limits), {}).newsletters["friday"].limits.domains
    assert domains == {
        "gmail.com": config.DomainLimits(per_second=20),
        "gmx.net": config.DomainLimits(connections=2),
    }


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://news.example.com/" + "a" * 909, "has 934 characters, and may have 933"),
        ("https://bücher.example", "only ASCII"),
        ("https://news.example.com/?a=1", "no name, question mark or #"),
        ("https://news.example.com/#a", "no name, question mark or #"),
        ("https://ada@news.example.com", "no name, question mark or #"),
        ("https://news.example.com/a b", "is not an address"),
        ("https://news.example.com/>", "is not an address"),
        ("news.example.com", "is not an address"),
    ],
)
def test_an_address_that_no_header_can_hold_is_refused(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"public_url: .*{sentence}"):
        config.load(_home(tmp_path, f'public_url = "{url}"\n'), {})


@pytest.mark.parametrize(
    "url", ["https://news.example.com/" + "a" * 908, "http://127.0.0.1:8025", "https://[::1]:8025/mail/~us"]
)
def test_an_address_that_a_header_can_hold_is_kept(tmp_path: Path, url: str) -> None:
    assert config.load(_home(tmp_path, f'public_url = "{url}/"\n'), {}).public_url == url


def test_the_longest_address_makes_no_line_too_long() -> None:
    token = links.token("secret", 2**32 - 1, 2**40 - 1)
    line = f"List-Unsubscribe: <{links.unsubscribe('x' * config.LONGEST_PUBLIC_URL, token)}>"
    assert len(line) == 998


@pytest.mark.parametrize("key", ["from_address", "reply_to"])
def test_an_address_longer_than_mail_allows_is_refused(tmp_path: Path, key: str) -> None:
    text = f'{FRIDAY}reply_to = "friday@x"\n'
    with pytest.raises(ConfigError, match=rf"newsletters\.friday\.{key}: .*254"):
        config.load(_home(tmp_path, text.replace(f'{key} = "friday@', f'{key} = "{"f" * 255}@')), {})
