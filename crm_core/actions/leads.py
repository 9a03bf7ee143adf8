"""Leads: written down, joined, accepted, given on, given back, followed to their end.

What one may not see is not found. A lead has one owner at every moment or
none, and each change of hands is a row of its history with the reason. What is
asked for twice is done once: an accepted lead may be accepted again, in peace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.clients import LanguageTag
from crm_core.actions.form_log import follow_lead
from crm_core.actions.lead_promises import call_off, promise_call, take_along
from crm_core.domain.errors import Forbidden, NotFound, VersionConflict
from crm_core.domain.events import STAFF, LeadChanged, Room, agent_room, team_room
from crm_core.domain.lead_watching import LeadTerms, accept_by
from crm_core.domain.leads import (
    JOINS_WITHIN,
    LeadClosed,
    LeadNobody,
    LeadReason,
    LeadStage,
    LeadTaken,
    SourceUnknown,
    StageChange,
    check_stage,
    joined_note,
    lead_address,
)
from crm_core.domain.people import normalised_words
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.inputs import InputModel, Line, Prose, Sentence, Word
from crm_core.store import leads as store
from crm_core.store.audience import audience
from crm_core.store.calendars import calendar_of_agent
from crm_core.store.clients import find_survivor, may_see_client
from crm_core.store.database import Transaction
from crm_core.store.leads import FreshLead, LeadSource, StoredLead
from crm_core.store.watch import DUE, ELIGIBLE

# Waits for whoever is being dismissed at this moment.
_FIND_AGENT = """
SELECT id
FROM users
WHERE id = $1 AND enabled
FOR KEY SHARE
"""

_BY_HAND = Words(ru="Заведён вручную.", en="Written down by hand.")
_TAKEN = Words(ru="Взят из нераспределённых.", en="Taken from those that are nobody's.")

Campaign = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")], Sentence], Field(max_length=20)
]
Skills = Annotated[list[Word], Field(max_length=20), AfterValidator(normalised_words)]


class LeadIn(InputModel):
    """Somebody who may become a client; without ``owner_id`` the engine gives it to somebody.

    ``address`` is a telephone number or a mail address, as it was written; ``client_id`` says who it is
    when they are a client already.
    """

    source: Word
    name: Line | None = None
    address: Line | None = None
    client_id: UUID | None = None
    subject: Sentence | None = None
    note: Prose | None = None
    language: LanguageTag | None = None
    destination: Word | None = None
    skills: Annotated[Skills, Field(default_factory=list)]
    campaign: Annotated[Campaign, Field(default_factory=dict)]
    owner_id: UUID | None = None


class LeadPatch(InputModel):
    """What is left out stays, null clears; with ``version`` it is refused when somebody else was faster.

    ``stage``: ``won`` and ``lost`` close it, ``lost`` needs a ``lost_reason``.
    """

    name: Line | None = None
    client_id: UUID | None = None
    subject: Sentence | None = None
    note: Prose | None = None
    language: LanguageTag | None = None
    destination: Word | None = None
    stage: LeadStage | None = None
    lost_reason: Sentence | None = None
    version: int | None = None


class LeadMoveIn(InputModel):
    """To whom, and why, in words."""

    agent_id: UUID
    reason: Sentence


class LeadReleaseIn(InputModel):
    """Why somebody else shall have it."""

    reason: Sentence


_FIELDS = ("name", "client_id", "subject", "note", "language", "destination")


async def create(tx: Transaction, by: Viewer, given: LeadIn, *, country: str) -> UUID:
    """Write a lead down by hand; one that is known already is joined, and its id given.

    Raises:
        NotFound: there is no such client, or none ``by`` may see.
        LeadNobody, ContactPointRejected, SourceUnknown, AgentUnknown: it cannot be one.
    """
    client_id = None
    if given.client_id is not None:
        client_id = await _visible_client(tx, by, given.client_id)
    if given.owner_id is not None:
        await _check_agent(tx, given.owner_id)
    fresh = FreshLead(
        source=given.source,
        addresses=[lead_address(given.address, country)] if given.address else [],
        client_id=client_id,
        name=given.name,
        subject=given.subject,
        note=given.note,
        language=given.language,
        destination=given.destination,
        skills=given.skills,
        campaign=given.campaign,
    )
    return (await receive(tx, fresh, said=_BY_HAND, by=by, owner_id=given.owner_id)).id


async def receive(
    tx: Transaction,
    fresh: FreshLead,
    *,
    said: Words,
    by: Viewer | None = None,
    owner_id: UUID | None = None,
    call_at: datetime | None = None,
) -> StoredLead:
    """A lead has come in; left again within a day it joins the one that is open. ``said``: how it came, in words.

    ``call_at``: when they want to be called.

    Raises:
        LeadNobody: nobody could be reached.
        SourceUnknown: it comes from nowhere we know.
    """
    source = await store.find_source(tx, fresh.source)
    if source is None:
        raise SourceUnknown(source=fresh.source)
    client_id = fresh.client_id or await _only_client_at(tx, fresh)
    if client_id is None and not fresh.addresses:
        raise LeadNobody
    twin = await store.lock_twin(tx, source.code, fresh.addresses, client_id, since=tx.now - JOINS_WITHIN)
    if twin is not None:
        return await _join(tx, twin, fresh, client_id, call_at)
    team_id = source.team_id or (by.team_id if by else None)
    author = by.user_id if by else None
    lead_id = await store.insert(tx, fresh, client_id=client_id, team_id=team_id, by=author)
    await store.open_history(tx, lead_id, owner_id, reason=LeadReason.CREATED, explanation=said, by=author)
    version = 1
    if owner_id is not None:
        version = await _hand_to(tx, lead_id, owner_id, source, accepted=owner_id == author, moved=False)
    lead = await announce(tx, lead_id, version=version)
    if call_at is not None:
        await promise_call(tx, lead, call_at)
    return lead


async def park(tx: Transaction, fresh: FreshLead, *, said: Words, reason: str) -> UUID:
    """Write down what nobody shall be sent after: it is lost from the beginning, and may be opened again."""
    source = await store.find_source(tx, fresh.source)
    lead_id = await store.insert(tx, fresh, client_id=None, team_id=source.team_id if source else None, by=None)
    await store.open_history(tx, lead_id, None, reason=LeadReason.CREATED, explanation=said, by=None)
    await store.close_history(tx, lead_id)
    version = await store.set_stage(tx, lead_id, LeadStage.LOST, lost_reason=reason, closed_at=tx.now)
    await announce(tx, lead_id, version=version)
    return lead_id


async def edit(tx: Transaction, lead_id: UUID, by: Viewer, given: LeadPatch) -> None:
    """Correct what is known of it, or say how far it has come.

    Raises:
        NotFound: there is none that ``by`` may see, or no such client.
        LeadClosed: it is won or lost.
        VersionConflict: it has changed since ``given.version``.
        LeadStageRejected, LeadNotAccepted, LostReasonRequired: it cannot go there.
    """
    lead = await lock_open(tx, lead_id, by)
    if given.version not in (None, lead.version):
        raise VersionConflict(version=lead.version)
    version = lead.version
    changes = {name: getattr(given, name) for name in _FIELDS if name in given.model_fields_set}
    if given.client_id is not None:
        changes["client_id"] = await _visible_client(tx, by, given.client_id)
    if changes:
        version = await store.edit(tx, lead.id, changes)
    if given.stage not in (None, lead.stage):
        version = await _set_stage(tx, lead, by, given)
    if version != lead.version:
        await announce(tx, lead.id, version=version)
        tx.wake(ELIGIBLE)  # it may ask for somebody else now, or, when it is closed, its owner may have another


async def accept(tx: Transaction, lead_id: UUID, by: Viewer) -> None:
    """The owner says: it is mine; while it is nobody's, whoever says so first.

    Raises:
        NotFound: there is none that ``by`` may see.
        LeadClosed: it is won or lost.
        LeadTaken: somebody else has it.
    """
    lead = await lock_open(tx, lead_id, by)
    if lead.owner_id not in (None, by.user_id):
        raise LeadTaken(agent_id=lead.owner_id, agent_name=lead.owner_name)
    if lead.accepted_at is not None:
        return
    if lead.owner_id is None:
        await store.open_history(tx, lead.id, by.user_id, reason=LeadReason.TAKEN, explanation=_TAKEN, by=by.user_id)
    await mark_accepted(tx, lead, by.user_id, at=tx.now)


async def mark_accepted(tx: Transaction, lead: StoredLead, owner_id: UUID, *, at: datetime) -> None:
    """It is theirs from now on."""
    version = await store.accept(tx, lead.id, owner_id, at=at)
    await announce(tx, lead.id, version=version, before=lead)
    await take_along(tx, lead.id, owner_id, by=owner_id)


async def move(
    tx: Transaction,
    lead_id: UUID,
    by: Viewer,
    *,
    agent_id: UUID,
    reason: str | Words,
    because: LeadReason = LeadReason.MOVED,
) -> None:
    """Give it to a colleague, who has to accept it; one's own, or as a supervisor.

    Raises:
        NotFound: there is none that ``by`` may see.
        Forbidden: it is not theirs to give.
        LeadClosed: it is won or lost.
        AgentUnknown: there is no such colleague.
    """
    lead = await _lock_own(tx, lead_id, by)
    await _check_agent(tx, agent_id)
    if agent_id == lead.owner_id:
        return
    accepted = agent_id == by.user_id
    await hand_over(tx, lead, agent_id, reason=because, explanation=reason, by=by.user_id, accepted=accepted)
    await take_along(tx, lead.id, agent_id, by=by.user_id)


async def hand_over(
    tx: Transaction,
    lead: StoredLead,
    agent_id: UUID,
    *,
    reason: LeadReason,
    explanation: str | Words,
    by: UUID | None,
    accepted: bool,
    record: Mapping[str, object] | None = None,
) -> None:
    """It is theirs, to accept unless they have; ``record``: everything it was decided by, when the engine chose."""
    source = await store.find_source(tx, lead.source)
    await store.open_history(tx, lead.id, agent_id, reason=reason, explanation=explanation, by=by, record=record)
    version = await _hand_to(tx, lead.id, agent_id, source, accepted=accepted, moved=True)
    await announce(tx, lead.id, version=version, before=lead)


async def release(tx: Transaction, lead_id: UUID, by: Viewer, *, reason: str) -> None:
    """Give it back, so that the engine finds somebody else, from the beginning; one's own, or as a supervisor.

    A supervisor may do so with one that is nobody's as well: it has gone on as often as it may.

    Raises:
        NotFound: there is none that ``by`` may see.
        Forbidden: it is not theirs to give.
        LeadClosed: it is won or lost.
    """
    lead = await _lock_own(tx, lead_id, by)
    await give_back(tx, lead, reason=LeadReason.RELEASED, explanation=reason, by=by.user_id)


async def give_back(
    tx: Transaction,
    lead: StoredLead,
    *,
    reason: LeadReason,
    explanation: str | Words,
    by: UUID | None,
    record: Mapping[str, object] | None = None,
) -> None:
    """It is nobody's, and the engine looks for somebody at once."""
    await store.open_history(tx, lead.id, None, reason=reason, explanation=explanation, by=by, record=record)
    version = await store.give_back(tx, lead.id, next_at=tx.now)
    await announce(tx, lead.id, version=version, before=lead)


async def go_along(
    tx: Transaction,
    owner_id: UUID,
    agent_id: UUID,
    *,
    lead_id: UUID | None,
    client_id: UUID | None,
    reason: LeadReason,
    explanation: Words,
) -> None:
    """A promise has gone from ``owner_id`` to ``agent_id``, and the leads it is about go with it.

    There is nothing to accept: the promise has a clock of its own.
    """
    for found in await store.of_promise(tx, owner_id, lead_id=lead_id, client_id=client_id):
        lead = await store.lock(tx, found)
        if lead is None or lead.owner_id != owner_id:  # it has gone on meanwhile
            continue
        await hand_over(tx, lead, agent_id, reason=reason, explanation=explanation, by=None, accepted=True)


async def lock_open(tx: Transaction, lead_id: UUID, by: Viewer) -> StoredLead:
    """The lead that ``by`` may see, held.

    Raises:
        NotFound, LeadClosed: there is none to do anything with.
    """
    lead = await store.lock_visible(tx, lead_id, by)
    if lead is None:
        raise NotFound
    if lead.stage.is_closed:
        raise LeadClosed(stage=lead.stage)
    return lead


async def announce(tx: Transaction, lead_id: UUID, *, version: int, before: StoredLead | None = None) -> StoredLead:
    """Tell everybody who sees this lead, or saw it as it was ``before``; gives it as it is."""
    lead = await store.lock(tx, lead_id)
    assert lead is not None
    rooms = await rooms_of(tx, lead)
    if before is not None:
        rooms = (*rooms, *await rooms_of(tx, before))
    tx.emit(LeadChanged(rooms=rooms, lead_id=lead_id, version=version))
    await follow_lead(tx, lead)
    tx.wake(DUE)
    if before is not None and before.owner_id not in (None, lead.owner_id):
        tx.wake(ELIGIBLE)  # whoever had it may have another
    return lead


async def rooms_of(tx: Transaction, lead: StoredLead) -> tuple[Room, ...]:
    """Who has it and who owns its client, with their supervisors; its whole team, when nobody could be found."""
    rooms = await audience(tx, {lead.owner_id, lead.client_owner_id})
    if lead.team_id is not None:
        rooms = (*rooms, team_room(lead.team_id))
    if lead.nobody_since is None:
        return rooms
    if lead.team_id is None:
        return (*rooms, STAFF)
    return (*rooms, *map(agent_room, await store.team_members(tx, lead.team_id)))


async def supervisors_of(tx: Transaction, lead: StoredLead) -> tuple[Room, ...]:
    """Who has to act when nobody takes it."""
    rooms = await audience(tx, ())
    return (*rooms, team_room(lead.team_id)) if lead.team_id is not None else rooms


async def _join(
    tx: Transaction, lead_id: UUID, fresh: FreshLead, client_id: UUID | None, call_at: datetime | None
) -> StoredLead:
    lead = await store.lock(tx, lead_id)
    assert lead is not None
    note = joined_note(lead.note, (fresh.subject, fresh.note))
    version = await store.join(tx, lead_id, fresh, note=note, client_id=client_id)
    lead = await announce(tx, lead_id, version=version)
    if call_at is not None:
        await promise_call(tx, lead, call_at)
    return lead


async def _only_client_at(tx: Transaction, fresh: FreshLead) -> UUID | None:
    """Who is reached there, when that is exactly one person; nobody chooses among several for them."""
    people = await store.clients_at(tx, fresh.addresses) if fresh.addresses else []
    return people[0] if len(people) == 1 else None


async def _hand_to(
    tx: Transaction, lead_id: UUID, owner_id: UUID, source: LeadSource | None, *, accepted: bool, moved: bool
) -> int:
    terms = await terms_for(tx, source, owner_id)
    version = await store.assign(tx, lead_id, owner_id, accept_by=accept_by(terms, tx.now), moved=moved)
    return await store.accept(tx, lead_id, owner_id, at=tx.now) if accepted else version


async def terms_for(tx: Transaction, source: LeadSource | None, owner_id: UUID) -> LeadTerms:
    """What the source of a lead asks of this owner, by their working hours; a source that is gone asks nothing."""
    calendar = await calendar_of_agent(tx, owner_id)
    if source is None:
        return LeadTerms(calendar=calendar)
    return LeadTerms(accept_within=source.accept_within, max_moves=source.max_moves, calendar=calendar)


async def _set_stage(tx: Transaction, lead: StoredLead, by: Viewer, given: LeadPatch) -> int:
    assert given.stage is not None
    mine = lead.owner_id == by.user_id
    check_stage(
        StageChange(stage=given.stage, lost_reason=given.lost_reason), accepted=mine or lead.accepted_at is not None
    )
    if mine and lead.accepted_at is None:
        await store.accept(tx, lead.id, by.user_id, at=tx.now)
    closed_at = tx.now if given.stage.is_closed else None
    if closed_at is not None:
        await store.close_history(tx, lead.id)
    if given.stage is LeadStage.LOST and given.lost_reason:
        await call_off(tx, lead.id, reason=given.lost_reason)
    return await store.set_stage(
        tx,
        lead.id,
        given.stage,
        lost_reason=given.lost_reason if given.stage is LeadStage.LOST else None,
        closed_at=closed_at,
    )


async def _lock_own(tx: Transaction, lead_id: UUID, by: Viewer) -> StoredLead:
    lead = await lock_open(tx, lead_id, by)
    if lead.owner_id != by.user_id and not by.supervises:
        raise Forbidden
    return lead


async def _visible_client(tx: Transaction, by: Viewer, client_id: UUID) -> UUID:
    survivor = await find_survivor(tx, client_id)
    if survivor is None or not await may_see_client(tx, by, survivor):
        raise NotFound("There is no such client.")
    return survivor


async def _check_agent(tx: Transaction, agent_id: UUID) -> None:
    if await tx.fetchval(_FIND_AGENT, agent_id) is None:
        raise AgentUnknown(agent_id=agent_id)
