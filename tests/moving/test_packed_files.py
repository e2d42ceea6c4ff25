"""Packed files that are broken, or made to be too much: each is a sentence, and all of it together has limits."""

import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path

import pytest

from subscribers.errors import BadFile
from subscribers.moving import files

PEOPLE = b"email\n" + b"".join(b"reader%d@example.com\n" % number for number in range(5000))


def packed(method: int, *contents: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.csv", content)
    return made.getvalue()


def broken(content: bytes, at: int) -> bytes:
    return content[:at] + b"\xff" * 60 + content[at + 60 :]


def opens(content: bytes, name: str) -> None:
    with files.opened(Path(name), io.BytesIO(content)):
        pass


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (broken(gzip.compress(PEOPLE), 10), "people.csv.gz", zlib.error),
        (broken(packed(zipfile.ZIP_DEFLATED, PEOPLE), 40), "people.zip", zlib.error),
        (broken(packed(zipfile.ZIP_LZMA, PEOPLE), 100), "people.zip", lzma.LZMAError),
    ],
)
def test_bytes_that_got_broken_on_the_way_are_said_so(content: bytes, name: str, kind: type[Exception]) -> None:
    with pytest.raises(BadFile, match="cut off or broken: download it once more") as told:
        opens(content, name)
    assert isinstance(told.value.__cause__, kind)


def test_an_archive_of_too_many_files_is_refused_before_they_are_all_open() -> None:
    with pytest.raises(BadFile, match=r"100\.csv is one of more than 100 packed files: import them in parts"):
        opens(packed(zipfile.ZIP_STORED, *[b"email\n"] * 101), "people.zip")


def test_as_many_files_as_may_be_are_taken() -> None:
    opens(packed(zipfile.ZIP_STORED, *[b"email\n"] * 100), "people.zip")


def test_what_is_packed_again_and_again_ends() -> None:
    content = b"email\n"
    for _ in range(101):
        content = gzip.compress(content)
    with pytest.raises(BadFile, match="more than 100 packed files"):
        opens(content, "people.csv" + ".gz" * 101)


def test_files_of_an_archive_are_measured_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LARGEST", 2 * len(PEOPLE) + 1)
    opens(packed(zipfile.ZIP_DEFLATED, PEOPLE, PEOPLE), "people.zip")
    with pytest.raises(BadFile, match=r"2\.csv unpacks to more than"):
        opens(packed(zipfile.ZIP_DEFLATED, PEOPLE, PEOPLE, PEOPLE), "people.zip")
