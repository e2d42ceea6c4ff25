"""What a sign-up form says and asks: the words that people agree to, the lists they join, and forms to embed."""

from collections.abc import Sequence
from html import escape

from itsdangerous import BadData, URLSafeSerializer

from newsletter.config import Newsletter, Settings
from newsletter.rendering.languages import Words
from subscribers.errors import NoSuchList

CONSENT = "Send me %(title)s by email. I can leave with one click, from every edition."

#: works without our stylesheet, and without scripts
_EMBEDDED = """\
<form method="post" action="{action}" accept-charset="utf-8">
  <p><label>{email}<br><input type="email" name="email" autocomplete="email" required></label></p>
  <p><label>{name}<br><input type="text" name="name" autocomplete="name" maxlength="200"></label></p>
  <div style="position:absolute;left:-6000px" aria-hidden="true"><label>{leave_empty}
    <input type="text" name="website" tabindex="-1" autocomplete="off"></label></div>
{lists}  <input type="hidden" name="lang" value="{language}">
  <input type="hidden" name="form" value="{form}">
  <p><button type="submit">{button}</button></p>
  <p><small>{consent}</small></p>
</form>
"""


def consent(newsletter: Newsletter, words: Words) -> str:
    """The words beside the button, which are kept with each yes."""
    return newsletter.consent or words.text(CONSENT, title=newsletter.title)


def lists(newsletter: Newsletter, asked: Sequence[str]) -> tuple[str, ...]:
    """The lists that somebody joins who asks for *asked*; who names none joins the first. Raises NoSuchList."""
    for slug in asked:
        if slug not in newsletter.lists:
            raise NoSuchList(f"{newsletter.title} does not go to a list {slug[:64]!r}: {', '.join(newsletter.lists)}")
    return tuple(dict.fromkeys(asked)) or newsletter.lists[:1]


def embedded(settings: Settings, newsletter: Newsletter, words: Words, *, label: str, on: Sequence[str] = ()) -> str:
    """HTML to paste into any page: a form that posts to ours; *label* names it in the consent history."""
    chosen = lists(newsletter, on)
    hidden = "".join(f'  <input type="hidden" name="lists" value="{escape(slug)}">\n' for slug in chosen)
    return _EMBEDDED.format(
        action=escape(f"{settings.public_url}/join/{newsletter.slug}"),
        email=escape(words.text("Email address")),
        name=escape(words.text("Name (optional)")),
        leave_empty=escape(words.text("Leave this empty")),
        lists=hidden,
        language=escape(words.tag),
        form=escape(sign(settings, newsletter, label)),
        button=escape(words.text("Subscribe")),
        consent=escape(consent(newsletter, words)),
    )


def sign(settings: Settings, newsletter: Newsletter, label: str) -> str:
    """What a form that is called *label* brings along, so that it is known for one of ours."""
    return str(_serializer(settings).dumps([newsletter.slug, label[:50]]))


def read_form(settings: Settings, newsletter: Newsletter, signed: str) -> str | None:
    """The label of an embedded form of *newsletter*; None where it is not one of ours."""
    try:
        slug, label = _serializer(settings).loads(signed)
    except (BadData, TypeError, ValueError):
        return None
    return str(label) if slug == newsletter.slug else None


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret.get_secret_value(), salt="newsletter.jobs.wordings")
