"""Which settings may be changed while the house runs. The rest are a machine's own, or read once at the start."""

from newsletter.config import Newsletter, Section, Settings

#: sections of which every process takes the present value each time it begins something
_SECTIONS = frozenset({"fetch", "sign_up", "lessons"})
#: of those, what guards the machine itself: whoever may reach its file may change it
_GUARDS = frozenset({"fetch.allow_loopback", "sign_up.proxies"})


def is_open(key: str) -> bool:
    """Whether *key* ("newsletters.friday.send", "fetch.timeout") may be changed at the desk."""
    return kind(key) is not None and key not in _GUARDS


def kind(key: str) -> tuple[type[Section], str] | None:
    """The section and the name of an open setting; None where *key* is another, or none."""
    match key.split("."):
        case ["newsletters", slug, "limits", name] if slug:
            section = Newsletter.model_fields["limits"].annotation
        case ["newsletters", slug, name] if slug and name not in {"slug", "limits"}:
            section = Newsletter
        case [part, name] if part in _SECTIONS:
            section = Settings.model_fields[part].annotation
        case _:
            return None
    if not (isinstance(section, type) and issubclass(section, Section)):
        return None
    return (section, name) if name in section.model_fields else None
