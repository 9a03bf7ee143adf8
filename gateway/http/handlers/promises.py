"""The board of promises: who owes what around now, what has moved and why, and tails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from crm_core.actions import handovers
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.handovers import TakeOverIn
from crm_core.domain.errors import CallbackAlreadyClaimed, CallbackClosed
from crm_core.domain.handovers import NothingToUndo, PreviousOwnerAbsent, PreviousOwnerLeft, UndoTooLate
from crm_core.inputs import InputModel, Moment
from crm_core.store.database import Reader, Transaction
from crm_core.views.callbacks import Callback, load_callbacks
from crm_core.views.model import WireModel
from crm_core.views.moves import ExplainedMove, Moves, explain_move, list_moves
from crm_core.views.paging import CursorInvalid
from crm_core.views.promises_board import PromisesBoard, get_promises_board
from crm_core.views.tails import TailFilters, Tails, list_tails
from gateway.http.inputs import Nothing, Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("promises")

#: The window of the board when it is not said: what has just become late, and the hours to come.
_BEFORE: Final = timedelta(hours=1)
_AFTER: Final = timedelta(hours=3)
_LATELY: Final = timedelta(hours=24)


class Window(InputModel):
    """``from ≤ … < to``, of one team or of all that the caller may see."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None
    team_id: UUID | None = None


class MovesQuery(Window):
    """The moves of a time (default: the last 24 hours), from or to one person."""

    agent_id: UUID | None = None


class TailsQuery(TailFilters, Paging):
    """Whose tails, and which page of them."""


class TakenOver(WireModel):
    """What became of one promise, or would: ``code`` and ``fields`` say why it stays where it is."""

    id: UUID
    result: handovers.Result
    code: str | None
    fields: dict[str, Any]
    callback: Callback | None


class TakenOverMany(WireModel):
    """One verdict a promise, in the order they were asked for."""

    items: list[TakenOver]


@routes.add("GET", "/promises/board", permission=Permission.SIGNED_IN, summary="Promises in lanes", snapshot=True)
async def get_board(request: Request, reader: Reader, query: Window) -> PromisesBoard:
    """A lane a person, with what falls due in the window (default: an hour back, three ahead), and the figures."""
    now = datetime.now(UTC)
    return await get_promises_board(
        reader,
        request.viewer,
        timezone=request.services.settings.timezone.key,
        since=query.from_ or now - _BEFORE,
        until=query.to or now + _AFTER,
        team_id=query.team_id,
    )


@routes.add("GET", "/promises/moves", permission=Permission.SIGNED_IN, summary="Promises that changed hands")
async def get_moves(request: Request, reader: Reader, query: MovesQuery) -> Moves:
    """The latest first: from whom, to whom, when, why, and whether it was taken back."""
    now = datetime.now(UTC)
    return await list_moves(
        reader,
        request.viewer,
        since=query.from_ or now - _LATELY,
        until=query.to or now + _LATELY,
        agent_id=query.agent_id,
        team_id=query.team_id,
    )


@routes.add(
    "GET",
    "/callbacks/{callback_id}/history/{history_id}",
    permission=Permission.SIGNED_IN,
    summary="Why a promise came to its owner",
)
async def get_explained_move(request: Request, reader: Reader, callback_id: UUID, history_id: UUID) -> ExplainedMove:
    """The sentence in both languages, every clock, everybody who was asked about, and the rule's version."""
    return await explain_move(reader, callback_id, history_id, request.viewer)


@routes.add("GET", "/tails", permission=Permission.SIGNED_IN, summary="Promises nobody keeps", refusals=[CursorInvalid])
async def get_tails(request: Request, reader: Reader, query: TailsQuery) -> Tails:
    """How many and how long, by person and team; the caller's own first, then the longest."""
    return await list_tails(reader, request.viewer, query, limit=query.limit, cursor=query.cursor)


@routes.add(
    "POST",
    "/callbacks/take-over",
    permission=Permission.SUPERVISOR,
    summary="Take over many tails",
    refusals=[AgentUnknown],
)
async def take_over_callbacks(request: Request, tx: Transaction, body: TakeOverIn) -> TakenOverMany:
    """Those that can be taken are, each with its line in the audit; ``preview`` only says which those are."""
    verdicts = await handovers.take_over_many(tx, request.viewer, body)
    taken = [one.id for one in verdicts if one.result is handovers.Result.TAKEN]
    shown = await load_callbacks(tx, taken)
    return TakenOverMany(
        items=[
            TakenOver(id=one.id, result=one.result, code=one.code, fields=dict(one.fields), callback=shown.get(one.id))
            for one in verdicts
        ]
    )


@routes.add(
    "POST",
    "/callbacks/{callback_id}/undo",
    permission=Permission.SIGNED_IN,
    summary="Take the last hand-over back",
    refusals=[
        CallbackAlreadyClaimed,
        CallbackClosed,
        NothingToUndo,
        UndoTooLate,
        PreviousOwnerLeft,
        PreviousOwnerAbsent,
    ],
)
async def undo_callback(request: Request, tx: Transaction, callback_id: UUID, body: Nothing) -> Callback:
    """A supervisor may, and for ten minutes whoever moved it by hand; its owner before has the whole grace again."""
    await handovers.undo(tx, callback_id, request.viewer)
    return (await load_callbacks(tx, [callback_id]))[callback_id]
