"""An edition as readers' programs show it: one reader's message opened, and shown as each of them would.

`letters` takes a message apart. From its HTML `schemes` makes the light and the dark look, `pictures` the one without
pictures; from its words `pages` makes the text and the row in an inbox. Every look is a page that acts in nothing.
"""

from enum import StrEnum


class Look(StrEnum):
    """One way in which an edition is seen."""

    #: as the mail says, in a program with a light theme
    LIGHT = "light"
    #: by the mail's own rules for dark themes
    DARK = "dark"
    #: pictures not loaded, which is how most programs begin
    PICTURES_OFF = "pictures-off"
    #: the text part
    TEXT = "text"
    #: its row in the list of an inbox
    INBOX = "inbox"
