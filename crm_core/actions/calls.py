"""Recording what a PBX tells of calls.

A fact: it takes whole snapshots, in batches, and is harmless when told twice.
What it changes (a card to pop, a manager's state, a promise kept) is worked
out from the difference to what was stored, and announced in the same
transaction. Decisions about calls stand in ``crm_core.actions.dialling``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import assert_never
from uuid import UUID

from crm_core.actions import agents
from crm_core.actions.contacts import number_contacts
from crm_core.actions.missed_calls import record_missed
from crm_core.actions.reached import record_reached
from crm_core.actions.transfers import Known, as_it_began, join, sort_out, tell_moved
from crm_core.actions.tried import record_tried, was_tried
from crm_core.domain.calls import (
    ORIGINATE_EXPIRY,
    CallSnapshot,
    Direction,
    EndedBy,
    InteractionState,
    LegResult,
    Outcome,
)
from crm_core.domain.events import (
    FLOOR,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallWithdrawn,
    Event,
    InteractionChanged,
    Room,
    agent_room,
    team_room,
)
from crm_core.domain.ids import as_our_id, new_id
from crm_core.domain.interactions import LegNews, QueueRule, StoredCall, Surroundings, fold, lacks_addresses, news_of
from crm_core.domain.legs import StoredLeg
from crm_core.domain.missed_calls import MissedRule
from crm_core.domain.path import joined, joined_stays
from crm_core.domain.phones import normalise
from crm_core.store import calls as log
from crm_core.store.clients import clients_by_phones
from crm_core.store.database import Transaction

_FIND_PHONES = """
SELECT device.extension, device.user_id, person.team_id, COALESCE(state.present, false) AS present
FROM devices device
JOIN users person ON person.id = device.user_id AND person.enabled
LEFT JOIN agent_states state ON state.user_id = person.id
WHERE device.extension = ANY($1::text[]) AND device.pbx IN ('', $2)
ORDER BY device.pbx
"""

_FIND_QUEUES = """
SELECT name, team_id, short_abandon_s, wrap_up_limit_s, missed_callback, missed_callback_short,
       missed_callback_due_s
FROM queues
WHERE name = ANY($1::text[])
"""

_SAVE_RECORDINGS = """
INSERT INTO recordings (id, interaction_id, pbx, file, name, started_at, consultation, next_look_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now())
ON CONFLICT (interaction_id, name) DO UPDATE SET consultation = EXCLUDED.consultation
WHERE recordings.consultation IS DISTINCT FROM EXCLUDED.consultation
"""


#: A call as it was stored, None for one nobody knew, and as it is stored now.
Pair = tuple[StoredCall | None, StoredCall]
#: What to store of a call after one more telling; None when that says nothing new.
Judge = Callable[[StoredCall | None, CallSnapshot, Surroundings], StoredCall | None]


class FactTakenElsewhere(Exception):
    """Another recorder stored one of these calls in the meantime: record the same batch again."""


@dataclass(frozen=True, slots=True)
class _Phones:
    agents: Mapping[str, UUID]
    teams: Mapping[UUID, UUID | None]
    present: frozenset[UUID]


async def record_calls(
    tx: Transaction,
    heard: Sequence[CallSnapshot],
    *,
    country: str,
    timezone: tzinfo = UTC,
    judge: Judge = fold,
    quietly: bool = False,
) -> list[Pair]:
    """Store what one PBX told of some calls, and announce what it means.

    ``heard`` holds at most one snapshot a call, all of one PBX; ``timezone`` is the one people here read times in.

    ``judge`` says what is to be stored now. What is told ``quietly`` pops no card and rings no bell: it is history.
    Returns what was stored before and what is now, of each call that changed.

    Raises:
        FactTakenElsewhere: nothing is stored; tell the batch again.
    """
    if not heard:
        return []
    known = await _known_calls(tx, heard)
    unplaced = [snapshot for snapshot in heard if lacks_addresses(known[snapshot.linkedid][0].call, snapshot)]
    around, phones = await _look_around(tx, heard, unplaced, country)
    keys: list[tuple[str, str, UUID]] = []
    pairs: list[tuple[StoredCall | None, StoredCall]] = []
    for snapshot in heard:
        apart, bound = known[snapshot.linkedid]
        before = apart.call
        if apart.parts:
            before = await join(tx, apart, judge(None, as_it_began(snapshot), around))
        after = judge(before, snapshot, around)
        if after is None and before is not None and apart.parts:
            after = replace(before, version=before.version + 1)
        if after is not None:
            pairs.append((before, after))
            keys += [(source, key, after.id) for source, key in _keys(snapshot) if (source, key) not in bound]
    if not await log.claim_keys(tx, keys):
        raise FactTakenElsewhere
    pairs = await _number_contacts(tx, pairs)
    await log.insert_calls(tx, [after for before, after in pairs if before is None])
    await log.update_calls(tx, [(before, after) for before, after in pairs if before is not None])
    await _save_recordings(tx, heard, {after.external_id: after for _, after in pairs})
    parts = [part for apart, _ in known.values() for part in apart.parts]
    await _tell(tx, pairs, parts, around, phones, quietly=quietly)
    await record_missed(tx, pairs, around, timezone=timezone)
    answered = [after for before, after in pairs if _was_just_answered(before, after)]
    await record_reached(tx, answered, timezone=timezone)
    tried = [after for before, after in pairs if _was_just_tried(before, after)]
    await record_tried(tx, tried, timezone=timezone)
    return pairs


async def _number_contacts(
    tx: Transaction, pairs: Sequence[tuple[StoredCall | None, StoredCall]]
) -> list[tuple[StoredCall | None, StoredCall]]:
    answered = [after for before, after in pairs if _was_just_answered(before, after)]
    numbers = await number_contacts(tx, answered)
    return [
        (before, replace(after, contact_number=numbers[after.id]) if after.id in numbers else after)
        for before, after in pairs
    ]


async def _known_calls(tx: Transaction, heard: Sequence[CallSnapshot]) -> dict[str, tuple[Known, set[tuple[str, str]]]]:
    """For each snapshot's linkedid: what is stored of it, and which of its keys are bound already."""
    found = await log.find_keys(tx, [key for snapshot in heard for key in _keys(snapshot)])
    stored = await log.load_calls(tx, found.values())
    known: dict[str, tuple[Known, set[tuple[str, str]]]] = {}
    for snapshot in heard:
        bound = {key for key in _keys(snapshot) if key in found}
        calls = {found[key]: stored[found[key]] for key in _keys(snapshot) if found.get(key) in stored}
        named = found.get((_source(snapshot, snapshot.linkedid), snapshot.linkedid))
        known[snapshot.linkedid] = sort_out(snapshot, named, calls), bound
    return known


def _keys(snapshot: CallSnapshot) -> list[tuple[str, str]]:
    return [(_source(snapshot, key), key) for key in snapshot.keys]


def _source(snapshot: CallSnapshot, key: str) -> str:
    """Asterisk's ids repeat after its restart; ours (of click-to-call) never do."""
    return snapshot.pbx if as_our_id(key) else f"{snapshot.pbx}@{snapshot.boot}"


async def _look_around(
    tx: Transaction, heard: Sequence[CallSnapshot], unplaced: Sequence[CallSnapshot], country: str
) -> tuple[Surroundings, _Phones]:
    """``unplaced`` are those of which the log does not know both numbers: only of them it is asked who calls."""
    phones = await _phones(tx, heard)
    numbers = {number for call in unplaced for number in (call.client_number, call.our_number) if number}
    addresses = {number: normalise(number, country) for number in numbers}
    callers = {addresses[call.client_number] for call in unplaced if call.client_number} - {None}
    clients = await clients_by_phones(tx, [caller for caller in callers if caller]) if callers else {}
    queues = {queue for call in heard for queue in call.queues}
    rules = await tx.fetch(_FIND_QUEUES, list(queues)) if queues else []
    around = Surroundings(
        agents=phones.agents,
        present=phones.present,
        addresses=addresses,
        clients={address: tuple(people) for address, people in clients.items()},
        now=tx.now,
        queues={
            row["name"]: QueueRule(
                team_id=row["team_id"],
                short_abandon=timedelta(seconds=row["short_abandon_s"]),
                wrap_up_limit=timedelta(seconds=row["wrap_up_limit_s"]),
                missed=MissedRule(
                    makes_callback=row["missed_callback"],
                    short_too=row["missed_callback_short"],
                    due=timedelta(seconds=row["missed_callback_due_s"]),
                ),
            )
            for row in rules
        },
    )
    return around, phones


async def _phones(tx: Transaction, heard: Sequence[CallSnapshot]) -> _Phones:
    extensions = {leg.extension for call in heard for leg in call.legs if leg.extension}
    rows = await tx.fetch(_FIND_PHONES, list(extensions), heard[0].pbx) if extensions else []
    return _Phones(
        agents={row["extension"]: row["user_id"] for row in rows},
        teams={row["user_id"]: row["team_id"] for row in rows},
        present=frozenset(row["user_id"] for row in rows if row["present"]),
    )


def _was_just_answered(before: StoredCall | None, after: StoredCall) -> bool:
    answered = after.answered_at is not None and (before is None or before.answered_at is None)
    return answered and after.direction != Direction.INTERNAL


def _was_just_tried(before: StoredCall | None, after: StoredCall) -> bool:
    return was_tried(after) and not (before and was_tried(before))


async def _save_recordings(tx: Transaction, heard: Sequence[CallSnapshot], stored: Mapping[str, StoredCall]) -> None:
    rows = [
        (
            new_id(recording.started_at),
            call.id,
            snapshot.pbx,
            recording.file,
            recording.name,
            recording.started_at,
            recording.consultation,
        )
        for snapshot in heard
        if (call := stored.get(snapshot.linkedid)) is not None
        for recording in snapshot.recordings
    ]
    if rows:
        await tx.executemany(_SAVE_RECORDINGS, rows)


async def _tell(
    tx: Transaction,
    pairs: Sequence[tuple[StoredCall | None, StoredCall]],
    parts: Sequence[StoredCall],
    around: Surroundings,
    phones: _Phones,
    *,
    quietly: bool,
) -> None:
    """What follows from the difference at once: events, managers' states.

    Whoever saw one of the ``parts``, calls that turned out to be part of another, is told that it is gone.
    """
    for before, after in pairs:
        _announce(tx, before, after, _rooms(after, around, phones), quietly=quietly)
    for part in parts:
        tell_moved(tx, part, _rooms(part, around, phones))
    touched = {
        leg.agent_id
        for before, after in pairs
        for uniqueid, leg in after.legs.items()
        if leg.agent_id is not None
        and (before is None or before.legs.get(uniqueid) != leg or before.state != after.state)
    }
    await agents.refresh_phones(tx, touched.union(*(part.people for part in parts)))


def _rooms(call: StoredCall, around: Surroundings, phones: _Phones) -> tuple[Room, ...]:
    """Who watches over this call: its people, the supervisors of its queues and of those people, the floor."""
    teams = {rule.team_id for queue in call.queues if (rule := around.queues.get(queue))}
    teams |= {phones.teams.get(person) for person in call.people}
    return (FLOOR, *(agent_room(person) for person in call.people), *(team_room(team) for team in teams if team))


def _announce(
    tx: Transaction, before: StoredCall | None, after: StoredCall, rooms: tuple[Room, ...], *, quietly: bool
) -> None:
    supervisors = tuple(room for room in rooms if not room.startswith("agent:"))
    told_whole = False
    for news in () if quietly else news_of(before, after):
        tx.emit(_leg_event(news, after, rooms, supervisors))
        told_whole = told_whole or news.kind == "answered"
    if after.is_over and not (before and before.is_over):
        tx.emit(CallEnded(rooms=rooms, interaction_id=after.id, version=after.version))
    elif not told_whole:
        tx.emit(InteractionChanged(rooms=rooms, interaction_id=after.id, version=after.version))


def _leg_event(news: LegNews, call: StoredCall, everyone: tuple[Room, ...], supervisors: tuple[Room, ...]) -> Event:
    leg = news.leg
    theirs = (*supervisors, agent_room(leg.agent_id)) if leg.agent_id else supervisors
    match news.kind:
        case "offered":
            return CallOffered(
                rooms=theirs, interaction_id=call.id, leg_id=leg.id, agent_id=leg.agent_id, version=call.version
            )
        case "answered":
            return CallAnswered(
                rooms=everyone, interaction_id=call.id, leg_id=leg.id, agent_id=leg.agent_id, version=call.version
            )
        case "withdrawn":
            return CallWithdrawn(
                rooms=theirs,
                interaction_id=call.id,
                leg_id=leg.id,
                agent_id=leg.agent_id,
                result=leg.result or LegResult.CANCELLED,
                version=call.version,
            )
        case _:
            assert_never(news.kind)


# By interactions_live_idx; a click-to-call has no boot before the PBX has heard of it.
_LOST = """
SELECT id
FROM interactions
WHERE state <> 'closed' AND state <> 'wrap_up' AND channel = 'call' AND pbx = $1
    AND NOT (external_id = ANY($2::text[]) AND (boot IS NULL OR boot = $3))
    AND (boot IS NOT NULL OR started_at < $4)
ORDER BY id
"""


async def record_lost_calls(
    tx: Transaction, *, pbx: str, boot: str, alive: Collection[str], last_heard: datetime | None
) -> int:
    """Close the calls the PBX no longer knows: their end was not heard, so they are not complete.

    ``alive`` are the Linkedids it does know in this ``boot``. The end is the
    last moment anything was heard of that PBX. Returns how many were closed.
    """
    rows = await tx.fetch(_LOST, pbx, list(alive), boot, tx.now - ORIGINATE_EXPIRY)
    lost = await log.load_calls(tx, [row["id"] for row in rows])
    pairs = [(call, _lost(call, last_heard or tx.now)) for call in lost.values()]
    await log.update_calls(tx, pairs)
    people: set[UUID] = set()
    for call, after in pairs:
        people |= call.people
        rooms = (FLOOR, *_agent_rooms(call.people))
        tx.emit(CallEnded(rooms=rooms, interaction_id=call.id, version=after.version))
    await agents.refresh_phones(tx, people)
    await record_tried(tx, [after for _, after in pairs if was_tried(after)])
    return len(pairs)


def _lost(call: StoredCall, last_heard: datetime) -> StoredCall:
    ended_at = max(last_heard, call.answered_at or call.started_at)
    talked_s = (ended_at - call.answered_at).total_seconds() if call.answered_at else None
    return replace(
        call,
        state=InteractionState.CLOSED,
        outcome=Outcome.ANSWERED if call.answered_at else Outcome.FAILED,
        ended_at=ended_at,
        closed_at=ended_at,
        wait_s=call.wait_s if call.wait_s is not None else (ended_at - call.started_at).total_seconds(),
        talk_s=talked_s,
        client_channel=None,
        complete=False,
        version=call.version + 1,
        stays=joined_stays(call.stays, (), over_at=ended_at),
        legs={uniqueid: _lost_leg(leg, ended_at) for uniqueid, leg in call.legs.items()},
    )


def _lost_leg(leg: StoredLeg, ended_at: datetime) -> StoredLeg:
    if leg.ended_at is not None:
        return leg
    result = LegResult.ANSWERED if leg.answered_at else LegResult.FAILED
    over_at = max(ended_at, leg.offered_at)
    had = joined(leg.had, (), over_at=over_at)
    return replace(leg, ended_at=over_at, result=result, on_hold=False, had=had)


async def record_call_refused(tx: Transaction, interaction_id: UUID) -> None:
    """A call we asked for never came to be: the PBX said no, or was gone too long."""
    calls = await log.load_calls(tx, [interaction_id])
    call = calls.get(interaction_id)
    if call is None or call.is_over:
        return
    after = replace(
        call,
        state=InteractionState.CLOSED,
        outcome=Outcome.FAILED,
        ended_at=tx.now,
        closed_at=tx.now,
        ended_by=EndedBy.SYSTEM,
        wait_s=(tx.now - call.started_at).total_seconds(),
        version=call.version + 1,
    )
    await log.update_calls(tx, [(call, after)])
    tx.emit(CallEnded(rooms=(FLOOR, *_agent_rooms(after.people)), interaction_id=call.id, version=after.version))
    await record_tried(tx, [after])


def _agent_rooms(people: Iterable[UUID]) -> list[Room]:
    return [agent_room(person) for person in people]
