"""Tails taken over, one or many at once, and hand-overs taken back.

Of many each has its own verdict and its own line in the audit: one that cannot
be taken does not keep the others where they are. They are locked in the order
of their ids, so two supervisors never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_core.actions import audit, callbacks
from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.errors import DecisionRefused, Forbidden, NotFound, TakeOverTooEarly
from crm_core.domain.handovers import check_undo
from crm_core.domain.tails import tail_from
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.inputs import InputModel
from crm_core.store import callbacks as store
from crm_core.store import handovers
from crm_core.store.callbacks import StoredCallback
from crm_core.store.database import Transaction

#: As many as one page of them holds.
MOST = 200

_UNDONE = Words(ru="Передача отменена: обещание вернулось.", en="The move was taken back.")


class TakeOverIn(InputModel):
    """Which promises; ``agent_id``: to whom, without it the caller; ``preview``: only say what would happen."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]
    preview: bool = False
    agent_id: UUID | None = None


class Result(StrEnum):
    """What became of one of many, or would."""

    TAKEN = "taken"
    WOULD_TAKE = "would_take"
    ALREADY = "already"  # it is with that person
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of one promise; ``code`` and ``fields`` are those of the refusal."""

    id: UUID
    result: Result
    code: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)


async def take_over(tx: Transaction, callback_id: UUID, by: Viewer) -> None:
    """A supervisor takes a promise that is a tail, without anybody's consent.

    Raises:
        NotFound: there is none that ``by`` may see.
        Forbidden: ``by`` supervises nobody.
        CallbackClosed: it is kept or cancelled.
        CallbackAlreadyClaimed: somebody is calling the client now.
        TakeOverTooEarly: it is not late enough.
    """
    callback = await _lock_tail(tx, callback_id, by)
    if callback.agent_id != by.user_id:
        await _give_tail(tx, callback, by, to=by.user_id)


async def take_over_many(tx: Transaction, by: Viewer, given: TakeOverIn) -> list[Verdict]:
    """Take over those that can be taken; asked again, the same answer and nothing more. In the order asked for.

    Raises:
        AgentUnknown: there is nobody of that id to give them to.
    """
    to = given.agent_id or by.user_id
    await callbacks.check_agent(tx, to)
    verdicts = {
        callback_id: await _take_over_one(tx, callback_id, by, to=to, preview=given.preview)
        for callback_id in sorted(set(given.ids))
    }
    return [verdicts[callback_id] for callback_id in dict.fromkeys(given.ids)]


async def _take_over_one(tx: Transaction, callback_id: UUID, by: Viewer, *, to: UUID, preview: bool) -> Verdict:
    try:
        callback = await _lock_tail(tx, callback_id, by)
    except DecisionRefused as refusal:
        return Verdict(id=callback_id, result=Result.REFUSED, code=refusal.code, fields=refusal.fields)
    if callback.agent_id == to:
        return Verdict(id=callback_id, result=Result.ALREADY)
    if preview:
        return Verdict(id=callback_id, result=Result.WOULD_TAKE)
    await _give_tail(tx, callback, by, to=to)
    return Verdict(id=callback_id, result=Result.TAKEN)


async def _lock_tail(tx: Transaction, callback_id: UUID, by: Viewer) -> StoredCallback:
    callback = await callbacks.lock_owed(tx, callback_id, by)
    if not by.supervises:
        raise Forbidden
    takeover_at = tail_from(callback.due_at, callback.takeover_at)
    if tx.now < takeover_at:
        raise TakeOverTooEarly(takeover_at=takeover_at)
    return callback


async def _give_tail(tx: Transaction, callback: StoredCallback, by: Viewer, *, to: UUID) -> None:
    """Nobody consented, so it is written down who did it."""
    await callbacks.hand_over(
        tx,
        callback,
        to,
        reason=HistoryReason.TAKEN_OVER,
        explanation=Words(
            ru=f"Не выполнено со срока {callback.due_at:%d.%m.%Y %H:%M} UTC: забрал руководитель.",
            en=f"Not kept since {callback.due_at:%Y-%m-%d %H:%M} UTC: taken over by the supervisor.",
        ),
        by=by.user_id,
    )
    await audit.write(
        tx,
        "callback.taken_over",
        by=by.user_id,
        subject_kind="callback",
        subject_id=callback.id,
        details={"from": callback.agent_id, "to": to, "due_at": callback.due_at},
    )


async def undo(tx: Transaction, callback_id: UUID, by: Viewer) -> None:
    """Take back the last hand-over: who had the promise before has it again, with the whole grace.

    A move that was taken back does not count among those a promise may make.

    Raises:
        NotFound: there is none that ``by`` may see, nor one they have just given away.
        CallbackClosed: the new owner has kept it, or nobody need any more.
        CallbackAlreadyClaimed: somebody else is calling the client now.
        NothingToUndo, UndoTooLate, PreviousOwnerLeft, PreviousOwnerAbsent, Forbidden: see ``check_undo``.
    """
    callback = await _lock(tx, callback_id, by)
    callbacks.check_owed(callback, by)
    last = check_undo(await handovers.last_handover(tx, callback.id), by, tx.now)
    assert last.from_agent_id is not None
    await callbacks.hand_over(
        tx, callback, last.from_agent_id, reason=HistoryReason.UNDONE, explanation=_UNDONE, by=by.user_id
    )
    await handovers.forget_moves(tx, callback.id)
    await audit.write(
        tx,
        "callback.undone",
        by=by.user_id,
        subject_kind="callback",
        subject_id=callback.id,
        details={"from": callback.agent_id, "to": last.from_agent_id, "reason": last.reason},
    )


async def _lock(tx: Transaction, callback_id: UUID, by: Viewer) -> StoredCallback:
    """Whoever has just given it away may not see it any more, and may still change their mind."""
    callback = await store.lock_visible(tx, callback_id, by)
    if callback is None:
        last = await handovers.last_handover(tx, callback_id)
        if last is None or last.by != by.user_id:
            raise NotFound
        callback = await store.lock(tx, callback_id)
    if callback is None:
        raise NotFound
    return callback
