"""What was seen at a PBX, before it is said in anybody's language.

A check knows facts and how much they matter; how that is said stands in the
phrases, once for each language, so that the terminal and the page cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from channels.telephony.checkup.phrases_en import PHRASES as ENGLISH
from channels.telephony.checkup.phrases_ru import MATTERS as RUSSIAN_MATTERS
from channels.telephony.checkup.phrases_ru import PHRASES as RUSSIAN
from crm_core.domain.findings import Change, Finding, Severity

Locale = Literal["ru", "en"]

PHRASES: Final[Mapping[Locale, Mapping[str, tuple[str, str | None]]]] = {"en": ENGLISH, "ru": RUSSIAN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing that was looked at; ``code`` names its phrase, ``facts`` fill it."""

    code: str
    severity: Severity
    subject: str  # "pbx main rights"
    facts: Mapping[str, object] = field(default_factory=dict)
    change: Change | None = None


def fine(code: str, subject: str, **facts: object) -> Observation:
    return Observation(code=code, severity=Severity.FINE, subject=subject, facts=facts)


def advice(code: str, subject: str, *, change: Change | None = None, **facts: object) -> Observation:
    return Observation(code=code, severity=Severity.ADVICE, subject=subject, facts=facts, change=change)


def fault(code: str, subject: str, *, change: Change | None = None, **facts: object) -> Observation:
    return Observation(code=code, severity=Severity.FAULT, subject=subject, facts=facts, change=change)


def in_words(observation: Observation, locale: Locale) -> Finding:
    """The observation as a person reads it."""
    says, counsel = PHRASES[locale][observation.code]
    facts = {name: _written(fact) for name, fact in observation.facts.items()}
    return Finding(
        subject=_subject(observation.subject, locale),
        severity=observation.severity,
        says=says.format(**facts),
        advice=counsel.format(**facts) if counsel else None,
        change=observation.change,
        code=observation.code,
    )


def _subject(subject: str, locale: Locale) -> str:
    """``pbx main queue members`` as it is called in this language."""
    if locale == "en":
        return subject
    _, name, *matter = subject.split(" ", 2)
    return " ".join([f"АТС {name}", *(RUSSIAN_MATTERS[one] for one in matter)])


def _written(fact: object) -> object:
    """Lists as people write them, the first dozen of them."""
    if not isinstance(fact, list | tuple):
        return fact
    shown = ", ".join(str(one) for one in fact[:12])
    return f"{shown} … ({len(fact)})" if len(fact) > 12 else shown
