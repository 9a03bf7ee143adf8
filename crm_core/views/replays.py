"""Last month under this policy, told from the log; nothing is written.

Its honest limits: who was at the desk is known since the log of states began,
and before its first word a person counts as away. Teams, service classes,
stages of leads, skills and hours are those of today. Whoever would have got a
promise is taken to have reached the client when the client was really reached.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import asyncpg

from crm_core.domain.distribution import Candidate, Strategy
from crm_core.domain.errors import InputRejected, NotFound
from crm_core.domain.past_floor import PastFloor, PastPerson
from crm_core.domain.policies import Policy
from crm_core.domain.policy_warnings import consider
from crm_core.domain.replays import (
    USUAL_MANNER,
    Manner,
    Past,
    PastPromise,
    Replay,
    WouldMove,
    concerned_by,
    replay,
)
from crm_core.domain.viewer import Viewer
from crm_core.store import policies as stored_policies
from crm_core.store import replays as store
from crm_core.store.database import Database, Reader
from crm_core.store.outages import Outages, outages
from crm_core.views.model import WireModel

LONGEST = timedelta(days=100)
#: A call centre of a hundred people makes fewer in a month.
MOST_PROMISES = 50_000
#: So many moves are told one by one.
SHOWN_MOVES = 500
#: What one statement may take, and what the rehearsal may.
STATEMENT_S = 10.0
PATIENCE_S = 15.0

#: One at a time: it is the only work of the program that keeps a processor busy.
_REHEARSALS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="replay")


class ReplayTooLong(InputRejected):
    """There is too much in this time to try a rule on; choose a shorter one."""

    code = "replay_too_long"


class ReplayPeriodRejected(InputRejected):
    """A rule is tried on a time that has passed, up to a hundred days of it."""

    code = "replay_period_rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReplay:
    """A rule, the time it is tried on, and what would be otherwise; None: as the teams have it."""

    policy: Policy
    since: datetime
    until: datetime
    strategy: Strategy | None = None
    load_cap: int | None = None
    hourly_cap: int | None = None


class ReplayedMove(WireModel):
    """A promise that would have moved; to nobody: the supervisor would have been told."""

    callback_id: UUID
    client_id: UUID | None
    client_name: str | None
    due_at: datetime
    at: datetime
    late_s: float
    from_agent_id: UUID
    from_name: str
    to_agent_id: UUID | None
    to_name: str | None


class ReplayedShare(WireModel):
    """How many promises one person would have received, or lost."""

    agent_id: UUID
    name: str
    count: int


class PolicyReplay(WireModel):
    """What the rule would have done.

    ``overdue``: promises whose grace would have ended before the client was reached. ``nobody``: those of
    them for which nobody could have been found. ``moves``: the first 500; ``truncated`` when there are more.
    ``known_from``: since when it is known who was at the desk; null: it is not. Before that, nobody was.
    """

    concerned: int
    overdue: int
    moved: int
    nobody: int
    moves: list[ReplayedMove]
    truncated: bool
    given: list[ReplayedShare]
    taken: list[ReplayedShare]
    known_from: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """Everything read; from here on no database is asked."""

    promises: Sequence[PastPromise]
    clients: Mapping[UUID, str]
    people: Sequence[PastPerson]
    names: Mapping[UUID, str]
    outages: Outages
    manners: Mapping[UUID, Manner]
    talks: store.Talks | None
    known_from: datetime | None


async def find_policy(db: Reader, name: str) -> Policy:
    """The newest version of this rule.

    Raises:
        NotFound: there is none.
    """
    for policy in await stored_policies.newest(db):
        if policy.name == name:
            return policy
    raise NotFound("There is no such rule.")


async def replay_policy(database: Database, viewer: Viewer, asked: AskedReplay) -> PolicyReplay:
    """What the rule would have done, to the promises the viewer may see.

    Raises:
        PolicyRejected, CalendarHasNoHours: the rule cannot be.
        ReplayPeriodRejected, ReplayTooLong: the time cannot be looked at.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_REHEARSALS, lambda: asyncio.run(_replay(database.url, viewer, asked)))


async def _replay(url: str, viewer: Viewer, asked: AskedReplay) -> PolicyReplay:
    """In a thread with a loop and a connection of its own: a month of rows would make calls wait."""
    try:
        async with Database(url, pool_size=1, statement_timeout_s=STATEMENT_S) as own, own.begin() as db:
            _check_period(asked, db.now)
            consider(asked.policy, await stored_policies.facts(db, asked.policy))
            log = await _read(db, asked, None if viewer.sees_everything else viewer.team_id)
    except asyncpg.QueryCanceledError as error:
        raise ReplayTooLong from error
    return _answer(_rehearse(log, asked, monotonic() + PATIENCE_S), log)


def _check_period(asked: AskedReplay, now: datetime) -> None:
    if not asked.since < asked.until or asked.until - asked.since > LONGEST or asked.since >= now:
        raise ReplayPeriodRejected(field="from", most=LONGEST.total_seconds())


async def _read(db: Reader, asked: AskedReplay, team_id: UUID | None) -> _Log:
    since, until = asked.since, asked.until
    names = await store.names(db)
    found = await store.promises_due(db, since, until, team_id=team_id, most=MOST_PROMISES + 1)
    if len(found.promises) > MOST_PROMISES:
        raise ReplayTooLong(most=MOST_PROMISES)
    concerned = concerned_by(asked.policy, found.promises, await stored_policies.newest(db))
    manners = {team: _asked_manner(manner, asked) for team, manner in (await store.manners(db)).items()}
    best_fit = any(manner.strategy is Strategy.BEST_FIT for manner in manners.values())
    return _Log(
        promises=concerned,
        clients=found.clients,
        people=await store.people_of(db, since, until),
        names=names,
        outages=await outages(db, names, since=since, now=until),
        manners=manners,
        talks=await store.talks_with(db, found.clients) if best_fit else None,
        known_from=await store.known_from(db),
    )


def _asked_manner(manner: Manner, asked: AskedReplay) -> Manner:
    limits = replace(
        manner.limits,
        load_cap=asked.load_cap if asked.load_cap is not None else manner.limits.load_cap,
        hourly_cap=asked.hourly_cap if asked.hourly_cap is not None else manner.limits.hourly_cap,
    )
    return Manner(strategy=asked.strategy or manner.strategy, limits=limits)


def _rehearse(log: _Log, asked: AskedReplay, give_up_at: float) -> Replay:
    """A thread cannot be stopped from outside, so it looks at the clock itself."""
    floor = PastFloor(log.people, asked.since, asked.until)
    calendars = {person.agent_id: person.calendar for person in log.people}
    manner_of = _manner_of(log, asked)

    def people(promise: PastPromise, at: datetime, more: Mapping[UUID, int]) -> list[Candidate]:
        if monotonic() > give_up_at:
            raise ReplayTooLong
        talked = log.talks.of_client.get(promise.client_id) if log.talks and promise.client_id else None
        strategy = manner_of(promise).strategy
        return floor.candidates(
            at, team_id=promise.team_id, strategy=strategy, languages=promise.languages, talked=talked, more=more
        )

    past = Past(
        people=people,
        until=asked.until,
        arrivals=floor.arrivals,
        gaps_of=lambda promise, owner_id: log.outages.of(owner_id, promise.via),
        calendar_of=calendars.get,
        manner_of=manner_of,
    )
    return replay(log.promises, asked.policy, past)


def _manner_of(log: _Log, asked: AskedReplay) -> Callable[[PastPromise], Manner]:
    usual = _asked_manner(USUAL_MANNER, asked)

    def manner_of(promise: PastPromise) -> Manner:
        return log.manners.get(promise.team_id, usual) if promise.team_id else usual

    return manner_of


def _answer(told: Replay, log: _Log) -> PolicyReplay:
    promises = {promise.id: promise for promise in log.promises}
    return PolicyReplay(
        concerned=told.concerned,
        overdue=told.overdue,
        moved=told.moved,
        nobody=told.nobody,
        moves=[_move(move, promises[move.callback_id], log) for move in told.moves[:SHOWN_MOVES]],
        truncated=len(told.moves) > SHOWN_MOVES,
        given=_shares(told.given, log.names),
        taken=_shares(told.taken, log.names),
        known_from=log.known_from,
    )


def _move(move: WouldMove, promise: PastPromise, log: _Log) -> ReplayedMove:
    return ReplayedMove(
        callback_id=move.callback_id,
        client_id=promise.client_id,
        client_name=log.clients.get(promise.client_id) if promise.client_id else None,
        due_at=promise.due_at,
        at=move.at,
        late_s=move.late.total_seconds(),
        from_agent_id=move.from_agent_id,
        from_name=log.names[move.from_agent_id],
        to_agent_id=move.to_agent_id,
        to_name=log.names[move.to_agent_id] if move.to_agent_id else None,
    )


def _shares(counted: Counter[UUID], names: Mapping[UUID, str]) -> list[ReplayedShare]:
    """The largest first."""
    ordered = sorted(counted.items(), key=lambda share: (-share[1], names[share[0]]))
    return [ReplayedShare(agent_id=agent_id, name=names[agent_id], count=count) for agent_id, count in ordered]
