"""What is looked at before an edition may go out."""

from newsletter.rendering.preflight.checks import check, moved
from newsletter.rendering.preflight.findings import Finding, Level, worst

__all__ = ["Finding", "Level", "check", "moved", "worst"]
