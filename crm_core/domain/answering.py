"""How long a client who wrote waits for an answer, and how that ends.

A clock runs from the first message that nobody has answered. Its moments are
made like those of a promise, by the same rules; what differs is only whose
words they are: nobody promised, a company has set itself these times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from crm_core.domain.written import WrittenChannel


class Ended(StrEnum):
    """How the waiting was over."""

    ANSWERED = "answered"
    CLOSED = "closed"  # the conversation was, and nobody had answered


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTimes:
    """Within what a client is answered: ``first`` in a new conversation, ``next`` in one that is under way."""

    first: timedelta
    next: timedelta

    def of(self, *, first: bool) -> timedelta:
        return self.first if first else self.next


#: Whoever is in a chat looks at the screen; whoever wrote a mail looks in again in the evening.
USUAL: Final[Mapping[WrittenChannel, AnswerTimes]] = {
    WrittenChannel.WEBCHAT: AnswerTimes(first=timedelta(minutes=2), next=timedelta(minutes=5)),
    WrittenChannel.TELEGRAM: AnswerTimes(first=timedelta(minutes=15), next=timedelta(minutes=30)),
    WrittenChannel.EMAIL: AnswerTimes(first=timedelta(hours=4), next=timedelta(hours=4)),
    WrittenChannel.WEBFORM: AnswerTimes(first=timedelta(minutes=30), next=timedelta(minutes=30)),
}


def answer_times(channel: WrittenChannel, stored: Mapping[str, Mapping[str, float | None]]) -> AnswerTimes:
    """Those of a queue for this channel; ``stored``: ``{channel: {first_s, next_s}}``, what it says of each."""
    usual, said = USUAL[channel], stored.get(channel, {})
    return AnswerTimes(first=_span(said.get("first_s"), usual.first), next=_span(said.get("next_s"), usual.next))


def _span(seconds: float | None, usual: timedelta) -> timedelta:
    return usual if seconds is None else timedelta(seconds=seconds)
