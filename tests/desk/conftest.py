"""The desk with accounts, as for its doors."""

from tests.staff.conftest import browser, clock, desk, other_browser

__all__ = ["browser", "clock", "desk", "other_browser"]
