"""An edition as one reader would get it, as files to open."""

from pathlib import Path

from newsletter.errors import BadInput
from newsletter.rendering.mould import Mould, Reader


def write(mould: Mould, reader: Reader, folder: Path) -> dict[str, Path]:
    """Write the HTML, the text and the whole message for *reader* into *folder*; returns their paths by kind."""
    files = {
        "html": ("edition.html", mould.html_for(reader).encode()),
        "text": ("edition.txt", mould.text_for(reader).encode()),
        "message": ("edition.eml", mould.message(reader)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.values():
            (folder / file).write_bytes(content)
    except OSError as error:
        raise BadInput(f"{folder} can't be written to: {error.strerror}") from error
    return {kind: folder.absolute() / file for kind, (file, _) in files.items()}
