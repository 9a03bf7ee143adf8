"""Promises of the demo: what is owed around now, what moved today and why, tails; and colleagues who keep theirs.

The moves are explained by the engine that explains real ones, from what
everybody is said to have been at. Managers at whose desks nobody sits call in
time, as real ones do, and promise again; only those of the desk that visitors
sit down at wait for them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import callbacks
from crm_core.domain.callbacks import HistoryReason, LateBy
from crm_core.domain.distribution import Candidate, History, Need, Strategy, choose_agent
from crm_core.domain.explanations import MoveStory, move_record, move_sentence
from crm_core.domain.ids import new_id
from crm_core.domain.people import AgentState, Role
from crm_core.domain.policies import Policy
from crm_core.domain.rosters import Roster
from crm_core.domain.viewer import Viewer
from crm_core.domain.watching import Move
from crm_core.store import policies, rosters
from crm_core.store.database import Transaction, to_json
from gateway.demo.company import CLIENTS, EMPLOYEES, SALES

#: Whoever tries the demo sits down here first.
VISITOR = "dinara"

#: How long before its deadline a promise was given.
_GIVEN_BEFORE = timedelta(minutes=50)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
#: A colleague's promise is kept when it is so late; much older ones are tails, and left alone.
_KEPT_WHEN_LATE_BY = timedelta(minutes=3)
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Owed:
    """What was promised to whom by whom; ``due`` from now, negative is the past."""

    tail: str  # of the client's number
    login: str
    subject: str
    due: timedelta
    policy: str | None = None  # one that does not move it leaves it where it is


_OWED: tuple[Owed, ...] = (
    Owed("1912", "ruslan", "Прислать склоны в Гудаури", 25 * _MINUTE),
    Owed("1412", "ruslan", "Сверить паспорта", 31 * _MINUTE),
    Owed("9012", "ruslan", "Смета на корпоратив", 80 * _MINUTE),
    Owed("3412", "aliya", "Договор на Нячанг", 12 * _MINUTE),
    Owed("2278", "aliya", "Ответить по визе", 52 * _MINUTE),
    Owed("1534", "timur", "Сравнить два отеля на Бали", 38 * _MINUTE),
    Owed("2390", "timur", "Перелёт в Токио", 95 * _MINUTE),
    Owed("7345", "elena", "Трансфер до Патонга", 20 * _MINUTE),
    Owed("3278", "farida", "Экскурсия в Луксор", 66 * _MINUTE),
    Owed("1778", "aliya", "Варианты на Фукуок", -6 * _DAY, "soft-72h"),
    Owed("1890", "timur", "Возврат за тур", -4 * _DAY, "soft-72h"),
    Owed("3390", "timur", "Перезвонить о рассрочке", -3 * _DAY - 2 * _MINUTE, "soft-72h"),
)


@dataclass(frozen=True, slots=True)
class Moved:
    """A promise of the morning that went to a colleague ``ago``, ten minutes after its deadline."""

    tail: str
    login: str
    subject: str
    ago: timedelta
    is_kept: bool


_MOVED: tuple[Moved, ...] = (
    Moved("1656", "ruslan", "Дети и прививки для Хайнаня", 3 * _MINUTE, is_kept=False),
    Moved("2656", "timur", "Поздний выезд из Белека", 47 * _MINUTE, is_kept=True),
)

#: What everybody was at when those moved: state, since how many minutes, and how many clients they have.
_WERE_AT: Mapping[str, tuple[AgentState, int, int]] = {
    "dinara": (AgentState.AVAILABLE, 8, 47),
    "ruslan": (AgentState.TALKING, 26, 52),
    "aliya": (AgentState.AVAILABLE, 2, 56),
    "timur": (AgentState.PAUSED, 39, 41),
}

_SUBJECTS = ("Уточнить даты", "Прислать ещё один вариант", "Подтвердить бронь", "Спросить о документах")

_LATE_OF_COLLEAGUES = """
SELECT callback.id, callback.agent_id, callback.client_id
FROM callbacks callback
JOIN users person ON person.id = callback.agent_id
LEFT JOIN agent_states state ON state.user_id = person.id
WHERE callback.state = 'open' AND callback.client_id IS NOT NULL AND callback.due_at BETWEEN $1 AND $2
    AND person.login <> $3 AND NOT COALESCE(state.present, false)
ORDER BY callback.due_at
LIMIT $4
"""

# Nobody can promise for a moment that has passed: it is promised for now, and all its moments are moved back.
_BACKDATE = """
UPDATE callbacks
SET created_at = $2, due_at = due_at - back, escalate_at = escalate_at - back, takeover_at = takeover_at - back,
    grace_from = grace_from - back, warn_at = warn_at - back, notify_at = notify_at - back, next_at = next_at - back
FROM (SELECT $3::interval AS back) AS by
WHERE id = $1
"""
_BACKDATE_HISTORY = "UPDATE callback_history SET from_at = $2 WHERE callback_id = $1"

_END_TURN = "UPDATE callback_history SET to_at = $2 WHERE callback_id = $1 AND to_at IS NULL"

_BEGIN_TURN = """
INSERT INTO callback_history
    (id, callback_id, agent_id, from_at, reason, explanation, words, record, roster_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

# The new owner has the whole grace from when it came to them.
_GIVE = """
UPDATE callbacks
SET agent_id = $2, moves = moves + 1, grace_from = $3::timestamptz, escalate_at = $3 + (escalate_at - due_at),
    version = version + 1
WHERE id = $1
"""


async def seed_promises(tx: Transaction, known: Mapping[str, UUID], people: Mapping[str, UUID], zone: ZoneInfo) -> None:
    """Fill the boards; ``known`` are the clients by the last digits of their numbers."""
    for client in CLIENTS:
        if client.promise is not None and client.owner is not None:
            subject, minutes = client.promise
            await _promise(tx, known, people, Owed(client.tail, client.owner, subject, minutes * _MINUTE))
    for owed in _OWED:
        await _promise(tx, known, people, owed)
    rule = next(one for one in await policies.newest(tx) if one.name == "strict-10m")
    for moved in _MOVED:
        due = -moved.ago - rule.grace
        callback_id = await _promise(tx, known, people, Owed(moved.tail, moved.login, moved.subject, due))
        await _move(tx, callback_id, moved, people, rule, zone)


async def keep_for_colleagues(tx: Transaction, story: random.Random) -> None:
    """Managers who are not signed in call whom they are late with, and promise what comes next."""
    late = (tx.now - _DAY, tx.now - _KEPT_WHEN_LATE_BY)
    for row in await tx.fetch(_LATE_OF_COLLEAGUES, *late, VISITOR, _AT_ONCE):
        manager = Viewer(user_id=row["agent_id"], role=Role.AGENT, team_id=None)
        await callbacks.keep(tx, row["id"], manager)
        await callbacks.promise(
            tx,
            client_id=row["client_id"],
            due_at=tx.now + timedelta(minutes=story.randint(8, 100)),
            subject=story.choice(_SUBJECTS),
            via="call",
            agent_id=row["agent_id"],
            promised_in=None,
            by=None,
        )


async def _promise(tx: Transaction, known: Mapping[str, UUID], people: Mapping[str, UUID], owed: Owed) -> UUID:
    back = max(-owed.due, timedelta())
    callback_id = await callbacks.promise(
        tx,
        client_id=known[owed.tail],
        due_at=tx.now + owed.due + back,
        subject=owed.subject,
        via="call",
        agent_id=people[owed.login],
        promised_in=None,
        by=None,
        policy=owed.policy,
    )
    given_at = min(tx.now, tx.now + owed.due - _GIVEN_BEFORE)
    await tx.execute(_BACKDATE, callback_id, given_at, back)
    await tx.execute(_BACKDATE_HISTORY, callback_id, given_at)
    return callback_id


async def _move(
    tx: Transaction, callback_id: UUID, moved: Moved, people: Mapping[str, UUID], rule: Policy, zone: ZoneInfo
) -> None:
    at = tx.now - moved.ago
    due_at = at - rule.grace
    choice = choose_agent(
        _candidates(people, at), Need(at=at, from_agent_id=people[moved.login]), Strategy.LEAST_LOADED, History()
    )
    chosen = choice.chosen
    assert chosen is not None, "somebody was available"
    story = MoveStory(
        at=at,
        policy=rule,
        promised_at=due_at - _GIVEN_BEFORE,
        due_at=due_at,
        grace_from=due_at,
        warned_at=due_at - (rule.warn_before or timedelta()),
        move=Move(escalate_at=at, forgiven=timedelta(), late=rule.grace, late_by=LateBy.AGENT),
        gaps=(),
        from_agent_id=people[moved.login],
        from_name=_name(moved.login),
        choice=choice,
    )
    roster = Roster(at)
    sentence, record = move_sentence(story, zone), move_record(story, zone, roster)
    await rosters.keep(tx, roster)
    await tx.execute(_END_TURN, callback_id, at)
    row = (new_id(tx.now), callback_id, chosen.agent_id, at, HistoryReason.LATE, sentence.en)
    await tx.execute(_BEGIN_TURN, *row, to_json(sentence.as_json()), to_json(record), roster.id)
    await tx.execute(_GIVE, callback_id, chosen.agent_id, at)
    if moved.is_kept:
        manager = Viewer(user_id=chosen.agent_id, role=Role.AGENT, team_id=None)
        await callbacks.keep(tx, callback_id, manager)


def _candidates(people: Mapping[str, UUID], at: datetime) -> list[Candidate]:
    return [
        Candidate(
            agent_id=people[employee.login],
            name=employee.name,
            present=state is not AgentState.OFFLINE,
            state=state,
            state_since=at - timedelta(minutes=minutes),
            active_clients=clients,
        )
        for employee in EMPLOYEES
        if employee.team == SALES and employee.login in _WERE_AT
        for state, minutes, clients in (_WERE_AT[employee.login],)
    ]


def _name(login: str) -> str:
    return next(employee.name for employee in EMPLOYEES if employee.login == login)
