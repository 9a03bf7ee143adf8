"""Hand-overs: a promise that went from one person to another, and whether that may be taken back.

A supervisor may take back the last hand-over of a promise of theirs; whoever
gave one away by hand may change their mind for a little while. Nothing is taken
back from somebody who is calling the client, nor given to somebody who is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.errors import DecisionRefused, Forbidden
from crm_core.domain.viewer import Viewer

#: For so long whoever moved a promise by hand may change their mind.
UNDO_WITHIN: Final = timedelta(minutes=10)

#: How a promise comes from one person to another; what was given by a queue was nobody's before.
HANDED_OVER: Final = frozenset(
    {HistoryReason.LATE, HistoryReason.TAKEN_OVER, HistoryReason.ABSENCE, HistoryReason.MOVED, HistoryReason.GIVEN}
)


class NothingToUndo(DecisionRefused):
    """This promise has not come from anybody else, or has been given back already."""

    code = "nothing_to_undo"


class UndoTooLate(DecisionRefused):
    """It was moved too long ago; a supervisor can still give it back."""

    code = "undo_too_late"


class PreviousOwnerLeft(DecisionRefused):
    """Who had this promise before does not work here any more."""

    code = "previous_owner_left"


class PreviousOwnerAbsent(DecisionRefused):
    """Who had this promise before is away."""

    code = "previous_owner_absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """How a promise came to its present owner, and who had it before."""

    history_id: UUID
    reason: HistoryReason
    at: datetime
    by: UUID | None  # None: the system
    to_agent_id: UUID | None
    from_agent_id: UUID | None  # None: it is still with whoever it was promised by, or was a queue's
    from_name: str | None
    from_works: bool  # still employed
    from_absent: bool
    from_absent_until: datetime | None  # None while absent: nobody knows


def check_undo(last: HandOver | None, by: Viewer, now: datetime) -> HandOver:
    """The hand-over that ``by`` may take back.

    Raises:
        NothingToUndo: there was none, or it has been taken back.
        Forbidden: it was not theirs.
        UndoTooLate: it was, but too long ago.
        PreviousOwnerLeft, PreviousOwnerAbsent: there is nobody to give it back to.
    """
    if last is None or last.from_agent_id is None or last.reason not in HANDED_OVER:
        raise NothingToUndo
    if not by.supervises:
        if last.by != by.user_id:
            raise Forbidden
        if now - last.at > UNDO_WITHIN:
            raise UndoTooLate(moved_at=last.at)
    if not last.from_works:
        raise PreviousOwnerLeft(agent_id=last.from_agent_id, agent_name=last.from_name)
    if last.from_absent:
        raise PreviousOwnerAbsent(
            agent_id=last.from_agent_id, agent_name=last.from_name, absent_until=last.from_absent_until
        )
    return last
