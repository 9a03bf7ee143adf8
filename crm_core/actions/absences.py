"""Absences: who is away, written down before or as it happens.

An absence moves nothing by itself: the absent are given nothing new, and what
they promised goes on to others when it is late, as everything does. Whoever
writes it may hand over at once what will come due meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import audit
from crm_core.actions.holdings import HandOverIn, hand_over
from crm_core.domain.errors import DecisionRefused, InputRejected, NotFound
from crm_core.domain.ids import new_id
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.inputs import InputModel, Moment, Sentence, unchanged
from crm_core.store.database import Record, Transaction
from crm_core.store.holdings import find_work
from crm_core.store.watch import ELIGIBLE

#: A longer absence, or one further away, is a slip of the pen.
FURTHEST = timedelta(days=1100)

# Held, so that two absences of one person are written one after the other.
_LOCK_PERSON = """
SELECT id, name, team_id
FROM users
WHERE id = $1 AND enabled
FOR NO KEY UPDATE
"""

_LOCK = """
SELECT absence.id, absence.user_id, absence.kind, absence.from_at, absence.to_at, absence.note
FROM absences absence
WHERE absence.id = $1
FOR UPDATE
"""

# By absences_user_id_from_at_idx.
_FIND_OVERLAP = """
SELECT id, from_at, to_at
FROM absences
WHERE user_id = $1 AND id <> $2 AND from_at < COALESCE($4::timestamptz, 'infinity') AND COALESCE(to_at, 'infinity') > $3
ORDER BY from_at
LIMIT 1
"""

_INSERT = """
INSERT INTO absences (id, user_id, kind, from_at, to_at, note, by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_SAVE = """
UPDATE absences
SET kind = $2, from_at = $3, to_at = $4, note = $5
WHERE id = $1
"""

_REMOVE = """
DELETE FROM absences
WHERE id = $1
"""


class AbsenceKind(StrEnum):
    """Why somebody is away, as far as others need to know."""

    VACATION = "vacation"
    SICK = "sick"
    TRAINING = "training"
    OTHER = "other"


class AbsenceRejected(InputRejected):
    """An absence ends after it begins, and lies within the next years."""

    code = "absence_rejected"


class AbsenceOverlaps(DecisionRefused):
    """They are away in that time already; change that absence."""

    code = "absence_overlaps"


class AbsenceOver(DecisionRefused):
    """This absence is over."""

    code = "absence_over"


class AbsenceIn(InputModel):
    """Without ``user_id`` one's own; without ``to_at`` nobody knows yet.

    ``hand_over``: to whom go the promises due before its end, and the open leads; null: nothing moves.
    """

    user_id: UUID | None = None
    kind: AbsenceKind
    from_at: Moment
    to_at: Moment | None = None
    note: Sentence | None = None
    hand_over: HandOverIn | None = None


class AbsencePatch(InputModel):
    """Only what shall change."""

    kind: AbsenceKind = unchanged()
    from_at: Moment = unchanged()
    to_at: Moment | None = None
    note: Sentence | None = None


async def create(tx: Transaction, by: Viewer, given: AbsenceIn, *, zone: ZoneInfo) -> UUID:
    """Write an absence down, one's own or of somebody one supervises; ``zone``: on whose clock times are told.

    Raises:
        NotFound: there is no such person, or none of theirs.
        AbsenceRejected, AbsenceOverlaps: it cannot be.
        AgentUnknown, HeirAbsent, SamePerson, NobodyElse, CallbackAlreadyClaimed: what they hold cannot be handed over.
    """
    person = await _lock_person(tx, given.user_id or by.user_id, by)
    absence_id = new_id(tx.now)
    await _check(tx, absence_id, person["id"], given.from_at, given.to_at)
    row = (absence_id, person["id"], given.kind, given.from_at, given.to_at, given.note, by.user_id)
    await tx.execute(_INSERT, *row)
    if given.hand_over is not None:
        work = await find_work(tx, person["id"], due_before=given.to_at)
        why = Words(ru=f"Прежний менеджер ({person['name']}) в отсутствии.", en=f"{person['name']} is away.")
        await hand_over(tx, person["id"], work, given.hand_over, by=by, why=why, zone=zone)
    await _note(tx, "absence.added", absence_id, by, person["id"])
    return absence_id


async def change(tx: Transaction, by: Viewer, absence_id: UUID, given: AbsencePatch) -> None:
    """Change what is named of an absence that is not over.

    Raises:
        NotFound: there is none, or none ``by`` may write.
        AbsenceOver, AbsenceRejected, AbsenceOverlaps: it cannot be so.
    """
    absence = await _lock(tx, by, absence_id)
    after = {**dict(absence), **given.model_dump(exclude_unset=True)}
    await _check(tx, absence_id, absence["user_id"], after["from_at"], after["to_at"])
    await tx.execute(_SAVE, absence_id, after["kind"], after["from_at"], after["to_at"], after["note"])
    await _note(tx, "absence.changed", absence_id, by, absence["user_id"])
    tx.wake(ELIGIBLE)


async def end(tx: Transaction, by: Viewer, absence_id: UUID) -> None:
    """They are back; one that has not begun has never been.

    Raises:
        NotFound: there is none, or none ``by`` may write.
        AbsenceOver: it has ended already.
    """
    absence = await _lock(tx, by, absence_id)
    if absence["from_at"] < tx.now:
        await tx.execute(_SAVE, absence_id, absence["kind"], absence["from_at"], tx.now, absence["note"])
    else:
        await tx.execute(_REMOVE, absence_id)
    await _note(tx, "absence.ended", absence_id, by, absence["user_id"])
    tx.wake(ELIGIBLE)


async def _lock_person(tx: Transaction, user_id: UUID, by: Viewer) -> Record:
    person = await tx.fetchrow(_LOCK_PERSON, user_id)
    if person is None or not by.may_answer_for(user_id, person["team_id"]):
        raise NotFound("There is no such person.")
    return person


async def _lock(tx: Transaction, by: Viewer, absence_id: UUID) -> Record:
    absence = await tx.fetchrow(_LOCK, absence_id)
    if absence is None:
        raise NotFound
    await _lock_person(tx, absence["user_id"], by)
    if absence["to_at"] is not None and absence["to_at"] <= tx.now:
        raise AbsenceOver(to_at=absence["to_at"])
    return absence


async def _check(tx: Transaction, absence_id: UUID, user_id: UUID, from_at: datetime, to_at: datetime | None) -> None:
    moments = [from_at] if to_at is None else [from_at, to_at]
    if any(abs(moment - tx.now) > FURTHEST for moment in moments) or moments != sorted(set(moments)):
        raise AbsenceRejected(from_at=from_at, to_at=to_at)
    other = await tx.fetchrow(_FIND_OVERLAP, user_id, absence_id, from_at, to_at)
    if other is not None:
        raise AbsenceOverlaps(absence_id=other["id"], from_at=other["from_at"], to_at=other["to_at"])


async def _note(tx: Transaction, action: str, absence_id: UUID, by: Viewer, user_id: UUID) -> None:
    await audit.write(
        tx,
        action,
        by=by.user_id,
        subject_kind="absence",
        subject_id=absence_id,
        details={"user_id": str(user_id)},
    )
