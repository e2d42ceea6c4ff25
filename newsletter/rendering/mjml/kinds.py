"""What the value of an attribute may be, by the rules that MJML's own compiler documents (npm mjml 5.4.1)."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: what fits it, and what to write instead."""

    pattern: re.Pattern[str]
    wanted: str

    def fits(self, value: str) -> bool:
        return bool(self.pattern.fullmatch(value))


def lengths(*units: str, most: int = 1, negative: bool = False, auto: bool = False) -> Kind:
    """One length or up to *most*, in one of *units*; "" among them is a bare number."""
    number = r"-?[\d.,]+" if negative else r"[\d.,]+"
    one = f"(?:{number}(?:{'|'.join(map(re.escape, units))})|0{'|auto' if auto else ''})"
    shown = " or ".join(unit or "no unit" for unit in units)
    several = f"one to {most} lengths" if most > 1 else "a length"
    return Kind(re.compile(rf"(?:{one} ?){{1,{most}}}"), f"{several} in {shown}{', or auto' if auto else ''}")


def one_of(*words: str) -> Kind:
    """One of *words*, letter by letter."""
    return Kind(re.compile("|".join(map(re.escape, words))), " or ".join(word or "nothing" for word in words))


TEXT = Kind(re.compile(r".*", re.DOTALL), "text")
YES_NO = Kind(re.compile("true|false", re.IGNORECASE), "true or false")
WHOLE = Kind(re.compile(r"\d+"), "a whole number")
PX, PX_OR_SHARE = lengths("px"), lengths("px", "%")
BOX = lengths("px", "%", most=4)
LINE_HEIGHT = lengths("px", "%", "")
SPACING = lengths("px", "em", negative=True)

_NAMES = """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
    cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod
    darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon
    darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray
    dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green
    greenyellow grey honeydew hotpink indianred indigo inherit ivory khaki lavender lavenderblush lawngreen
    lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink
    lightsalmon lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime limegreen
    linen magenta maroon mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue
    mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy
    oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip
    peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown
    seagreen seashell sienna silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal
    thistle tomato transparent turquoise violet wheat white whitesmoke yellow yellowgreen
""".split()  # noqa: SIM905
_PART = r"\d{1,3}"
COLOUR = Kind(
    re.compile(
        rf"#(?:[0-9a-fA-F]{{3}}){{1,2}}|rgb\({_PART}, ?{_PART}, ?{_PART}\)|"
        rf"rgba\({_PART}, ?{_PART}, ?{_PART}, ?\d(?:\.\d{{1,3}})?\)|{'|'.join(_NAMES)}"
    ),
    "a colour: #rrggbb, rgb(1, 2, 3), rgba(1, 2, 3, 0.5), or a name in small letters",
)
