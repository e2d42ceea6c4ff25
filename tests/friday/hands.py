"""How somebody works a page in a real browser: with a mouse, with the keyboard alone, or with a thumb on a phone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from playwright.sync_api import Locator, Page, expect

#: milliseconds, for a machine that is busy with much else
PATIENCE = 60_000

#: presses of Tab after which something is called out of reach
_FAR = 400
_IS_FOCUSED = "one => one === document.activeElement"


class Mouse:
    """Points at things, and types."""

    size = (1280, 900)

    def reach(self, page: Page, what: Locator) -> None:
        """Bring the focus to *what*."""
        what.click()

    def press(self, page: Page, what: Locator) -> None:
        """Press a button or follow a link that leads to another page, and wait for that."""
        with page.expect_navigation():
            what.click()

    def touch(self, page: Page, what: Locator) -> None:
        """Press something that stays on the page."""
        what.click()

    def write(self, page: Page, what: Locator, words: str) -> None:
        """Let *words* stand in a field, and nothing else."""
        self.reach(page, what)
        page.keyboard.press("Control+a")
        page.keyboard.type(words)


class Thumb(Mouse):
    """The same on a phone."""

    size = (390, 844)


class Keyboard(Mouse):
    """Has no mouse: goes from one thing to the next with Tab, as somebody would who sees where the focus is."""

    def reach(self, page: Page, what: Locator) -> None:
        what.wait_for()
        for _ in range(_FAR):
            if what.evaluate(_IS_FOCUSED):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"no number of Tabs leads to {what}")

    def press(self, page: Page, what: Locator) -> None:
        self.reach(page, what)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    def touch(self, page: Page, what: Locator) -> None:
        self.reach(page, what)
        page.keyboard.press("Space" if what.get_attribute("type") in {"radio", "checkbox"} else "Enter")


@dataclass
class Somebody:
    """Somebody at the desk."""

    page: Page
    hand: Mouse

    def press(self, name: str, kind: str = "button") -> None:
        """A button or link of that name, which leads to another page."""
        self.hand.press(self.page, self.called(name, kind))

    def touch(self, what: Locator) -> None:
        self.hand.touch(self.page, what)

    def write(self, label: str, words: str) -> None:
        self.hand.write(self.page, self.page.get_by_label(label, exact=True).first, words)

    def called(self, name: str, kind: str = "button") -> Locator:
        return self.page.get_by_role(kind, name=name, exact=True).first  # type: ignore[arg-type]

    def saved(self) -> None:
        expect(self.page.locator("#saved")).to_have_text(re.compile("^Saved"), timeout=PATIENCE)

    def go(self, path: str) -> None:
        self.page.goto(path)


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, which another thread brings about."""
    for _ in range(int(PATIENCE / 100)):
        if holds():
            return
        Event().wait(0.1)
    raise AssertionError("it never came about")
