"""What a doctor says: what was looked at, how it is, and what to change in which file when it is not well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters; only a fault means that something does not work, or is not safe."""

    FINE = "fine"
    ADVICE = "advice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to write into which file, as it would stand there."""

    file: str  # "manager.conf", "perezvon.toml"
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``advice`` is for whoever has to mend it."""

    subject: str  # "database", "pbx main"
    severity: Severity
    says: str
    advice: str | None = None
    change: Change | None = None
    code: str = ""  # for programs; empty where nobody has asked for one

    @property
    def well(self) -> bool:
        return self.severity is not Severity.FAULT


def well(subject: str, says: str) -> Finding:
    return Finding(subject=subject, severity=Severity.FINE, says=says)


def ill(subject: str, says: str, advice: str) -> Finding:
    return Finding(subject=subject, severity=Severity.FAULT, says=says, advice=advice)
