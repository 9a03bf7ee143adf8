"""Tails: promises so late that whoever gave them has let the client go.

A promise is a tail from the moment at which the supervisor may take it without
consent. Where no rule gives that right it is one after 72 hours, to the second:
counted from the deadline, by the wall clock, because that is how the client waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from crm_core.domain.words import Words, span_in_words

#: Late by so much is a tail when no rule says when the supervisor may take it.
TAIL_AFTER: Final = timedelta(hours=72)


def tail_from(due_at: datetime, takeover_at: datetime | None) -> datetime:
    """From when a promise is a tail while it is owed; that moment belongs to it."""
    return due_at + TAIL_AFTER if takeover_at is None else takeover_at


def tail_in_words() -> Words:
    """What is counted as a tail, as every figure of tails says it."""
    after = span_in_words(TAIL_AFTER)
    return Words(
        ru="Хвост: обещание не выполнено, и руководитель уже может забрать его без согласия; "
        f"если правило об этом молчит, то через {after.ru} после срока.",
        en="A tail: a promise that is not kept, and that the supervisor may already take without consent; "
        f"where no rule says when, {after.en} after its deadline.",
    )
