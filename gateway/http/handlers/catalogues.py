"""The lists every desk holds, and their replacement by an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_core.actions import catalogues
from crm_core.actions.catalogues import CodeTwice, DispositionEntry, PauseReasonEntry, QueueEntry, UnknownPerson
from crm_core.domain.errors import VersionConflict
from crm_core.domain.written import WrittenChannel
from crm_core.inputs import InputModel, Line
from crm_core.store.database import Reader, Transaction
from crm_core.views.catalogues import (
    Dispositions,
    PauseReasons,
    Queues,
    list_dispositions,
    list_pause_reasons,
    list_queues,
)
from gateway.http.handlers.users import QueueName
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("catalogues")

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,49}$")]
DAY_S: Final = 86_400
#: PostgreSQL's integer; a version beyond it has never been given.
Version = Annotated[int, Field(ge=0, le=2_147_483_647)]


class LabelsIn(InputModel):
    """One text in each language of the screens."""

    ru: Line
    en: Line

    def as_mapping(self) -> Mapping[str, str]:
        return {"ru": self.ru, "en": self.en}


class DispositionKindIn(InputModel):
    """One outcome; ``callback`` says whether the time of the next contact is asked for."""

    code: Code
    labels: LabelsIn
    resultative: bool
    contact_made: bool
    callback: Literal["none", "optional", "required"] = "none"
    enabled: bool = True


class DispositionsIn(InputModel):
    """The whole list in the order of the screen; ``version`` is the one that was edited."""

    items: Annotated[list[DispositionKindIn], Field(min_length=1, max_length=200)]
    version: Version


class PauseReasonIn(InputModel):
    """One reason; a pause longer than ``threshold_s`` is shown to the supervisor."""

    code: Code
    labels: LabelsIn
    threshold_s: Annotated[int, Field(ge=1, le=DAY_S)] | None = None
    productive: bool = False
    enabled: bool = True


class PauseReasonsIn(InputModel):
    """The whole list in the order of the screen; ``version`` is the one that was edited."""

    items: Annotated[list[PauseReasonIn], Field(min_length=1, max_length=200)]
    version: Version


class AnswerWithinIn(InputModel):
    """Within what a client who writes is answered; null: as is usual for the channel."""

    first_s: Annotated[int, Field(ge=10, le=30 * DAY_S)] | None = None
    next_s: Annotated[int, Field(ge=10, le=30 * DAY_S)] | None = None


class QueueIn(InputModel):
    """One queue of the PBX; ``members`` are agents' ids.

    ``missed_callback``: a missed call makes a promise to call back within ``missed_callback_due_s``;
    with ``missed_callback_short`` also for those who left within ``short_abandon_s``. ``answer_within``: by channel,
    in working time, what it does not say is as usual.
    """

    name: QueueName
    title: LabelsIn
    team_id: UUID | None = None
    wrap_up_limit_s: Annotated[int, Field(ge=0, le=DAY_S)] = 120
    short_abandon_s: Annotated[float, Field(ge=0, le=DAY_S)] = 5
    service_level_s: Annotated[int, Field(ge=1, le=DAY_S)] = 20
    missed_callback: bool = True
    missed_callback_short: bool = False
    missed_callback_due_s: Annotated[int, Field(ge=60, le=DAY_S)] = 900
    answer_within: Annotated[dict[WrittenChannel, AnswerWithinIn], Field(default_factory=dict)]
    members: Annotated[tuple[UUID, ...], Field(max_length=2000)] = ()


class QueuesIn(InputModel):
    """The whole list; ``version`` is the one that was edited."""

    items: Annotated[list[QueueIn], Field(max_length=500)]
    version: Version


@routes.add(
    "GET", "/dispositions", permission=Permission.SIGNED_IN, summary="List outcomes of a contact", snapshot=True
)
async def get_dispositions(request: Request, reader: Reader) -> Dispositions:
    return await list_dispositions(reader)


@routes.add(
    "PUT",
    "/dispositions",
    permission=Permission.ADMIN,
    summary="Replace the list of outcomes",
    refusals=[VersionConflict, CodeTwice],
)
async def put_dispositions(request: Request, tx: Transaction, body: DispositionsIn) -> Dispositions:
    """A code that is left out is disabled: old records still speak of it."""
    entries = [
        DispositionEntry(
            code=item.code,
            labels=item.labels.as_mapping(),
            resultative=item.resultative,
            contact_made=item.contact_made,
            callback=item.callback,
            enabled=item.enabled,
        )
        for item in body.items
    ]
    await catalogues.replace_dispositions(tx, entries, version=body.version, by=request.user_id)
    return await list_dispositions(tx)


@routes.add("GET", "/pause-reasons", permission=Permission.SIGNED_IN, summary="List reasons for a pause", snapshot=True)
async def get_pause_reasons(request: Request, reader: Reader) -> PauseReasons:
    return await list_pause_reasons(reader)


@routes.add(
    "PUT",
    "/pause-reasons",
    permission=Permission.ADMIN,
    summary="Replace the list of reasons",
    refusals=[VersionConflict, CodeTwice],
)
async def put_pause_reasons(request: Request, tx: Transaction, body: PauseReasonsIn) -> PauseReasons:
    """A code that is left out is disabled: old records still speak of it."""
    entries = [
        PauseReasonEntry(
            code=item.code,
            labels=item.labels.as_mapping(),
            threshold_s=item.threshold_s,
            productive=item.productive,
            enabled=item.enabled,
        )
        for item in body.items
    ]
    await catalogues.replace_pause_reasons(tx, entries, version=body.version, by=request.user_id)
    return await list_pause_reasons(tx)


@routes.add("GET", "/queues", permission=Permission.SIGNED_IN, summary="List queues and their members", snapshot=True)
async def get_queues(request: Request, reader: Reader) -> Queues:
    return await list_queues(reader)


@routes.add(
    "PUT",
    "/queues",
    permission=Permission.ADMIN,
    summary="Replace the list of queues",
    refusals=[VersionConflict, CodeTwice, UnknownPerson],
)
async def put_queues(request: Request, tx: Transaction, body: QueuesIn) -> Queues:
    """A queue that is left out leaves the settings; interactions keep its name."""
    entries = [
        QueueEntry(
            name=item.name,
            titles=item.title.as_mapping(),
            team_id=item.team_id,
            wrap_up_limit_s=item.wrap_up_limit_s,
            short_abandon_s=item.short_abandon_s,
            service_level_s=item.service_level_s,
            missed_callback=item.missed_callback,
            missed_callback_short=item.missed_callback_short,
            missed_callback_due_s=item.missed_callback_due_s,
            answer_within={channel.value: said.model_dump() for channel, said in item.answer_within.items()},
            members=item.members,
        )
        for item in body.items
    ]
    await catalogues.replace_queues(tx, entries, version=body.version, by=request.user_id)
    return await list_queues(tx)
