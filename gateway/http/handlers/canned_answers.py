"""Ready answers: the list, and one filled for a conversation."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from crm_core.actions import canned_answers
from crm_core.actions.canned_answers import CannedAnswerIn, ShortcutTaken, TeamNotYours
from crm_core.domain.canned import VariableUnknown
from crm_core.store.database import Reader, Transaction
from crm_core.views.canned_answers import CannedAnswers, FilledAnswer, fill_answer, list_canned_answers
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("canned answers")

_REFUSALS: Final = (ShortcutTaken, TeamNotYours, VariableUnknown)


@routes.add("GET", "/canned-answers", permission=Permission.SIGNED_IN, summary="List ready answers", snapshot=True)
async def get_canned_answers(request: Request, reader: Reader) -> CannedAnswers:
    """Everybody's, and those of the caller's team."""
    return await list_canned_answers(reader, request.viewer)


@routes.add(
    "POST",
    "/canned-answers",
    permission=Permission.SUPERVISOR,
    summary="Write a ready answer",
    status=201,
    refusals=_REFUSALS,
)
async def add_canned_answer(request: Request, tx: Transaction, body: CannedAnswerIn) -> CannedAnswers:
    """A supervisor writes those of their team; the answer is the whole list."""
    await canned_answers.add(tx, request.viewer, body)
    return await list_canned_answers(tx, request.viewer)


@routes.add(
    "PUT",
    "/canned-answers/{answer_id}",
    permission=Permission.SUPERVISOR,
    summary="Put a ready answer otherwise",
    refusals=_REFUSALS,
)
async def put_canned_answer(request: Request, tx: Transaction, answer_id: UUID, body: CannedAnswerIn) -> CannedAnswers:
    await canned_answers.edit(tx, request.viewer, answer_id, body)
    return await list_canned_answers(tx, request.viewer)


@routes.add(
    "DELETE",
    "/canned-answers/{answer_id}",
    permission=Permission.SUPERVISOR,
    summary="Remove a ready answer",
    status=204,
)
async def remove_canned_answer(request: Request, tx: Transaction, answer_id: UUID) -> None:
    await canned_answers.remove(tx, request.viewer, answer_id)


@routes.add(
    "GET",
    "/conversations/{interaction_id}/canned-answers/{answer_id}",
    permission=Permission.SIGNED_IN,
    summary="A ready answer for this client",
)
async def get_filled_answer(request: Request, reader: Reader, interaction_id: UUID, answer_id: UUID) -> FilledAnswer:
    """In their language where it is written in that, with what is known in its places."""
    usual = request.services.settings.locale
    return await fill_answer(reader, request.viewer, interaction_id, answer_id, usual_language=usual)
