"""A promise that was taken for done, or called off, is owed again.

For a little while that is an undo: the same deadline, and what ran out while
nobody was owed anything is given back to its owner. Later the client must be
told a new time, so the promise is made anew for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from crm_core.domain.callbacks import CallbackState
from crm_core.domain.errors import DecisionRefused
from crm_core.domain.handovers import UNDO_WITHIN
from crm_core.domain.words import Words


class CallbackOpen(DecisionRefused):
    """This promise is owed already; to change its time, make the promise anew."""

    code = "callback_open"


class NewTimeRequired(DecisionRefused):
    """It was closed too long ago to be undone: say for when it is promised now."""

    code = "new_time_required"


_TAKEN_BACK: Final = {
    CallbackState.KEPT: Words(ru="Отметка «сделано» снята.", en="It was not done after all."),
    CallbackState.CANCELLED: Words(ru="Отмена снята.", en="It was not called off after all."),
}
PROMISED_AGAIN: Final = Words(ru="Обещано снова, на новое время.", en="Promised again, for a new time.")


def taken_back(state: CallbackState) -> Words:
    """What the history says of a promise that was ``state`` by mistake."""
    return _TAKEN_BACK[state]


def check_undo_close(closed_at: datetime, now: datetime) -> None:
    """Whether the close of a promise is so fresh that it may be undone.

    Raises:
        NewTimeRequired: it is not.
    """
    if now - closed_at > UNDO_WITHIN:
        raise NewTimeRequired(closed_at=closed_at)


def given_back(moment: datetime | None, closed_at: datetime, now: datetime) -> datetime | None:
    """A moment that passed while the promise was closed, as much later; what lies ahead, or had passed, stays."""
    if moment is None or not closed_at < moment <= now:
        return moment
    return moment + (now - closed_at)
