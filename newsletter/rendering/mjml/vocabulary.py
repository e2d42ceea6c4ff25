"""MJML's words: which tags there are, what may stand in them, and which attributes each has, with their kinds.

The attributes are those that npm's mjml 5.4.1 documents (MIT licence), less what the compiler here can't do.
"""

from collections.abc import Mapping

from newsletter.rendering.mjml.kinds import (
    BOX,
    COLOUR,
    LINE_HEIGHT,
    PX,
    PX_OR_SHARE,
    SPACING,
    TEXT,
    WHOLE,
    YES_NO,
    Kind,
    lengths,
    one_of,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _all(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


#: tags whose content is HTML, not MJML
HTML_TAGS = _words(
    "mj-text mj-button mj-table mj-raw mj-title mj-preview mj-accordion-title mj-accordion-text mj-navbar-link "
    "mj-social-element"
)
_COLUMN_CONTENT = _words(
    "mj-text mj-image mj-button mj-divider mj-spacer mj-table mj-raw mj-social mj-navbar mj-accordion mj-include"
)

#: tag → the tags that may stand directly in it; a tag that is not named here holds none
CHILDREN: Mapping[str, frozenset[str]] = {
    "mjml": _words("mj-head mj-body mj-include"),
    "mj-head": _words(
        "mj-attributes mj-breakpoint mj-font mj-preview mj-style mj-title mj-raw mj-include mj-html-attributes"
    ),
    "mj-attributes": _words("mj-include"),
    "mj-body": _words("mj-section mj-wrapper mj-hero mj-raw mj-include"),
    "mj-wrapper": _words("mj-section mj-hero mj-raw mj-include"),
    "mj-section": _words("mj-column mj-group mj-raw mj-include"),
    "mj-group": _words("mj-column mj-raw mj-include"),
    "mj-column": _COLUMN_CONTENT,
    "mj-hero": _COLUMN_CONTENT,
    "mj-social": _words("mj-social-element mj-include"),
    "mj-navbar": _words("mj-navbar-link mj-include"),
    "mj-accordion": _words("mj-accordion-element mj-include"),
    "mj-accordion-element": _words("mj-accordion-title mj-accordion-text mj-include"),
}

_SIDES = ("top", "right", "bottom", "left")
_ENDS = tuple(f"-{side}" for side in _SIDES)
_PADDING = {"padding": BOX, **_all(PX_OR_SHARE, " ".join(f"padding-{side}" for side in _SIDES))}
_BORDERS = _all(TEXT, " ".join(["border", *(f"border-{side}" for side in _SIDES)]))
_BOX = {"container-background-color": COLOUR, **_PADDING}
_ALIGN = {"align": one_of("left", "center", "right")}
_VERTICAL = {"vertical-align": one_of("top", "bottom", "middle")}
_DIRECTION = {"direction": one_of("ltr", "rtl")}
_FONT = {"color": COLOUR, "font-size": PX, **_all(TEXT, "font-family font-weight")}
_LINES = {"line-height": LINE_HEIGHT, "text-decoration": TEXT, "font-style": TEXT}
_LETTERS = {"letter-spacing": SPACING, "text-transform": TEXT}
_LINK = _all(TEXT, "href rel target")
_SECTION = {
    "background-color": COLOUR,
    "background-repeat": one_of("repeat", "no-repeat"),
    **_all(TEXT, "background-url background-size background-position background-position-x background-position-y"),
    **_BORDERS,
    **_PADDING,
    **_DIRECTION,
    "border-radius": TEXT,
    "full-width": one_of("full-width", "false", ""),
    "text-align": one_of("left", "center", "right"),
}
_ACCORDION = {
    **_all(TEXT, "border font-family icon-wrapped-url icon-wrapped-alt icon-unwrapped-url icon-unwrapped-alt"),
    **_all(PX_OR_SHARE, "icon-width icon-height"),
    "icon-align": one_of("top", "middle", "bottom"),
    "icon-position": one_of("left", "right"),
}

#: attributes that every tag of a body has
EVERYWHERE = _all(TEXT, "css-class mj-class")

#: tag → its own attributes, and the kind of each
ATTRIBUTES: Mapping[str, Mapping[str, Kind]] = {
    "mjml": _all(TEXT, "owa lang dir"),
    "mj-head": {},
    "mj-title": {},
    "mj-preview": {},
    "mj-attributes": {},
    "mj-style": _all(TEXT, "inline"),
    "mj-font": _all(TEXT, "name href"),
    "mj-breakpoint": {"width": PX},
    "mj-include": _all(TEXT, "path type"),
    "mj-raw": {"position": TEXT},
    "mj-body": {"background-color": COLOUR, "width": PX, "id": TEXT},
    "mj-wrapper": {**_SECTION, "gap": PX},
    "mj-section": _SECTION,
    "mj-group": {"background-color": COLOUR, "width": PX_OR_SHARE, **_DIRECTION, **_VERTICAL},
    "mj-column": {
        **_all(COLOUR, "background-color inner-background-color"),
        **_all(TEXT, "border-radius inner-border-radius inner-border"),
        **_all(TEXT, " ".join(f"inner-border-{side}" for side in _SIDES)),
        **_BORDERS,
        **_PADDING,
        **_DIRECTION,
        **_VERTICAL,
        "width": PX_OR_SHARE,
    },
    "mj-hero": {
        **_all(COLOUR, "background-color inner-background-color"),
        **_all(TEXT, "background-url background-position border-radius"),
        # the compiler makes heroes of fluid-height flat, and negative for Outlook
        "mode": one_of("fixed-height"),
        **_all(PX_OR_SHARE, "background-height background-width height"),
        **_PADDING,
        **_VERTICAL,
        "inner-padding": BOX,
        **_all(PX_OR_SHARE, " ".join(f"inner-padding-{side}" for side in _SIDES)),
    },
    "mj-text": {
        **_BOX,
        **_FONT,
        **_LINES,
        **_LETTERS,
        **_VERTICAL,
        "align": one_of("left", "right", "center", "justify"),
        "background-color": COLOUR,
        "height": PX_OR_SHARE,
    },
    "mj-image": {
        **_BOX,
        **_BORDERS,
        **_LINK,
        **_ALIGN,
        **_all(TEXT, "border-radius alt name sizes src srcset title usemap"),
        **_all(PX, "font-size width"),
        "fluid-on-mobile": YES_NO,
        "height": lengths("px", auto=True),
        "max-height": PX_OR_SHARE,
    },
    "mj-button": {
        **_BOX,
        **_BORDERS,
        **_FONT,
        **_LINES,
        **_LETTERS,
        **_LINK,
        **_ALIGN,
        **_VERTICAL,
        **_all(TEXT, "border-radius name title"),
        **_all(PX_OR_SHARE, "height width"),
        "background-color": COLOUR,
        "inner-padding": BOX,
        "text-align": one_of("left", "right", "center"),
    },
    "mj-divider": {
        **_BOX,
        **_ALIGN,
        "border-color": COLOUR,
        "border-style": TEXT,
        "border-width": PX,
        "width": PX_OR_SHARE,
    },
    "mj-spacer": {**_BOX, **_BORDERS, "height": PX_OR_SHARE},
    "mj-table": {
        **_BOX,
        **_FONT,
        **_ALIGN,
        **_VERTICAL,
        **_all(WHOLE, "cellpadding cellspacing"),
        "border": TEXT,
        "line-height": LINE_HEIGHT,
        "role": one_of("none", "presentation"),
        "table-layout": one_of("auto", "fixed", "initial", "inherit"),
        "width": lengths("px", "%", auto=True),
    },
    "mj-social": {
        **_BOX,
        **_FONT,
        **_LINES,
        **_ALIGN,
        **_VERTICAL,
        **_all(PX_OR_SHARE, "icon-height icon-size"),
        **_all(BOX, "icon-padding inner-padding text-padding"),
        **_all(TEXT, "border border-radius"),
        "mode": one_of("horizontal", "vertical"),
        "table-layout": one_of("auto", "fixed"),
    },
    "mj-social-element": {
        **_PADDING,
        **_FONT,
        **_LINES,
        **_LINK,
        **_ALIGN,
        **_VERTICAL,
        **_all(PX_OR_SHARE, "icon-height icon-size"),
        **_all(BOX, "icon-padding text-padding"),
        **_all(TEXT, "border border-radius alt name sizes src srcset title"),
        "background-color": COLOUR,
        # the compiler knows no icon on the right of its words
        "icon-position": one_of("left"),
    },
    "mj-navbar": {
        **_PADDING,
        **_ALIGN,
        **_all(TEXT, "base-url hamburger ico-open ico-close ico-font-family ico-text-decoration ico-text-transform"),
        **_all(PX_OR_SHARE, "ico-font-size ico-padding-top ico-padding-right ico-padding-bottom ico-padding-left"),
        "ico-align": one_of("left", "center", "right"),
        "ico-color": COLOUR,
        "ico-line-height": LINE_HEIGHT,
        "ico-padding": BOX,
    },
    "mj-navbar-link": {**_PADDING, **_FONT, **_LINES, **_LETTERS, **_LINK, "name": TEXT},
    "mj-accordion": {**_ACCORDION, **_BOX},
    "mj-accordion-element": {**_ACCORDION, "background-color": COLOUR},
    "mj-accordion-title": {**_FONT, **_PADDING, "background-color": COLOUR},
    "mj-accordion-text": {
        **_FONT,
        **_PADDING,
        "background-color": COLOUR,
        "letter-spacing": SPACING,
        "line-height": LINE_HEIGHT,
    },
}

#: tags that MJML has and the compiler gets wrong as a whole, and what to do instead
UNUSABLE = {
    "mj-html-attributes": "is not supported by the compiler",
    "mj-carousel": "does not work as compiled here, for its arrows are hidden in every program: "
    "show the pictures one below the other",
}

#: attributes that MJML has and the compiler forgets, and what to do instead
IGNORED: Mapping[tuple[str, str], str] = {
    ("mj-body", "id"): "use css-class",
    ("mj-wrapper", "gap"): "use padding",
    ("mj-column", "inner-border-radius"): "use border-radius",
    **{("mj-hero", f"inner-padding{side}"): "use padding of what stands in it" for side in ("", *_ENDS)},
    **{("mj-hero", f"padding{side}"): "use padding of what stands in it" for side in ("-right", "-left")},
    ("mj-hero", "border-radius"): "put it in an mj-section of a border-radius",
    **{("mj-image", f"border{side}"): "use border" for side in _ENDS},
    ("mj-image", "sizes"): "use srcset with 2x",
    ("mj-button", "title"): "write what it says on the button",
    ("mj-table", "cellspacing"): "use padding of the cells",
    ("mj-table", "role"): "write the table in mj-raw",
    ("mj-social", "border"): "use border-radius or the icon's own picture",
    ("mj-social-element", "border"): "use border-radius or the icon's own picture",
    ("mj-social-element", "sizes"): "use src",
    ("mj-social-element", "srcset"): "use src, of twice the size",
    ("mj-style", "inline"): "write the style on the element",
    ("mj-raw", "position"): "leave it out",
}

#: HTML tags that have no end
VOID = _words("area base br col embed hr img input link meta source track wbr")
