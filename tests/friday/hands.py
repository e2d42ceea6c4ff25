"""How somebody works a page in a real browser: with a mouse, with the keyboard alone, or with a thumb on a phone."""

from playwright.sync_api import Locator, Page

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
