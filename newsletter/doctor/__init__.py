"""The doctor: what is configured, reachable, missing, as findings that say what to do."""

from newsletter.doctor.examining import Finding, Level, examine, from_outside, judged, look

__all__ = ["Finding", "Level", "examine", "from_outside", "judged", "look"]
