"""Conversations are given out, and go on when they are not answered in time: the watchdog's half about the inbox.

One transaction for one batch. A client who waits has a clock, started here; a
conversation that nobody has is offered to whoever fits best of its queue, and
is everybody's of that queue until somebody does. What to do when an answer is
late is decided by the same rules as for promises and stored with everything it
was decided by. One that cannot be judged stops nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from crm_core.actions.choosing import choose
from crm_core.actions.conversation_news import rooms_of_one, tell_changed, touched
from crm_core.domain.answer_words import GivingStory, Late, giving_record, giving_sentence
from crm_core.domain.answering import answer_times
from crm_core.domain.distribution import Choice, Waiting, in_line, weight_of
from crm_core.domain.events import (
    ConversationDueSoon,
    ConversationMoved,
    ConversationStuck,
    Room,
    agent_room,
)
from crm_core.domain.needs import Wanted
from crm_core.domain.outages import Gap
from crm_core.domain.policies import Moments, Policy, Rules, moments, rules_among, rules_for
from crm_core.domain.watching import (
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
from crm_core.domain.working_time import Calendar, CalendarHasNoHours, add_working_time
from crm_core.store import answering as store
from crm_core.store import conversations, inbox, policies
from crm_core.store.answering import Clock, DueConversation
from crm_core.store.calendars import calendar_of_owner
from crm_core.store.candidates import Field, gather, talked_with
from crm_core.store.database import DATABASE_AWAY, Transaction
from crm_core.store.outages import outages
from crm_core.store.watch import KnownCall, live_calls

logger = structlog.get_logger(__name__)

#: While nobody is eligible it is tried this often, even if nobody told us of a change; what has waited for long, as
#: over a night, less and less often.
RETRY_AFTER = timedelta(seconds=60)
SELDOM = timedelta(minutes=10)
#: What is held because of a call is looked at again this often.
LOOK_AGAIN = timedelta(seconds=2)

#: What the supervisor was told, beside a ``NotifyReason``.
_NOBODY = "nobody"
_REASONS = frozenset(NotifyReason)


async def watch_conversations(tx: Transaction, limit: int, *, zone: ZoneInfo) -> int:
    """Do what is due, the oldest and most valuable first; how many there were. ``zone``: in which times are told."""
    due = await store.claim_due(tx, limit)
    if due:
        await (await _Batch.read(tx, due, zone)).settle()
    return len(due)


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What is known of a batch of conversations."""

    tx: Transaction
    zone: ZoneInfo
    due: list[DueConversation]
    newest: list[Policy]
    known: Mapping[tuple[str, int], Policy]
    calls: list[KnownCall]
    gaps: Sequence[Gap]  # of our own
    lost: Mapping[UUID, Mapping[UUID, datetime]]
    people: Field | None = None  # asked for when somebody is to be given something

    @classmethod
    async def read(cls, tx: Transaction, due: list[DueConversation], zone: ZoneInfo) -> _Batch:
        clocks = [one.clock for one in due if one.clock is not None]
        versions = {pair for clock in clocks for pair in clock.versions}
        since = min((clock.moments.grace_from for clock in clocks), default=tx.now)
        giving = [one.id for one in due if one.agent_id is None or one.clock is not None]
        return cls(
            tx=tx,
            zone=zone,
            due=due,
            newest=await policies.newest(tx),
            known=await policies.of_versions(tx, versions) if versions else {},
            calls=await live_calls(tx) if clocks else [],
            gaps=(await outages(tx, (), since=since, now=tx.now)).own if clocks else (),
            lost=await store.lost_by(tx, giving) if giving else {},
        )

    async def settle(self) -> None:
        by_id = {one.id: one for one in self.due}
        waiting = [
            Waiting(id=one.id, since=one.waiting_since or self.tx.now, weight=weight_of(one.service_class))
            for one in self.due
        ]
        for one in in_line(waiting, self.tx.now):
            try:
                async with self.tx.attempt():
                    await self._look(by_id[one.id])
            except DATABASE_AWAY:
                raise
            except Exception:  # one that cannot be judged must not hold up the others
                logger.exception("a conversation cannot be judged", action="conversation_unjudged", id=str(one.id))
                await store.look_again(self.tx, one.id, self.tx.now + RETRY_AFTER, None)
                await self._dismiss_people()  # the lock under which they were read may have gone with it
        await self._dismiss_people()

    async def _dismiss_people(self) -> None:
        if self.people is not None:
            await self.people.write_turns(self.tx)
            self.people = None

    async def _look(self, one: DueConversation) -> None:
        if one.waiting_since is None:
            await store.stop_watching(self.tx, one.id)
            return
        clock = one.clock
        if clock is None:
            clock = await self._start(one, one.waiting_since)
            if one.is_away and await self._give_to_another(one, clock):
                return
        elif one.agent_id is not None and clock.agent_id != one.agent_id:
            await self._to_other_hands(one, clock, one.agent_id)
        if one.agent_id is None:
            await self._give_out(one, clock)
        else:
            await self._go_on(one, clock)

    async def _start(self, one: DueConversation, since: datetime) -> Clock:
        # The hours of its queue are what the client was told; only without one they are those of whoever has it.
        calendar = await calendar_of_owner(self.tx, None if one.queue else one.agent_id, one.queue)
        within = answer_times(one.channel, one.answer_within).of(first=one.answered_at is None)
        around = await policies.surroundings(self.tx, one.client_id, one.agent_id, one.queue)
        rules = rules_for(self.newest, around)
        due_at = _working(calendar, since, within)
        made = _moments(rules, due_at, self.tx.now, calendar)
        clock = await store.start(self.tx, one, since=since, due_at=due_at, rules=rules, moments=made)
        self.known = {**self.known, **{(policy.name, policy.version): policy for policy in rules.all}}
        await tell_changed(self.tx, one.id)
        return clock

    async def _to_other_hands(self, one: DueConversation, clock: Clock, agent_id: UUID) -> None:
        """Whoever has it now has the whole grace: nobody is late with what was not theirs."""
        calendar = await calendar_of_owner(self.tx, agent_id)
        clock.moments = _moments(self._rules(clock), clock.due_at, self.tx.now, calendar)
        clock.agent_id, clock.warned_at, clock.forgiven_s = agent_id, None, 0.0
        clock.told = [reason for reason in clock.told if reason != _NOBODY]

    def _rules(self, clock: Clock) -> Rules:
        return rules_among(self.known[pair] for pair in clock.versions if pair in self.known)

    async def _give_to_another(self, one: DueConversation, clock: Clock) -> bool:
        """Whoever has it is away for days: the client is not to wait until that is late. False: there is nobody."""
        choice = await self._choose(one, capped=False, cooldown=timedelta())
        if choice.chosen is None:
            return False
        await self._give(one, clock, choice, late=None)
        return True

    async def _give_out(self, one: DueConversation, clock: Clock) -> None:
        """Nobody has it yet."""
        choice = await self._choose(one, capped=False, cooldown=timedelta(hours=1))
        if choice.chosen is not None:
            await self._give(one, clock, choice, late=None)
            return
        now = self.tx.now
        if clock.due_at <= now and _NOBODY not in clock.told:
            clock.told.append(_NOBODY)
            await self._tell_stuck(one, one.nobody_since or now)
            await store.write(self.tx, clock)
        again = [choice.try_again_at, clock.due_at, now + self._patience(one)]
        at = min(at for at in again if at is not None and at > now)
        await store.look_again(self.tx, one.id, at, one.nobody_since or now)

    async def _go_on(self, one: DueConversation, clock: Clock) -> None:
        """Step after step, until there is nothing more to do now."""
        tx, now, policy = self.tx, self.tx.now, self._rules(clock).moving
        calendar = await calendar_of_owner(tx, one.agent_id)
        while True:
            match next_step(policy, self._watched(one, clock), now, self.gaps, calendar=calendar):
                case Wait(until=until):
                    await store.write(tx, clock)
                    await store.look_again(tx, one.id, until, None)
                    return
                case Hold(until=until):
                    await store.write(tx, clock)
                    await store.look_again(tx, one.id, min(until or now + LOOK_AGAIN, now + LOOK_AGAIN), None)
                    return
                case Move() as move:
                    await self._move(one, clock, move)
                    return
                case Warn():
                    clock.warned_at = now
                    await self._warn(one, clock)
                case Notify(reason=reason):
                    clock.told.append(reason)
                    await self._tell_stuck(one, clock.due_at)
                case Extend(escalate_at=escalate_at, forgiven=forgiven):
                    clock.moments = replace(clock.moments, escalate_at=escalate_at)
                    clock.forgiven_s = forgiven.total_seconds()
                case Unlock():
                    raise AssertionError("a supervisor may take any conversation at any time")
                case other:
                    assert_never(other)

    def _watched(self, one: DueConversation, clock: Clock) -> WatchedCallback:
        calls = [known.call for known in self.calls if one.client_id is not None and known.client_id == one.client_id]
        return WatchedCallback(
            due_at=clock.due_at,
            moments=clock.moments,
            forgiven=timedelta(seconds=clock.forgiven_s),
            moves=clock.moves,
            warned=clock.warned_at is not None,
            told=frozenset(NotifyReason(reason) for reason in clock.told if reason in _REASONS),
            nobody_since=one.nobody_since,
            live_calls=tuple(calls),
        )

    async def _move(self, one: DueConversation, clock: Clock, move: Move) -> None:
        policy = self._rules(clock).moving
        assert policy is not None, "only a rule that moves has moved it"
        clock.moments = replace(clock.moments, escalate_at=move.escalate_at)
        clock.forgiven_s = move.forgiven.total_seconds()
        choice = await self._choose(one, capped=True, cooldown=policy.cooldown)
        if choice.chosen is not None:
            clock.moves += 1
            await self._give(one, clock, choice, late=Late(name=one.agent_name or "", policy=policy, move=move))
            return
        if one.nobody_since is None:
            await self._tell_stuck(one, self.tx.now)
        await store.write(self.tx, clock)
        later = self.tx.now + self._patience(one)
        again = min(choice.try_again_at or later, later)
        await store.look_again(self.tx, one.id, again, one.nobody_since or self.tx.now)

    def _patience(self, one: DueConversation) -> timedelta:
        waited = self.tx.now - (one.nobody_since or self.tx.now)
        return min(max(waited / 4, RETRY_AFTER), SELDOM)

    async def _choose(self, one: DueConversation, *, capped: bool, cooldown: timedelta) -> Choice:
        if self.people is None:
            self.people = await gather(self.tx)
        wanted = Wanted(
            from_agent_id=one.agent_id,
            team_id=one.queue_team_id or one.team_id,
            skills=(),
            language=one.language,
            destination=None,
            cooldown=cooldown,
            only=one.members,
        )
        talked = (await talked_with(self.tx, [one.client_id])).get(one.client_id, {}) if one.client_id else {}
        return choose(self.people, wanted, self.tx.now, lost=self.lost.get(one.id, {}), talked=talked, capped=capped)

    async def _give(self, one: DueConversation, clock: Clock, choice: Choice, *, late: Late | None) -> None:
        tx, now, chosen = self.tx, self.tx.now, choice.chosen
        assert chosen is not None
        assert self.people is not None
        away = one.agent_name if late is None else None
        story = GivingStory(at=now, since=clock.since, due_at=clock.due_at, choice=choice, late=late, away=away)
        words, record = giving_sentence(story, self.zone), giving_record(story, self.zone)
        before = await rooms_of_one(tx, one.id)
        await inbox.assign(tx, one.id, chosen.agent_id)
        await conversations.open_turn(tx, one.id, chosen.agent_id, words=words, by=None, record=record)
        if late is None:
            self.people.note_fresh(chosen.agent_id, now)
        else:
            self.people.note_given(chosen.agent_id, now)
        await self._to_other_hands(one, clock, chosen.agent_id)
        await store.write(tx, clock)
        await store.look_again(tx, one.id, clock.moments.first, None)
        await self._tell_moved(one, chosen.agent_id, words, before)

    async def _tell_moved(self, one: DueConversation, agent_id: UUID, words: Words, before: tuple[Room, ...]) -> None:
        version, rooms = await touched(self.tx, one.id)
        self.tx.emit(
            ConversationMoved(
                rooms=tuple({*before, *rooms}),
                interaction_id=one.id,
                from_agent_id=one.agent_id,
                to_agent_id=agent_id,
                words=words.as_json(),
                version=version,
            )
        )

    async def _warn(self, one: DueConversation, clock: Clock) -> None:
        assert one.agent_id is not None
        version, _ = await touched(self.tx, one.id)
        self.tx.emit(
            ConversationDueSoon(
                rooms=(agent_room(one.agent_id),), interaction_id=one.id, due_at=clock.due_at, version=version
            )
        )

    async def _tell_stuck(self, one: DueConversation, since: datetime) -> None:
        version, rooms = await touched(self.tx, one.id)
        above = tuple(room for room in rooms if not room.startswith("agent:"))
        self.tx.emit(ConversationStuck(rooms=above, interaction_id=one.id, since=since, version=version))


def _working(calendar: Calendar | None, since: datetime, span: timedelta) -> datetime:
    """A calendar without any hours is an administrator's slip: the client still waits."""
    try:
        return add_working_time(calendar, since, span)
    except CalendarHasNoHours:
        return since + span


def _moments(rules: Rules, due_at: datetime, since: datetime, calendar: Calendar | None) -> Moments:
    try:
        return moments(rules, due_at, since=since, calendar=calendar)
    except CalendarHasNoHours:
        return moments(rules, due_at, since=since)
