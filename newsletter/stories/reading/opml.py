"""OPML: the list of feeds that feed readers exchange; what we know more stands in a namespace of our own."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.errors import BadInput
from newsletter.stories.models import Kind, Source

_OURS = "https://newsletter.invalid/opml"
_MOST_BYTES = 20 * 2**20


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a file; *kind* and *authority* are None where the file does not say."""

    url: str
    name: str = ""
    owner: str = ""
    kind: Kind | None = None
    authority: int | None = None


def write(sources: Iterable[Source], *, title: str) -> bytes:
    """*sources* as OPML 2.0, in folders by kind."""
    ET.register_namespace("newsletter", _OURS)
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    folders: dict[Kind, ET.Element] = {}
    for source in sources:
        if source.kind not in folders:
            folders[source.kind] = ET.SubElement(body, "outline", text=source.kind.value, title=source.kind.value)
        own = {"owner": source.owner, "kind": source.kind.value, "authority": str(source.authority)}
        ET.SubElement(
            folders[source.kind],
            "outline",
            {
                "type": "rss",
                "text": source.name,
                "title": source.name,
                "xmlUrl": source.url,
                **{f"{{{_OURS}}}{name}": value for name, value in own.items()},
            },
        )
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def plain(outlines: Iterable[Outline]) -> str:
    """*outlines* as OPML again, with no more than is read of one."""
    root = ET.Element("opml", version="2.0")
    body = ET.SubElement(root, "body")
    for one in outlines:
        said = {
            "owner": one.owner,
            "kind": one.kind or "",
            "authority": "" if one.authority is None else str(one.authority),
        }
        ours = {f"{{{_OURS}}}{name}": value for name, value in said.items() if value}
        ET.SubElement(body, "outline", {"title": one.name, "xmlUrl": one.url, **ours})
    return ET.tostring(root, encoding="unicode")


def read(body: bytes) -> list[Outline]:
    """The feeds of an OPML file, in its order and each address once; raises BadInput where it is none."""
    if len(body) > _MOST_BYTES:
        raise BadInput(f"an OPML file of {len(body):,} bytes is none that a feed reader wrote")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadInput("the OPML file declares a document type of its own, which none needs: take those lines out")
    try:
        root = ET.fromstring(body)  # noqa: S314 - entities can't be declared, as was checked
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadInput(f"the file is no XML: {error}") from error
    if root.tag.lower() != "opml":
        raise BadInput(f"the file is no OPML: it begins with <{root.tag}>")
    return list({one.url: one for one in reversed(list(_outlines(root)))}.values())[::-1]


def _outlines(root: ET.Element) -> Iterator[Outline]:
    for element in root.iter():
        if element.tag.lower() != "outline":
            continue
        said = {name.lower(): value.strip() for name, value in element.attrib.items()}
        url = said.get("xmlurl", "")
        if url:
            ours = {name: said.get(f"{{{_OURS}}}{name}", "") for name in ("owner", "kind", "authority")}
            authority = ours["authority"]
            yield Outline(
                url,
                said.get("title") or said.get("text") or "",
                ours["owner"],
                Kind(ours["kind"]) if ours["kind"] in {kind.value for kind in Kind} else None,
                int(authority) if authority.isdecimal() and len(authority) < 4 else None,
            )
