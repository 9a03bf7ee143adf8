"""Leads are given out, and go on when nobody has accepted them: the watchdog's half that is about leads.

One transaction for one batch. What is due is claimed, so that of two nodes one
does it; who may have it is asked under the same lock as for promises, so that
nobody is given more than they may have. What was decided is stored in words
with everything it was decided by. A promise that was made for a lead follows
its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import leads
from crm_core.actions.choosing import choose
from crm_core.actions.lead_promises import take_along
from crm_core.domain.distribution import Choice, Waiting, in_line
from crm_core.domain.events import LeadStuck
from crm_core.domain.explanations import Explanation
from crm_core.domain.lead_explanations import FromOwner, LeadStory, explain_lead
from crm_core.domain.lead_watching import (
    Extend,
    GiveOut,
    LeadTerms,
    LeaveToSupervisor,
    Wait,
    WatchedLead,
    accept_by,
    next_lead_step,
)
from crm_core.domain.leads import COOLDOWN, LeadReason
from crm_core.domain.needs import Wanted
from crm_core.domain.outages import Gap
from crm_core.store import lead_watch as store
from crm_core.store import leads as lead_store
from crm_core.store.candidates import Field, gather, talked_with
from crm_core.store.database import Transaction, to_json
from crm_core.store.lead_watch import RETRY_AFTER, DueLead
from crm_core.store.leads import LeadSource, StoredLead
from crm_core.store.outages import outages

#: What the supervisor was told.
NOBODY = "nobody"
MOVES_SPENT = "moves_spent"


async def watch_leads(tx: Transaction, limit: int, *, zone: ZoneInfo) -> int:
    """Do what is due, the oldest and most valuable first; how many there were. ``zone``: in which times are told."""
    due = {one.id: one for one in await store.claim_due(tx, limit)}
    locked = [lead for lead_id in sorted(due) if (lead := await lead_store.lock(tx, lead_id)) is not None]
    waiting = [Waiting(id=lead.id, since=lead.created_at, weight=due[lead.id].weight) for lead in locked]
    by_id = {lead.id: lead for lead in locked}
    if not locked:
        return 0
    given = [one.given_at for one in due.values() if one.given_at is not None]
    gaps = (await outages(tx, (), since=min(given), now=tx.now)).own if given else []
    field = await gather(tx)
    for one in in_line(waiting, tx.now):
        await _watch(tx, by_id[one.id], due[one.id], field, gaps, zone)
    await field.write_turns(tx)
    return len(due)


async def _watch(
    tx: Transaction, lead: StoredLead, due: DueLead, field: Field, gaps: Sequence[Gap], zone: ZoneInfo
) -> None:
    if lead.owner_id is not None and lead.accepted_at is not None:  # accepted between the two looks
        return
    source = await lead_store.find_source(tx, lead.source)
    terms = await leads.terms_for(tx, source, lead.owner_id) if lead.owner_id else LeadTerms()
    watched = WatchedLead(
        owner_id=lead.owner_id,
        given_at=due.given_at or lead.created_at,
        accept_by=lead.accept_by,
        moves=lead.moves,
        in_call=due.in_call,
    )
    match next_lead_step(watched, terms, tx.now, gaps):
        case Wait(until=until):
            await store.look_at(tx, lead.id, until)
        case Extend(accept_by=until):
            version = await store.extend(tx, lead.id, until)
            await leads.announce(tx, lead.id, version=version)
        case GiveOut():
            await _give_out(tx, lead, source, terms, field, zone)
        case LeaveToSupervisor():
            story = LeadStory(at=tx.now, created_at=lead.created_at, lost=_from_owner(lead, terms))
            await _leave(tx, lead, explain_lead(story, zone), told=MOVES_SPENT, next_at=None)


async def _give_out(
    tx: Transaction, lead: StoredLead, source: LeadSource | None, terms: LeadTerms, field: Field, zone: ZoneInfo
) -> None:
    wanted = Wanted(
        from_agent_id=lead.owner_id,
        team_id=lead.team_id,
        skills=lead.skills | (source.skills if source else frozenset()),
        language=lead.language,
        destination=lead.destination,
        cooldown=COOLDOWN,
    )
    talked = (await talked_with(tx, [lead.client_id])).get(lead.client_id, {}) if lead.client_id else {}
    choice = choose(field, wanted, tx.now, lost=await store.lost_by(tx, lead.id), talked=talked)
    chosen = choice.chosen
    new_terms = await leads.terms_for(tx, source, chosen.agent_id) if chosen else None
    story = LeadStory(
        at=tx.now,
        created_at=lead.created_at,
        nobody_since=lead.nobody_since,
        lost=_from_owner(lead, terms) if lead.owner_id else None,
        choice=choice,
        accept_by=accept_by(new_terms, tx.now) if new_terms else None,
    )
    explanation = explain_lead(story, zone)
    if chosen is None:
        await _leave(tx, lead, explanation, told=NOBODY, next_at=_try_again_at(tx.now, choice))
    else:
        assert story.accept_by is not None
        await _give(tx, lead, chosen.agent_id, explanation, until=story.accept_by)
        field.note_given(chosen.agent_id, tx.now)


async def _give(
    tx: Transaction, lead: StoredLead, agent_id: UUID, explanation: Explanation, *, until: datetime
) -> None:
    lost = lead.owner_id is not None
    await lead_store.open_history(
        tx,
        lead.id,
        agent_id,
        reason=LeadReason.NOT_ACCEPTED if lost else LeadReason.GIVEN,
        explanation=explanation.sentence,
        by=None,
        record=explanation.record,
    )
    version = await lead_store.assign(tx, lead.id, agent_id, accept_by=until, moved=lost)
    await leads.announce(tx, lead.id, version=version, before=lead)
    await take_along(tx, lead.id, agent_id, by=None)


async def _leave(
    tx: Transaction, lead: StoredLead, explanation: Explanation, *, told: str, next_at: datetime | None
) -> None:
    """Nobody has it; whoever supervises it is told once, and it says why."""
    if lead.owner_id is not None:
        await lead_store.open_history(
            tx,
            lead.id,
            None,
            reason=LeadReason.NOT_ACCEPTED,
            explanation=explanation.sentence,
            by=None,
            record=explanation.record,
        )
    elif lead.nobody_since is not None:
        await store.look_at(tx, lead.id, next_at or tx.now + RETRY_AFTER)
        return
    else:
        await store.keep_record(tx, lead.id, to_json(explanation.record))
    version = await store.leave(tx, lead.id, next_at=next_at, told=[told])
    await leads.announce(tx, lead.id, version=version, before=lead)
    tx.emit(
        LeadStuck(
            rooms=await leads.supervisors_of(tx, lead),
            lead_id=lead.id,
            since=lead.nobody_since or tx.now,
            version=version,
        )
    )


def _try_again_at(now: datetime, choice: Choice) -> datetime:
    """When somebody becomes eligible by the clock, and now and then; whoever comes online is sooner."""
    return min(choice.try_again_at or now + RETRY_AFTER, now + RETRY_AFTER)


def _from_owner(lead: StoredLead, terms: LeadTerms) -> FromOwner:
    assert lead.accept_by is not None
    return FromOwner(name=lead.owner_name or "", accept_by=lead.accept_by, moves=lead.moves, max_moves=terms.max_moves)
