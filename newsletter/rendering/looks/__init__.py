"""An edition as readers' programs show it: one reader's message opened, and shown as each of them would.

`letters` takes a message apart. From its HTML `schemes` makes the light and the dark look, `thunderbird` and
`inversion` what programs make of it on their own account, `pictures` the one without pictures; from its words `pages`
makes the text and the row in an inbox. `markup` and `sheets` are what they rewrite HTML and CSS with.
"""

from enum import StrEnum


class Look(StrEnum):
    """One way in which an edition is seen."""

    #: as the mail says, in a program with a light theme
    LIGHT = "light"
    #: by the mail's own rules for dark themes
    DARK = "dark"
    #: by Thunderbird's dark reader, which asks the mail nothing
    THUNDERBIRD = "thunderbird"
    #: by forced inversion, as Gmail's apps do it
    GMAIL = "gmail"
    #: pictures not loaded, which is how most programs begin
    PICTURES_OFF = "pictures-off"
    #: the text part
    TEXT = "text"
    #: its row in the list of an inbox
    INBOX = "inbox"
    #: what is new since the last edition, and what was told before
    SINCE = "since-last"
