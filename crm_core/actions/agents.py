"""What agents do: the state they choose, whether their desk is open, what their phone is at.

The shown state is worked out from those three in one place. The PBX's queues
follow it: a person who talks, finishes or pauses is paused there under a
reason of ours, so that after a restart only our own pauses are lifted.
Every change others can see is written down with its moment: who could have
been given something at some time past is a question of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from crm_core.domain.errors import InputRejected, NotFound, PauseReasonRequired
from crm_core.domain.events import FLOOR, AgentChanged, agent_room, team_room
from crm_core.domain.people import SETTABLE, AgentState, desired_pause, shown_state
from crm_core.store import commands
from crm_core.store.database import Record, Transaction
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.watch import ELIGIBLE

#: A pause that comes this late would stop the wrong call; the resync at login mends it instead.
PAUSE_EXPIRY = timedelta(seconds=30)

_ENSURE = """
INSERT INTO agent_states (user_id)
SELECT unnest($1::uuid[])
ON CONFLICT DO NOTHING
"""

# In id order, so that two recorders never wait for each other in a ring.
_LOAD = """
SELECT state.user_id, state.chosen, state.reason, state.phone, state.phone_interaction_id,
       state.present, state.state, state.version, person.team_id
FROM agent_states state
JOIN users person ON person.id = state.user_id
WHERE state.user_id = ANY($1::uuid[])
ORDER BY state.user_id
FOR NO KEY UPDATE OF state
"""

# By legs_live_idx and interactions_live_idx: what each person's phone is at, the most binding first.
_PHONES = f"""
SELECT DISTINCT ON (agent_id) agent_id, phone, interaction_id
FROM (
    SELECT leg.agent_id, leg.interaction_id,
           CASE WHEN leg.on_hold THEN 'hold'
                WHEN leg.answered_at IS NOT NULL THEN 'talking'
                WHEN leg.rang THEN 'ringing'
                WHEN leg.role = 'originate' THEN 'talking' END AS phone,
           CASE WHEN leg.answered_at IS NOT NULL THEN 0 ELSE 2 END AS rank,
           leg.offered_at AS since
    FROM legs leg
    WHERE leg.agent_id = {AMONG_FIRST} AND leg.ended_at IS NULL
    UNION ALL
    SELECT call.agent_id, call.id, 'wrap_up', 1, call.ended_at
    FROM interactions call
    WHERE call.agent_id = {AMONG_FIRST} AND call.state <> 'closed' AND call.state = 'wrap_up'
) AS live
WHERE phone IS NOT NULL
ORDER BY agent_id, rank, since DESC
"""  # noqa: S608

_SAVE = """
WITH saved AS (
    UPDATE agent_states
    SET chosen = $2, reason = $3, phone = $4, phone_interaction_id = $5, present = $6, state = $7,
        since = CASE WHEN state = $7 AND reason IS NOT DISTINCT FROM $3 THEN since ELSE clock_timestamp() END,
        last_seen_at = CASE WHEN $6 THEN clock_timestamp() ELSE last_seen_at END,
        version = version + 1
    WHERE user_id = $1
    RETURNING user_id, version, state, present
)
INSERT INTO agent_state_log (user_id, version, state, present, at)
SELECT user_id, version, state, present, clock_timestamp()
FROM saved
WHERE $8
ON CONFLICT DO NOTHING
"""

_FIND_REASON = """
SELECT code
FROM pause_reasons
WHERE code = $1 AND enabled
"""

_FIND_DEVICES = """
SELECT user_id, pbx, extension
FROM devices
WHERE user_id = ANY($1::uuid[])
"""

_FIND_PBXS = """
SELECT pbx
FROM pbx_links
WHERE state = 'up'
"""

_WHO_IS_PAUSED = """
SELECT device.extension, state.chosen, state.reason, state.phone
FROM devices device
LEFT JOIN agent_states state ON state.user_id = device.user_id
WHERE device.pbx IN ('', $1)
"""


#: Nobody gives these people anything; see ``crm_core.domain.distribution``.
_AWAY = frozenset({AgentState.OFFLINE, AgentState.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """One person's row, as it is or as it will be written."""

    user_id: UUID
    team_id: UUID | None
    chosen: AgentState
    reason: str | None
    phone: AgentState | None
    interaction_id: UUID | None
    present: bool
    version: int

    @classmethod
    def of(cls, row: Record) -> _Desk:
        return cls(
            user_id=row["user_id"],
            team_id=row["team_id"],
            chosen=AgentState(row["chosen"]),
            reason=row["reason"],
            phone=AgentState(row["phone"]) if row["phone"] else None,
            interaction_id=row["phone_interaction_id"],
            present=row["present"],
            version=row["version"],
        )

    @property
    def shown(self) -> AgentState:
        return shown_state(chosen=self.chosen, phone=self.phone, present=self.present)

    @property
    def seen(self) -> tuple[AgentState, bool]:
        """What the log of states keeps."""
        return self.shown, self.present

    @property
    def is_at_work(self) -> bool:
        return self.present and self.shown not in _AWAY

    @property
    def pause(self) -> str | None:
        return desired_pause(chosen=self.chosen, reason=self.reason, phone=self.phone)


async def set_state(tx: Transaction, agent_id: UUID, state: AgentState, reason: str | None) -> None:
    """A person says they are available, paused (with a reason from the list) or away.

    Raises:
        InputRejected: a state that only a phone can bring about.
        PauseReasonRequired: a pause without a reason of the list.
    """
    if state not in SETTABLE:
        raise InputRejected("Only available, paused and offline can be set.", state=state)
    if state is AgentState.PAUSED:
        if reason is None or await tx.fetchval(_FIND_REASON, reason) is None:
            raise PauseReasonRequired(reason=reason)
    else:
        reason = None
    desk = await _load_one(tx, agent_id)
    await _save(tx, [(desk, replace(desk, chosen=state, reason=reason))])


async def record_presence(tx: Transaction, agent_id: UUID, present: bool) -> None:
    """Their desk was opened, or has been closed for longer than the grace.

    At the opening every PBX is told anew whether its queues pass them by: what it believes of somebody who was
    away may come from a time before we knew them.
    """
    try:
        desk = await _load_one(tx, agent_id)
    except NotFound:
        return
    if desk.present != present:
        await _save(tx, [(desk, replace(desk, present=present))])
        if present:
            await _ask_pauses(tx, {agent_id: desk.pause})


async def refresh_phones(tx: Transaction, agent_ids: Iterable[UUID]) -> None:
    """Bring the phone part of these people's states in line with the calls in the log."""
    wanted = list(set(agent_ids))
    if not wanted:
        return
    desks = await _load(tx, wanted)
    phones = {row["agent_id"]: row for row in await tx.fetch(_PHONES, as_ids(wanted))}
    changed = []
    for desk in desks:
        row = phones.get(desk.user_id)
        phone = AgentState(row["phone"]) if row else None
        interaction_id = row["interaction_id"] if row else None
        if (phone, interaction_id) != (desk.phone, desk.interaction_id):
            changed.append((desk, replace(desk, phone=phone, interaction_id=interaction_id)))
    await _save(tx, changed)


async def desired_pauses(tx: Transaction, pbx: str) -> dict[str, str | None]:
    """Extension → the reason it should be paused for in this PBX's queues; None: it should not."""
    pauses = {}
    for row in await tx.fetch(_WHO_IS_PAUSED, pbx):
        pauses[row["extension"]] = desired_pause(
            chosen=AgentState(row["chosen"] or AgentState.AVAILABLE),
            reason=row["reason"],
            phone=AgentState(row["phone"]) if row["phone"] else None,
        )
    return pauses


async def _load_one(tx: Transaction, agent_id: UUID) -> _Desk:
    desks = await _load(tx, [agent_id])
    if not desks:
        raise NotFound
    return desks[0]


async def _load(tx: Transaction, agent_ids: list[UUID]) -> list[_Desk]:
    rows = await tx.fetch(_LOAD, agent_ids)
    if len(rows) < len(agent_ids):
        known = await tx.fetch("SELECT id FROM users WHERE id = ANY($1::uuid[])", agent_ids)
        await tx.execute(_ENSURE, [row["id"] for row in known])
        rows = await tx.fetch(_LOAD, agent_ids)
    return [_Desk.of(row) for row in rows]


async def _save(tx: Transaction, changes: list[tuple[_Desk, _Desk]]) -> None:
    """Write each desk, and what follows from it; beside it stands what it was before."""
    if not changes:
        return
    await tx.executemany(_SAVE, [(*_values(desk), desk.seen != before.seen) for before, desk in changes])
    for _, desk in changes:
        rooms = (FLOOR, agent_room(desk.user_id), *((team_room(desk.team_id),) if desk.team_id else ()))
        tx.emit(AgentChanged(rooms=rooms, agent_id=desk.user_id, version=desk.version + 1))
    if any(desk.is_at_work and not before.is_at_work for before, desk in changes):
        tx.wake(ELIGIBLE)
    await _ask_pauses(tx, {desk.user_id: desk.pause for before, desk in changes if desk.pause != before.pause})


def _values(desk: _Desk) -> tuple[object, ...]:
    return desk.user_id, desk.chosen, desk.reason, desk.phone, desk.interaction_id, desk.present, desk.shown


async def _ask_pauses(tx: Transaction, wanted: dict[UUID, str | None]) -> None:
    if not wanted:
        return
    pbxs = [row["pbx"] for row in await tx.fetch(_FIND_PBXS)]
    for device in await tx.fetch(_FIND_DEVICES, list(wanted)):
        for pbx in [device["pbx"]] if device["pbx"] else pbxs:
            await commands.ask(
                tx,
                pbx=pbx,
                kind="pause",
                payload={"extension": device["extension"], "reason": wanted[device["user_id"]]},
                expires_in=PAUSE_EXPIRY,
            )
