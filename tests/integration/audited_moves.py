"""The audit of a house's moves, from its rows alone: what the watchdogs did, judged by other means than theirs.

Each move is judged once, by how things stood at its moment: the people by the log of their states, the time
by the ledger of gaps, edge by edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from crm_core.domain.callbacks import CLAIM_LEASE
from crm_core.domain.policies import Policy
from crm_core.domain.working_time import add_working_time, is_open, working_time_between
from crm_core.store import policies
from crm_core.store.database import Reader
from tests.integration.restless_house import Claimed, RestlessHouse, Terms, Told

#: What was held is looked at again this often.
LOOK_AGAIN = timedelta(seconds=2)
LONG_PAUSE = timedelta(minutes=10)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)

_PROMISES = """
SELECT owed.id, owed.client_id, client.language, owed.agent_id, owed.state, owed.due_at, owed.grace_from, owed.moves,
       owed.nobody_since, owed.stuck, owed.next_at, owed.kept_in, owed.closed_at, owed.late_s,
       owed.policy_versions[1] AS version, contact.started_at AS kept_by_call_of
FROM callbacks owed
JOIN clients client ON client.id = owed.client_id
LEFT JOIN interactions contact ON contact.id = owed.kept_in
ORDER BY owed.id
"""

_TURNS = """
SELECT callback_id, agent_id, from_at, to_at, reason, by, record->>'from_agent_id' AS taken_from,
       record->>'to_agent_id' AS given_to, (record#>>'{policy,version}')::int AS version,
       (record#>>'{clocks,escalate_at}')::timestamptz AS escalate_at
FROM callback_history
ORDER BY callback_id, from_at, id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Somebody owed it, for a time."""

    callback_id: UUID
    agent_id: UUID
    from_at: datetime
    to_at: datetime | None
    reason: str
    by: UUID | None  # None: nobody of ours decided it
    taken_from: str | None
    given_to: str | None
    version: int | None
    escalate_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A row of ``callbacks`` with its story."""

    id: UUID
    client_id: UUID
    language: str | None
    agent_id: UUID
    state: str
    due_at: datetime
    grace_from: datetime
    moves: int
    nobody_since: datetime | None
    stuck: dict[str, object] | None  # why nobody could take it
    next_at: datetime | None
    kept_in: UUID | None
    closed_at: datetime | None
    late_s: float | None
    version: int
    kept_by_call_of: datetime | None
    turns: Sequence[Turn]

    @property
    def is_owed(self) -> bool:
        return self.state in ("open", "claimed")

    def handed(self, turns: Sequence[Turn], *, decided: bool = True) -> list[Turn]:
        """Through whose hands it has come, without what was undone; not ``decided``: undone by a call alone."""
        hands: list[Turn] = []
        for turn in turns:
            if turn.reason == "undone" and (decided or turn.by is None):
                hands.pop()
                while hands[-1].agent_id != turn.agent_id:
                    hands.pop()
            else:
                hands.append(turn)
        return hands


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the log of states says of somebody."""

    state: str
    present: bool
    at: datetime


@dataclass(slots=True, kw_only=True)
class Audit:
    """What is known of the house at this moment."""

    house: RestlessHouse
    terms: Terms
    promises: dict[UUID, Promise]
    rules: dict[int, Policy]
    gaps: list[tuple[datetime, datetime | None]]
    desks: dict[UUID, list[Desk]]
    absences: dict[UUID, list[tuple[datetime, datetime | None]]]
    speakers: dict[UUID, set[str]]

    @classmethod
    async def read(cls, house: RestlessHouse) -> Audit:
        assert house.terms is not None
        async with house.database.read() as db:
            promises = await _promises(db)
            versions = {(house.terms.policy.name, promise.version) for promise in promises.values()}
            rules = {version: rule for (_, version), rule in (await policies.of_versions(db, versions)).items()}
            audit = cls(
                house=house,
                terms=house.terms,
                promises=promises,
                rules=rules,
                gaps=[(row["from_at"], row["to_at"]) for row in await db.fetch("SELECT from_at, to_at FROM gaps")],
                desks=defaultdict(list),
                absences=defaultdict(list),
                speakers={
                    row["id"]: set(row["languages"]) for row in await db.fetch("SELECT id, languages FROM users")
                },
            )
            for row in await db.fetch("SELECT user_id, state, present, at FROM agent_state_log ORDER BY at"):
                audit.desks[row["user_id"]].append(Desk(state=row["state"], present=row["present"], at=row["at"]))
            for row in await db.fetch("SELECT user_id, from_at, to_at FROM absences"):
                audit.absences[row["user_id"]].append((row["from_at"], row["to_at"]))
        return audit

    def check(self) -> None:
        """What must hold at every moment."""
        for promise in self.promises.values():
            self._adds_up(promise)
            self._kept_or_moved(promise)
            for number, turn in enumerate(promise.turns):
                # By the ledger of that day: a silence is written down from the last beat on, which was before the move.
                if turn.reason == "late" and (promise.id, turn.from_at) not in self.house.judged:
                    self.house.judged.add((promise.id, turn.from_at))
                    self._was_fair(promise, promise.turns[:number], turn)
        self._nobody_was_given_too_much()

    def check_nothing_is_left(self, now: datetime, before: Audit, after: datetime, *, tried_again: bool) -> None:
        """What was over ``now``, before all looked, has moved, is held, has spent its moves, or nobody can take it."""
        # Whoever has less to do since may have had too much when it was asked.
        losers = {one.agent_id for one in before.promises.values() if self.promises[one.id].agent_id != one.agent_id}
        for promise in self.promises.values():
            if not promise.is_owed:
                continue
            assert promise.next_at is None or promise.next_at > now
            rule, hands = self.rules[promise.version], promise.handed(promise.turns)
            over = self._over_at(promise, hands[-1], now)
            if over > now or promise.grace_from > max(promise.due_at, hands[-1].from_at):
                continue
            if len(hands) > (rule.max_moves or 0) or self._is_held(promise, now):
                continue
            if promise.next_at is not None and promise.next_at <= now + LOOK_AGAIN:
                continue  # it was held a moment ago
            assert promise.nobody_since is not None, ("over, and nobody looked", over, now, promise, self.terms)
            if tried_again:
                able = [one for one in self.house.people if self._could_take(promise, one, after + TICK)]
                assert not set(able) - losers, ("somebody could have taken it", able, after, promise, self.terms)

    def over_at(self, promise: Promise, now: datetime) -> datetime:
        """When the time of its present owner is over, as far as is known ``now``."""
        return self._over_at(promise, promise.handed(promise.turns)[-1], now)

    def _adds_up(self, promise: Promise) -> None:
        """One owner at every moment, each from the one before."""
        first, last = promise.turns[0], promise.turns[-1]
        assert first.reason == "promised"
        assert last.agent_id == promise.agent_id
        assert (last.to_at is None) == promise.is_owed
        for earlier, later in pairwise(promise.turns):
            assert earlier.to_at == later.from_at
            assert earlier.agent_id != later.agent_id
            assert earlier.from_at < later.from_at
        assert promise.moves == len(promise.handed(promise.turns)) - 1

    def _kept_or_moved(self, promise: Promise) -> None:
        if promise.state != "kept":
            return
        assert promise.closed_at is not None
        late_s = max((promise.closed_at - promise.due_at).total_seconds(), 0)
        assert abs((promise.late_s or 0) - late_s) < 1e-6
        for turn in promise.handed(promise.turns):
            if turn.reason == "late" and promise.kept_by_call_of is not None:
                assert turn.escalate_at is not None
                assert promise.kept_by_call_of > turn.escalate_at, "kept in time, and moved all the same"

    def _was_fair(self, promise: Promise, before: Sequence[Turn], turn: Turn) -> None:
        rule, hands, at = self.rules[promise.version], promise.handed(before), turn.from_at
        owner = before[-1]
        assert turn.version == promise.version
        assert (turn.taken_from, turn.given_to) == (str(owner.agent_id), str(turn.agent_id))
        assert len(hands) <= (rule.max_moves or 0)
        assert at >= self._over_at(promise, hands[-1], at), ("early", turn, promise, self.gaps, self.terms)
        held_by = list(self._held_by(promise, hands[-1], at))
        assert not held_by, ("somebody was calling", held_by, turn, promise)
        why_not = self._why_not(promise, before, turn.agent_id, at)
        assert why_not is None, (why_not, turn, promise, self.terms)

    def _over_at(self, promise: Promise, turn: Turn, at: datetime) -> datetime:
        """When the time of whoever has it was over, had they been given it at the beginning of ``turn``."""
        rule = self.rules[promise.version]
        clock = self.terms.calendar if rule.working_time else None
        since = max(promise.due_at, turn.from_at)
        lost = sum((working_time_between(clock, begins, ends) for begins, ends in self._lost(since, at)), timedelta())
        return add_working_time(clock, since, rule.grace + lost)

    def _lost(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches between ``since`` and ``until`` that lie in some gap."""
        edges = {since, until} | {
            edge for gap in self.gaps for edge in gap if edge is not None and since < edge < until
        }
        for earlier, later in pairwise(sorted(edges)):
            if any(begins <= earlier and (ends is None or later <= ends) for begins, ends in self.gaps):
                yield earlier, later

    def _held_by(self, promise: Promise, hand: Turn, at: datetime) -> Iterator[Claimed | Told]:
        """What was known for certain before ``at``: somebody talks, or has begun to call in time."""
        over = self._over_at(promise, hand, at)
        for claim in self.house.claims:
            is_known = claim.callback_id == promise.id and claim.known_at < at < claim.at + CLAIM_LEASE
            in_time = hand.from_at <= claim.at <= over
            if is_known and in_time and not self._has_ended_a_call_since(promise, claim.at, at):
                yield claim
        for told in self._calls_with(promise):
            is_live = told.known_at < at and (told.snapshot.ended_at is None or told.snapshot.ended_at > at)
            if is_live and (told.snapshot.started_at <= over or _is_before(told.answer_known_at, at)):
                yield told

    def _is_held(self, promise: Promise, now: datetime) -> bool:
        return promise.state == "claimed" or any(told.snapshot.ended_at is None for told in self._calls_with(promise))

    def _has_ended_a_call_since(self, promise: Promise, claimed_at: datetime, at: datetime) -> bool:
        """Who has called is not calling any more."""
        ends = (told.snapshot.ended_at for told in self._calls_with(promise))
        return any(ended_at is not None and claimed_at <= ended_at <= at for ended_at in ends)

    def _calls_with(self, promise: Promise) -> Iterator[Told]:
        return (told for told in self.house.calls if told.client == promise.client_id)

    def _could_take(self, promise: Promise, person: UUID, at: datetime) -> bool:
        """Beyond doubt."""
        has_room = len(self._holds(person, at, but=promise)) < self.terms.load_cap
        return has_room and self._why_not(promise, promise.turns, person, at) is None

    def _why_not(self, promise: Promise, before: Sequence[Turn], person: UUID, at: datetime) -> str | None:
        """Why this person must not have it then; None: they may, or there is room for doubt."""
        speaks = self.speakers[person]
        lost_at = max(_losses(before, person, at), default=None)
        hindrances = {
            "has it": person == before[-1].agent_id,
            "not at work": not self._is_at_work(person, at),
            "not the language": promise.language is not None and bool(speaks) and promise.language not in speaks,
            "lost it lately": lost_at is not None and at < lost_at + self.rules[promise.version].cooldown,
            # Two give in the order of the lock, not of their clocks; a client whom they have already is no more.
            "holds enough": len(self._holds(person, at, but=promise) | {promise.client_id}) > self.terms.load_cap,
            "was given enough": self._given(person, at - HOUR, at) >= self.terms.hourly_cap,
        }
        return next((why for why, hinders in hindrances.items() if hinders), None)

    def _is_at_work(self, person: UUID, at: datetime) -> bool:
        desk = [desk for desk in self.desks[person] if desk.at <= at][-1]
        absent = any(begins <= at and (ends is None or at < ends) for begins, ends in self.absences[person])
        paused_long = desk.state == "paused" and at - desk.at > LONG_PAUSE
        away = not desk.present or desk.state == "offline" or paused_long or absent
        return not away and is_open(self.terms.calendar, at)

    def _holds(self, person: UUID, at: datetime, *, but: Promise) -> set[UUID]:
        """To which clients they owed something and still do, of what they promised or the watchdogs gave them.

        What was taken from them at that very moment may have been gone before they were asked for.
        """
        return {
            promise.client_id
            for promise in self.promises.values()
            if promise is not but
            for turn in promise.turns
            if turn.agent_id == person
            and turn.reason in ("promised", "late")
            and turn.from_at <= at
            and turn.to_at is None
        }

    def _given(self, person: UUID, since: datetime, until: datetime) -> int:
        """How much the watchdogs gave them between; what a call undid they never were given."""
        return sum(
            turn.reason == "late" and turn.agent_id == person and since < turn.from_at < until
            for promise in self.promises.values()
            for turn in promise.handed(promise.turns, decided=False)
        )

    def _nobody_was_given_too_much(self) -> None:
        """Not even by several watchdogs in the same moment."""
        for promise in self.promises.values():
            for turn in promise.turns:
                if turn.reason == "late":
                    just_after = turn.from_at + TICK
                    assert self._given(turn.agent_id, just_after - HOUR, just_after) <= self.terms.hourly_cap


def _losses(before: Sequence[Turn], person: UUID, at: datetime) -> list[datetime]:
    """When they lost it; what was undone they never had."""
    undone = [later.reason == "undone" for later in before[1:]]
    return [
        turn.to_at or at
        for turn, was_undone in zip(before, [*undone, False], strict=True)
        if turn.agent_id == person and not was_undone
    ]


def _is_before(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment < at


async def _promises(db: Reader) -> dict[UUID, Promise]:
    turns: dict[UUID, list[Turn]] = defaultdict(list)
    for row in await db.fetch(_TURNS):
        turns[row["callback_id"]].append(Turn(**dict(row)))
    return {row["id"]: Promise(**dict(row), turns=turns[row["id"]]) for row in await db.fetch(_PROMISES)}
