"""The watchdog's half that is about promises: reminded, told, given back what outages took, moved, unlocked.

One transaction for one batch. The rows are held while it is decided, so of any
number of nodes one does it, and a contact that keeps a promise at that moment
waits its turn or comes first. What happens is decided by ``next_step`` and
``choose_agent`` and stored with everything it was decided by. A promise that
cannot be judged (its rules cannot be read) stops nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from crm_core.actions import leads
from crm_core.actions.callbacks import announce
from crm_core.actions.choosing import choose
from crm_core.domain.callbacks import CLAIM_LEASE, CallbackState, HistoryReason
from crm_core.domain.distribution import Choice, Strategy
from crm_core.domain.events import (
    FLOOR,
    CallbackChanged,
    CallbackDueSoon,
    CallbackMoved,
    CallbackStuck,
    Room,
    agent_room,
    team_room,
)
from crm_core.domain.explanations import MoveStory, move_record, move_sentence, nobody_record
from crm_core.domain.leads import LeadReason
from crm_core.domain.needs import Wanted
from crm_core.domain.outages import Gap
from crm_core.domain.policies import Moments, Rules, moments, rules_among
from crm_core.domain.rosters import Roster
from crm_core.domain.watching import (
    Claim,
    Extend,
    Hold,
    Move,
    Notify,
    NotifyReason,
    Unlock,
    Wait,
    Warn,
    WatchedCallback,
    next_step,
)
from crm_core.domain.words import Words
from crm_core.domain.working_time import Calendar
from crm_core.store import policies
from crm_core.store import watch as store
from crm_core.store.calendars import calendar_of_owner, calendars_of_agents
from crm_core.store.candidates import Field, gather, talked_with
from crm_core.store.database import Transaction
from crm_core.store.outages import Outages, outages
from crm_core.store.watch import Around, DueCallback, KnownCall, Turn, Written

logger = structlog.get_logger(__name__)

#: What is held because of a call is looked at again this often, and at the end of the call at the latest.
LOOK_AGAIN = timedelta(seconds=2)
#: While nobody is eligible it is tried this often, even if nobody told us of a change.
RETRY_AFTER = timedelta(seconds=60)

_Talked = Mapping[UUID, Mapping[UUID, datetime]]  # with which client, who and when

_ALONG = Words(ru="Перешёл вместе с опоздавшим обещанием.", en="It went along with a late promise.")


async def watch_due(tx: Transaction, limit: int, *, zone: ZoneInfo) -> int:
    """Do what is due, the oldest first; how many there were. ``zone``: on whose clock times are told."""
    due = await store.claim_due(tx, limit)
    if due:
        await (await _Batch.read(tx, due, zone)).settle()
    return len(due)


async def watch_waiting(tx: Transaction, limit: int, *, zone: ZoneInfo) -> int:
    """Try again what nobody could take; how many found somebody, or are not waiting any more."""
    waiting = await store.claim_waiting(tx, limit)
    if not waiting:
        return 0
    batch = await _Batch.read(tx, waiting, zone)
    await batch.settle()
    return sum(written.nobody_since is None for written in batch.written)


@dataclass(slots=True, kw_only=True)
class _Look:
    """One promise while it is looked at."""

    due: DueCallback
    around: Around
    rules: Rules
    watched: WatchedCallback
    written: Written
    gaps: Sequence[Gap]
    calendar: Calendar | None
    move: Move | None = None
    warned: bool = False
    notified: bool = False


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What is known of a batch of promises, and what becomes of it."""

    tx: Transaction
    zone: ZoneInfo
    due: list[DueCallback]
    around: dict[UUID, Around]
    rules: dict[tuple[tuple[str, int], ...], Rules]  # by the versions of a promise
    calls: list[KnownCall]
    outages: Outages
    calendars: dict[UUID, Calendar]
    written: list[Written] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    roster: Roster

    @classmethod
    async def read(cls, tx: Transaction, due: list[DueCallback], zone: ZoneInfo) -> _Batch:
        owners = {one.agent_id for one in due if one.agent_id is not None}
        since = min(min(one.due_at, one.grace_from or one.due_at) for one in due)
        versions = {pair for one in due for pair in one.versions}
        known = await policies.of_versions(tx, versions)
        return cls(
            tx=tx,
            zone=zone,
            due=due,
            around=await store.around(tx, [one.id for one in due]),
            rules={
                of: rules_among(known[pair] for pair in of if pair in known) for of in {one.versions for one in due}
            },
            calls=await store.live_calls(tx),
            outages=await outages(tx, owners, since=since, now=tx.now),
            calendars=await calendars_of_agents(tx, owners),
            roster=Roster(tx.now),
        )

    async def settle(self) -> None:
        """Decide about each, store it, and tell those whom it concerns."""
        looks = [look for one in self.due if (look := await self._look(one)) is not None]
        moving = [look for look in looks if look.move is not None]
        chosen = await self._move_all(moving) if moving else {}
        await store.write(self.tx, self.written, self.turns, self.roster)
        await self._take_leads_along(look for look in moving if look.due.id in chosen)
        await self._tell(looks, chosen)

    async def _look(self, due: DueCallback) -> _Look | None:
        written = _as_read(due)
        self.written.append(written)
        try:
            look = await self._judged(due, written)
            self._decide(look)
        except Exception:  # one promise that cannot be judged must not hold up the others
            logger.exception("a promise cannot be judged", action="promise_unjudged", callback_id=str(due.id))
            written.next_at = self.tx.now + RETRY_AFTER
            return None
        return look

    async def _judged(self, due: DueCallback, written: Written) -> _Look:
        calendar = (
            self.calendars.get(due.agent_id) if due.agent_id else await calendar_of_owner(self.tx, None, due.queue)
        )
        return _Look(
            due=due,
            around=self.around[due.id],
            rules=self.rules[due.versions],
            watched=_watched(due, self.calls),
            written=written,
            gaps=self.outages.of(due.agent_id, due.via),
            calendar=calendar,
        )

    def _decide(self, look: _Look) -> None:
        """Step after step, until there is nothing more to do now."""
        now, written = self.tx.now, look.written
        while True:
            step = next_step(look.rules.moving, look.watched, now, look.gaps, calendar=look.calendar)
            match step:
                case Wait(until=until):
                    written.next_at = until
                    return
                case Hold(until=until):
                    written.next_at = min(until or now + LOOK_AGAIN, now + LOOK_AGAIN)
                    return
                case Move():
                    look.move = step
                    written.escalate_at, written.forgiven_s = step.escalate_at, step.forgiven.total_seconds()
                    return
                case Warn():
                    written.warned_at, look.warned = now, True
                    look.watched = replace(look.watched, warned=True)
                case Notify(reason=reason):
                    written.told.append(reason)
                    look.notified = True
                    look.watched = replace(look.watched, told=look.watched.told | {reason})
                case Unlock():
                    written.unlocked_at = now
                    look.watched = replace(look.watched, unlocked=True)
                case Extend(escalate_at=escalate_at, forgiven=forgiven):
                    written.escalate_at, written.forgiven_s = escalate_at, forgiven.total_seconds()
                    later = replace(look.watched.moments, escalate_at=escalate_at)
                    look.watched = replace(look.watched, moments=later, forgiven=forgiven)
                case _:
                    assert_never(step)
            written.news = True

    async def _move_all(self, moving: list[_Look]) -> dict[UUID, Words]:
        """Find somebody for each, one after the other: what one is given counts for the next. Who moved, and why."""
        people = await gather(self.tx)
        lost = await store.lost_by(self.tx, [look.due.id for look in moving])
        talked = await self._talked(moving, people)
        explained: dict[UUID, Words] = {}
        for look in moving:
            choice = self._choose(look, people, lost.get(look.due.id, {}), talked)
            story = self._story(look, choice)
            sentence = move_sentence(story, self.zone)
            if choice.chosen is None:
                self._leave(look, choice, sentence)
            else:
                await self._give(look, story, choice.chosen.agent_id, sentence)
                people.note_given(choice.chosen.agent_id, self.tx.now)
                explained[look.due.id] = sentence
        await people.write_turns(self.tx)
        return explained

    def _choose(self, look: _Look, people: Field, lost: Mapping[UUID, datetime], talked: _Talked) -> Choice:
        due, around, policy = look.due, look.around, look.rules.moving
        assert policy is not None, "only a rule that moves has moved it"
        wanted = Wanted(
            from_agent_id=due.agent_id,
            team_id=around.team_id,
            skills=around.skills,
            language=around.language,
            destination=around.destination,
            cooldown=policy.cooldown,
        )
        known = talked.get(due.client_id, {}) if due.client_id else {}
        return choose(people, wanted, self.tx.now, lost=lost, talked=known)

    async def _talked(self, moving: Iterable[_Look], people: Field) -> _Talked:
        """Who has talked with whose client; only the best fit asks for it."""
        asking = (look for look in moving if people.terms_of(look.around.team_id).strategy is Strategy.BEST_FIT)
        return await talked_with(self.tx, [look.due.client_id for look in asking if look.due.client_id is not None])

    def _story(self, look: _Look, choice: Choice) -> MoveStory:
        due = look.due
        assert look.rules.moving is not None
        assert look.move is not None
        return MoveStory(
            at=self.tx.now,
            policy=look.rules.moving,
            promised_at=due.created_at,
            due_at=due.due_at,
            grace_from=look.watched.moments.grace_from,
            warned_at=look.written.warned_at,
            move=look.move,
            gaps=look.gaps,
            from_agent_id=due.agent_id,
            from_name=look.around.owner_name or "",
            choice=choice,
        )

    def _leave(self, look: _Look, choice: Choice, sentence: Words) -> None:
        """It stays where it is, and its supervisor must know; tried again when somebody may be free."""
        again = [choice.try_again_at, look.watched.moments.takeover_at, self.tx.now + RETRY_AFTER]
        look.written.next_at = min(at for at in again if at is not None and at > self.tx.now)
        look.written.stuck = {"words": sentence.as_json(), "reasons": nobody_record(choice)}
        look.written.news = look.written.news or look.due.nobody_since is None
        look.written.nobody_since = look.due.nobody_since or self.tx.now

    async def _give(self, look: _Look, story: MoveStory, agent_id: UUID, sentence: Words) -> None:
        calendar = await calendar_of_owner(self.tx, agent_id) if _counts_working_time(look.rules) else None
        made = moments(look.rules, look.due.due_at, since=self.tx.now, calendar=calendar)
        written = look.written
        written.agent_id, written.moved, written.news = agent_id, True, True
        written.moves += 1
        written.forgiven_s, written.warned_at, written.nobody_since = 0.0, None, None
        written.grace_from, written.warn_at, written.notify_at = made.grace_from, made.warn_at, made.notify_at
        written.escalate_at = made.escalate_at
        pending = (made.escalate_at, look.due.takeover_at if written.unlocked_at is None else None)
        written.next_at = min((at for at in pending if at is not None), default=None)
        self.turns.append(
            Turn(
                callback_id=look.due.id,
                agent_id=agent_id,
                reason=HistoryReason.LATE,
                words=sentence.as_json(),
                record=move_record(story, self.zone, self.roster),
            )
        )

    async def _take_leads_along(self, moved: Iterable[_Look]) -> None:
        for look in moved:
            due, agent_id = look.due, look.written.agent_id
            if due.agent_id is not None and agent_id is not None and (due.lead_id or due.client_id):
                await leads.go_along(
                    self.tx,
                    due.agent_id,
                    agent_id,
                    lead_id=due.lead_id,
                    client_id=due.client_id,
                    reason=LeadReason.MOVED,
                    explanation=_ALONG,
                )

    async def _tell(self, looks: list[_Look], explained: dict[UUID, Words]) -> None:
        changed = [look for look in looks if look.written.news or look.warned]
        people = {person for look in changed for person in _concerned(look)}
        teams = await store.teams_of(self.tx, people) if people else {}
        for look in changed:
            explanation = explained.get(look.due.id)
            version = look.written.version + int(look.written.news)
            if look.due.agent_id is None:  # a queue's: its people hear of it as well
                await announce(self.tx, look.due.id, version=version)
            rooms = _rooms(look, teams)
            self._say(look, rooms, version, explanation)

    def _say(self, look: _Look, rooms: tuple[Room, ...], version: int, explanation: Words | None) -> None:
        due, written = look.due, look.written
        if explanation is not None and due.agent_id is not None:
            assert written.agent_id is not None
            self.tx.emit(
                CallbackMoved(
                    rooms=rooms,
                    callback_id=due.id,
                    from_agent_id=due.agent_id,
                    to_agent_id=written.agent_id,
                    explanation=explanation.en,
                    version=version,
                )
            )
        elif due.agent_id is not None:
            self.tx.emit(CallbackChanged(rooms=rooms, callback_id=due.id, version=version))
        if look.warned and explanation is None and due.agent_id is not None:
            owner = (agent_room(due.agent_id),)
            self.tx.emit(CallbackDueSoon(rooms=owner, callback_id=due.id, due_at=due.due_at, version=version))
        if look.notified or (written.nobody_since is not None and due.nobody_since is None):
            since = written.nobody_since or self.tx.now
            above = tuple(room for room in rooms if not room.startswith("agent:"))
            self.tx.emit(CallbackStuck(rooms=above, callback_id=due.id, since=since, version=version))


def _as_read(due: DueCallback) -> Written:
    return Written(
        id=due.id,
        version=due.version,
        agent_id=due.agent_id,
        grace_from=due.grace_from,
        warn_at=due.warn_at,
        notify_at=due.notify_at,
        escalate_at=due.escalate_at,
        next_at=None,
        forgiven_s=due.forgiven_s,
        moves=due.moves,
        warned_at=due.warned_at,
        told=list(due.told),
        unlocked_at=due.unlocked_at,
        nobody_since=due.nobody_since,
    )


def _watched(due: DueCallback, calls: Sequence[KnownCall]) -> WatchedCallback:
    return WatchedCallback(
        due_at=due.due_at,
        moments=Moments(
            grace_from=due.grace_from or due.due_at,
            warn_at=due.warn_at,
            notify_at=due.notify_at,
            escalate_at=due.escalate_at,
            takeover_at=due.takeover_at,
        ),
        forgiven=timedelta(seconds=due.forgiven_s),
        moves=due.moves,
        warned=due.warned_at is not None,
        told=frozenset(NotifyReason(reason) for reason in due.told),
        unlocked=due.unlocked_at is not None,
        nobody_since=due.nobody_since,
        claim=_claim(due),
        live_calls=tuple(known.call for known in calls if known.is_with(due)),
    )


def _claim(due: DueCallback) -> Claim | None:
    if due.state != CallbackState.CLAIMED or due.claimed_at is None or due.claimed_until is None:
        return None
    # Claimed again and again it holds off colleagues, but not the move.
    return Claim(at=due.claimed_at, until=min(due.claimed_until, due.claimed_at + CLAIM_LEASE))


def _counts_working_time(rules: Rules) -> bool:
    return any(policy.working_time for policy in rules.all)


def _concerned(look: _Look) -> set[UUID]:
    people = (look.due.agent_id, look.written.agent_id, look.around.owner_id)
    return {person for person in people if person is not None}


def _rooms(look: _Look, teams: dict[UUID, UUID]) -> tuple[Room, ...]:
    people = _concerned(look)
    over = {teams[person] for person in people if person in teams}
    if look.around.team_id is not None:
        over.add(look.around.team_id)
    return (FLOOR, *map(agent_room, people), *map(team_room, over))
