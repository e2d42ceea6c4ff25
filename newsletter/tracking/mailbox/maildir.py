"""A folder of files (Maildir), as a `Place`: the mail server of this machine lays letters there, nobody signs in.

The folder itself remembers nothing of ours but flags, which belong to people's mail programs as well; so what stays
in it is read again each time, and known by its digest.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newsletter import plural
from newsletter.config import Mailbox
from newsletter.errors import MailboxClosed
from newsletter.tracking.mailbox.places import AT_ONCE, LARGEST, Batch, Letter, Mark, Name

_PARTS = ("tmp", "new", "cur")
_SEEN, _STARRED = "S", "F"


@dataclass(frozen=True, slots=True)
class Maildir:
    """The Maildir at *path*."""

    path: Path
    settings: Mailbox

    @property
    def key(self) -> str:
        """What progress is kept under."""
        return f"maildir {self.path}"[:400]

    @property
    def done(self) -> "Maildir":
        """Where letters are moved to: a folder of this one, as other programs know it."""
        return Maildir(self.path / f".{self.settings.done_folder.replace('/', '.')}", self.settings)

    def batches(self, mark: Mark) -> Iterator[Batch]:
        """Everything that lies there, oldest first."""
        files = self._files()
        for start in range(0, len(files), AT_ONCE):
            letters = tuple(letter for file in files[start : start + AT_ONCE] if (letter := _read(file)))
            yield Batch(letters, mark)

    def put_away(self, done: Collection[Name], odd: Collection[Name]) -> int:
        """Move or flag what is *done*, and star what is *odd*; what has gone meanwhile is as good as put away."""
        try:
            for name in odd:
                self._flag(str(name), _STARRED)
            for name in done:
                self._finish(str(name))
        except OSError as error:
            raise MailboxClosed(f"{self.path} can't be put in order: {error}", lasting=True) from error
        return 0

    def describe(self) -> str:
        """What lies there; raises MailboxClosed where it is no Maildir."""
        return f"{plural.counted(len(self._files()), 'letter')} in {self.path}"

    def _files(self) -> list[Path]:
        try:
            found = [file for part in ("new", "cur") for file in (self.path / part).iterdir() if file.name[0] != "."]
        except FileNotFoundError as error:
            text = f"there is no Maildir {self.path} yet: a mail server makes it with the first letter, so write it one"
            raise MailboxClosed(text, lasting=True) from error
        except OSError as error:
            raise MailboxClosed(f"{self.path} is not a Maildir that can be read: {error}", lasting=True) from error
        # a name begins with the second it was laid there
        return sorted((file for file in found if "T" not in _flags(file.name)), key=lambda file: file.name)

    def _finish(self, name: str) -> None:
        match self.settings.after:
            case "flag":
                self._flag(name, _SEEN)
            case "delete":
                self._at(name).unlink(missing_ok=True)
            case "move":
                into = self.done.path
                for part in _PARTS:
                    (into / part).mkdir(parents=True, exist_ok=True)
                # other programs know by it that the folder is one
                (into / "maildirfolder").touch()
                self._rename(name, into / "cur" / _with(name, _SEEN))

    def _flag(self, name: str, flag: str) -> None:
        self._rename(name, self.path / "cur" / _with(name, flag))

    def _rename(self, name: str, to: Path) -> None:
        with suppress(FileNotFoundError):
            self._at(name).rename(to)

    def _at(self, name: str) -> Path:
        """Where it lies now: a mail program may have moved it out of "new" meanwhile, under the same name or not."""
        new = self.path / "new" / name
        return new if new.exists() else self.path / "cur" / name


def _read(file: Path) -> Letter | None:
    """The beginning of it; None where it has gone, or is none."""
    try:
        with file.open("rb") as opened:
            return Letter(file.name, opened.read(LARGEST))
    except (FileNotFoundError, IsADirectoryError):
        return None
    except OSError as error:
        raise MailboxClosed(f"{file} can't be read: {error}", lasting=True) from error


def _flags(name: str) -> str:
    return name.rpartition(":2,")[2] if ":2," in name else ""


def _with(name: str, flag: str) -> str:
    """*name* with one more flag; flags stand in the order of the alphabet."""
    base = name.partition(":2,")[0]
    return f"{base}:2,{''.join(sorted({*_flags(name), flag}))}"
