"""What somebody leaves is shared out by the engine: planned first, then carried out, in one transaction.

The plan is what the preview shows, so the two cannot differ but by what has
happened between them. It is made under the lock of every giving out, with the
caps, strategies and hours every moved promise has. What nobody can take is
not left behind: promises and clients go to the supervisor, promises with the
alarm, and leads wait for the next who comes, with theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import callbacks, leads
from crm_core.actions.lead_promises import take_along
from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.distribution import Choice, History, Strategy, choose_agent
from crm_core.domain.errors import DecisionRefused
from crm_core.domain.events import CallbackStuck, ClientChanged
from crm_core.domain.explanations import Explanation, nobody_record
from crm_core.domain.leads import LeadReason
from crm_core.domain.sharing import HeldClient, Parcel, explain_share, limits_for, parcels
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.store import leads as lead_store
from crm_core.store import sharing as store
from crm_core.store.audience import audience
from crm_core.store.callbacks import StoredCallback
from crm_core.store.candidates import Field, gather
from crm_core.store.database import Transaction
from crm_core.store.holdings import Holdings
from crm_core.store.sharing import Person


class NobodyElse(DecisionRefused):
    """There is nobody who could answer for what is left."""

    code = "nobody_else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One parcel and who gets it."""

    parcel: Parcel
    heir_id: UUID
    heir_name: str
    stuck: bool = False  # nobody was eligible: the heir is the supervisor
    choice: Choice | None = None  # None: the client was looked after by the heir already


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """How much one person gets of it; ``stuck``: because nobody else could take it."""

    agent_id: UUID
    agent_name: str
    stuck: bool
    promises: int
    leads: int
    clients: int


async def plan_shares(tx: Transaction, leaver: Person, held: Holdings, *, with_clients: bool) -> list[Portion]:
    """How it would be shared out at this moment; nothing is changed.

    Raises:
        NobodyElse: nobody is left who could answer for it.
    """
    plan = await _plan(tx, leaver, held, with_clients=with_clients)
    return portions(plan.shares)


async def share_out(
    tx: Transaction, leaver_id: UUID, held: Holdings, *, with_clients: bool, by: Viewer, why: Words, zone: ZoneInfo
) -> list[Portion]:
    """Each of these promises and leads, and with ``with_clients`` each client, goes to whom the engine chooses.

    ``why`` they had to go, a sentence for each history; ``zone``: on whose clock times are told.

    Raises:
        CallbackClosed, CallbackAlreadyClaimed: a promise was kept meanwhile, or somebody is calling about it.
        LeadClosed: a lead was closed meanwhile.
        NobodyElse: nobody is left who could answer for it.
    """
    leaver = await store.find_person(tx, leaver_id)
    assert leaver is not None, "whoever hands over has found them"
    # Held before the lock of giving out is asked for, as the watchdog does; what has gone on since is left alone.
    promises = {one: await callbacks.lock_owed(tx, one, by) for one in sorted(held.promises)}
    wishes = {one: await leads.lock_open(tx, one, by) for one in sorted(held.leads)}
    still = Holdings(
        promises=tuple(one for one in held.promises if promises[one].agent_id == leaver.id),
        leads=tuple(one for one in held.leads if wishes[one].owner_id == leaver.id),
    )
    plan = await _plan(tx, leaver, still, with_clients=with_clients)
    for share in plan.shares:
        if share.choice is None:
            continue
        explanation = explain_share(
            share.choice,
            why=why,
            leaver=leaver.id,
            leaver_name=leaver.name,
            heir_name=share.heir_name,
            at=tx.now,
            zone=zone,
        )
        for promise in share.parcel.promises:
            await _give_promise(tx, promises[promise.id], share, explanation, by)
        for lead in share.parcel.leads:
            await _give_lead(tx, wishes[lead.id], share, explanation, by)
    await plan.field.write_turns(tx)
    if with_clients:
        await _give_clients(tx, leaver, plan)
    return portions(plan.shares)


def portions(shares: Iterable[Share]) -> list[Portion]:
    """What each person gets together, by name; what nobody could take last."""
    counts: dict[tuple[bool, str, UUID], Counter[str]] = {}
    for share in shares:
        counted = counts.setdefault((share.stuck, share.heir_name, share.heir_id), Counter())
        counted["promises"] += len(share.parcel.promises)
        counted["leads"] += len(share.parcel.leads)
        counted["clients"] += share.parcel.client is not None
    return [
        Portion(
            agent_id=agent_id,
            agent_name=name,
            stuck=stuck,
            promises=counted["promises"],
            leads=counted["leads"],
            clients=counted["clients"],
        )
        for (stuck, name, agent_id), counted in sorted(counts.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Who gets what, the most pressing first, and who answers for the rest; the field's turns are not stored yet."""

    shares: list[Share]
    field: Field
    supervisor: Person


async def _plan(tx: Transaction, leaver: Person, held: Holdings, *, with_clients: bool) -> _Plan:
    clients: list[HeldClient] = await store.held_clients(tx, leaver.id) if with_clients else []
    left = parcels(await store.held_promises(tx, held.promises), await store.held_leads(tx, held.leads), clients)
    supervisor = await store.find_supervisor(tx, leaver)
    if supervisor is None:
        raise NobodyElse
    field = await gather(tx)
    idle: Counter[UUID] = Counter()  # clients given who wait for nothing: no load, but shared as evenly
    shares = [await _share(tx, parcel, leaver, supervisor, field, idle) for parcel in left]
    return _Plan(shares=shares, field=field, supervisor=supervisor)


async def _share(
    tx: Transaction, parcel: Parcel, leaver: Person, supervisor: Person, field: Field, idle: Counter[UUID]
) -> Share:
    """Whose this one is; what one is given counts for the next."""
    client = parcel.client
    if client is not None and client.looked_after_by is not None and not parcel.is_work:
        return Share(parcel=parcel, heir_id=client.looked_after_by, heir_name=client.looked_after_name or "")
    choice = await _choose(tx, parcel, leaver, field, idle)
    chosen = choice.chosen
    if chosen is None:
        return Share(parcel=parcel, heir_id=supervisor.id, heir_name=supervisor.name, stuck=True, choice=choice)
    if parcel.is_work:
        field.note_given(chosen.agent_id, tx.now)
    else:
        idle[chosen.agent_id] += 1
    return Share(parcel=parcel, heir_id=chosen.agent_id, heir_name=chosen.name, choice=choice)


async def _choose(tx: Transaction, parcel: Parcel, leaver: Person, field: Field, idle: Mapping[UUID, int]) -> Choice:
    need = parcel.need(tx.now, leaver=leaver.id, team_id=leaver.team_id)
    terms = field.terms_of(need.team_id)
    # Only the best fit asks who knows the client.
    client_id = parcel.client_id if terms.strategy is Strategy.BEST_FIT else None
    people = await field.candidates(tx, client_id, need.languages)
    if not parcel.is_work:
        people = [replace(one, active_clients=one.active_clients + idle[one.agent_id]) for one in people]
    history = History(lost=parcel.lost, given=field.everybody.given)
    return choose_agent(people, need, terms.strategy, history, limits=limits_for(parcel, terms.limits))


async def _give_promise(
    tx: Transaction, callback: StoredCallback, share: Share, explanation: Explanation, by: Viewer
) -> None:
    await callbacks.hand_over(
        tx,
        callback,
        share.heir_id,
        reason=HistoryReason.ABSENCE,
        explanation=explanation.sentence,
        by=by.user_id,
        record=explanation.record,
    )
    if share.stuck:
        assert share.choice is not None  # somebody was looked for
        stuck = {"words": explanation.sentence.as_json(), "reasons": nobody_record(share.choice)}
        version = await store.raise_alarm(tx, callback.id, stuck)
        rooms = await audience(tx, {share.heir_id})
        tx.emit(CallbackStuck(rooms=rooms, callback_id=callback.id, since=tx.now, version=version))


async def _give_lead(
    tx: Transaction, lead: lead_store.StoredLead, share: Share, explanation: Explanation, by: Viewer
) -> None:
    """One that comes with a promise needs no acceptance: the promise has a clock of its own."""
    said = explanation.sentence
    if share.stuck:
        await leads.give_back(
            tx, lead, reason=LeadReason.ABSENCE, explanation=said, by=by.user_id, record=explanation.record
        )
        return
    await leads.hand_over(
        tx,
        lead,
        share.heir_id,
        reason=LeadReason.ABSENCE,
        explanation=said,
        by=by.user_id,
        accepted=bool(share.parcel.promises),
        record=explanation.record,
    )
    await take_along(tx, lead.id, share.heir_id, by=by.user_id)


async def _give_clients(tx: Transaction, leaver: Person, plan: _Plan) -> None:
    heirs = {share.parcel.client.id: share.heir_id for share in plan.shares if share.parcel.client is not None}
    for client in await store.give_clients(tx, leaver.id, heirs, memories_to=plan.supervisor.id):
        rooms = await audience(tx, {leaver.id, client.owner_id})
        tx.emit(ClientChanged(rooms=rooms, client_id=client.id, version=client.version))
