"""The Friday email in real mail programs from Debian, as a contact sheet: `python -m tests.rendering.programs`."""
