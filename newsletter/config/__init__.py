"""Settings: defaults, then newsletter.toml, then NEWSLETTER_*; nothing else reads the environment.

A section's key is NEWSLETTER_SECTION_KEY in the environment, and every key may be given as …_FILE,
the path of a file that holds the value (for secrets).

A map: what can be set, with its `#:` lines, is in `sections`, `newsletters` and `whole`; where it comes from, in
`reading`.
"""

from newsletter.config.newsletters import Newsletter
from newsletter.config.reading import FILE_NAME, known_keys, load, origins, require
from newsletter.config.sections import (
    Api,
    Bounces,
    Checks,
    DomainLimits,
    Fetch,
    Lessons,
    Limits,
    Mailbox,
    Maildir,
    OpenId,
    Section,
    SendGrid,
    SignUp,
    Smtp,
    Watchdog,
    WeekTime,
)
from newsletter.config.whole import LONGEST_PUBLIC_URL, Settings

__all__ = [
    "FILE_NAME",
    "LONGEST_PUBLIC_URL",
    "Api",
    "Bounces",
    "Checks",
    "DomainLimits",
    "Fetch",
    "Lessons",
    "Limits",
    "Mailbox",
    "Maildir",
    "Newsletter",
    "OpenId",
    "Section",
    "SendGrid",
    "Settings",
    "SignUp",
    "Smtp",
    "Watchdog",
    "WeekTime",
    "known_keys",
    "load",
    "origins",
    "require",
]
