"""What a doctor says: what was looked at, whether it is well, and what to do when it is not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``advice`` is for whoever has to mend it."""

    subject: str  # "database", "pbx main"
    well: bool
    says: str
    advice: str | None = None


def well(subject: str, says: str) -> Finding:
    return Finding(subject=subject, well=True, says=says)


def ill(subject: str, says: str, advice: str) -> Finding:
    return Finding(subject=subject, well=False, says=says, advice=advice)
