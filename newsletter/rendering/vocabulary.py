"""MJML's words: which tags there are, what may stand in them, and the attributes each understands."""

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDERS = "border border-top border-right border-bottom border-left border-radius"
_INNER_BORDERS = "inner-border inner-border-top inner-border-right inner-border-bottom inner-border-left"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position "
    "background-position-x background-position-y"
)
_FONT = "font-family font-size font-style font-weight line-height letter-spacing text-decoration text-transform color"
_BOX = f"container-background-color {_PADDING}"

#: tags whose content is HTML, not MJML
HTML_TAGS = _words(
    "mj-text mj-button mj-table mj-raw mj-title mj-preview mj-accordion-title mj-accordion-text mj-navbar-link "
    "mj-social-element"
)
_COLUMN_CONTENT = _words(
    "mj-text mj-image mj-button mj-divider mj-spacer mj-table mj-raw mj-social mj-navbar mj-accordion mj-carousel "
    "mj-include"
)

#: tag → the tags that may stand directly in it; a tag that is not named here holds none
CHILDREN: Mapping[str, frozenset[str]] = {
    "mjml": _words("mj-head mj-body mj-raw mj-include"),
    "mj-head": _words(
        "mj-attributes mj-breakpoint mj-font mj-preview mj-style mj-title mj-raw mj-include mj-html-attributes"
    ),
    "mj-body": _words("mj-section mj-wrapper mj-hero mj-raw mj-include"),
    "mj-wrapper": _words("mj-section mj-hero mj-raw mj-include"),
    "mj-section": _words("mj-column mj-group mj-raw mj-include"),
    "mj-group": _words("mj-column mj-raw mj-include"),
    "mj-column": _COLUMN_CONTENT,
    "mj-hero": _COLUMN_CONTENT,
    "mj-social": _words("mj-social-element mj-raw mj-include"),
    "mj-navbar": _words("mj-navbar-link mj-raw mj-include"),
    "mj-accordion": _words("mj-accordion-element mj-raw mj-include"),
    "mj-accordion-element": _words("mj-accordion-title mj-accordion-text mj-raw mj-include"),
    "mj-carousel": _words("mj-carousel-image mj-include"),
}

#: attributes that every tag of a body understands
EVERYWHERE = _words("css-class mj-class lang dir")

#: tag → its own attributes
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "mjml": _words("owa lang dir"),
    "mj-head": _words(""),
    "mj-title": _words(""),
    "mj-preview": _words(""),
    "mj-attributes": _words(""),
    "mj-style": _words("inline"),
    "mj-font": _words("name href"),
    "mj-breakpoint": _words("width"),
    "mj-include": _words("path type"),
    "mj-raw": _words("position"),
    "mj-body": _words("background-color width id title"),
    "mj-wrapper": _words(f"{_BACKGROUND} {_BORDERS} {_PADDING} direction full-width text-align gap"),
    "mj-section": _words(f"{_BACKGROUND} {_BORDERS} {_PADDING} direction full-width text-align text-padding"),
    "mj-group": _words("width vertical-align background-color direction"),
    "mj-column": _words(
        f"{_BORDERS} {_INNER_BORDERS} {_PADDING} inner-border-radius background-color inner-background-color "
        "vertical-align width direction"
    ),
    "mj-hero": _words(
        f"{_PADDING} background-color background-url background-height background-width background-position "
        "border-radius container-background-color height inner-background-color inner-padding inner-padding-top "
        "inner-padding-right inner-padding-bottom inner-padding-left mode vertical-align width"
    ),
    "mj-text": _words(f"{_BOX} {_FONT} align height vertical-align background-color"),
    "mj-image": _words(
        f"{_BOX} {_BORDERS} alt href name src srcset sizes title rel target align height max-height width usemap "
        "fluid-on-mobile font-size"
    ),
    "mj-button": _words(
        f"{_BOX} {_BORDERS} {_FONT} align background-color href inner-padding height name title target rel "
        "text-align vertical-align width"
    ),
    "mj-divider": _words(f"{_BOX} border-color border-style border-width width align"),
    "mj-spacer": _words(f"{_BOX} {_BORDERS} width height vertical-align"),
    "mj-table": _words(f"{_BOX} {_FONT} align border cellpadding cellspacing role table-layout vertical-align width"),
    "mj-social": _words(
        f"{_BOX} {_FONT} align border-radius icon-size icon-height icon-padding inner-padding mode "
        "table-layout text-padding vertical-align"
    ),
    "mj-social-element": _words(
        f"{_PADDING} {_FONT} align icon-position background-color border-radius icon-size icon-height icon-padding "
        "text-padding name src srcset sizes alt title href rel target vertical-align"
    ),
    "mj-navbar": _words(
        "align base-url hamburger ico-align ico-open ico-close ico-color ico-font-size ico-font-family "
        "ico-text-transform ico-padding ico-padding-left ico-padding-top ico-padding-right ico-padding-bottom "
        f"{_PADDING} ico-text-decoration ico-line-height"
    ),
    "mj-navbar-link": _words(f"{_PADDING} {_FONT} href name target rel"),
    "mj-accordion": _words(
        f"{_BOX} border font-family icon-align icon-height icon-position icon-unwrapped-alt icon-unwrapped-url "
        "icon-width icon-wrapped-alt icon-wrapped-url"
    ),
    "mj-accordion-element": _words(
        "background-color border font-family icon-align icon-height icon-unwrapped-alt icon-unwrapped-url "
        "icon-wrapped-alt icon-wrapped-url icon-width icon-position"
    ),
    "mj-accordion-title": _words(f"background-color {_FONT} {_PADDING}"),
    "mj-accordion-text": _words(f"background-color {_FONT} {_PADDING}"),
    "mj-carousel": _words(
        f"{_BOX} align border-radius icon-width left-icon right-icon tb-border tb-border-radius "
        "tb-hover-border-color tb-selected-border-color tb-width thumbnails"
    ),
    "mj-carousel-image": _words("alt href src rel target title thumbnails-src border-radius tb-border"),
}

#: HTML tags that have no end
VOID = _words("area base br col embed hr img input link meta source track wbr")
