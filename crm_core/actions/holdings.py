"""What a person holds goes to others before they go: promises, leads and clients.

Nobody leaves while something would be left behind: it is said what they hold,
and who dismisses them says to whom it goes. Each promise and each lead changes
hands as it always does, one by one, with its history; so a promise somebody is
calling about at this moment stops the whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import audit, callbacks, leads
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.sharing import Portion, plan_shares, share_out
from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.errors import DecisionRefused, InputRejected, NotFound
from crm_core.domain.events import ClientChanged
from crm_core.domain.leads import LeadReason
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.inputs import InputModel
from crm_core.store.absences import find_absence_now
from crm_core.store.audience import audience
from crm_core.store.database import Transaction
from crm_core.store.holdings import Holdings, find_holdings, find_work
from crm_core.store.sharing import find_person

ENGINE: Final = "engine"

_FIND_HEIR = """
SELECT id
FROM users
WHERE id = $1 AND enabled
FOR KEY SHARE
"""

_GIVE_CLIENTS = """
UPDATE clients
SET owner_id = $2, version = version + 1, updated_at = now()
WHERE owner_id = $1
RETURNING id, version, merged_into
"""


class HoldsPromises(DecisionRefused):
    """They hold promises, leads or clients; say to whom these go."""

    code = "holds_promises"


class HeirAbsent(InputRejected):
    """Whoever shall have it is away."""

    code = "heir_absent"


class SamePerson(InputRejected):
    """What somebody holds goes to somebody else."""

    code = "same_person"


class HandOverIn(InputModel):
    """To whom it goes; ``engine``: each client's to whom the engine chooses, or to the supervisor with an alarm."""

    to: UUID | Literal["engine"]


async def leave_nothing(
    tx: Transaction, user_id: UUID, given: HandOverIn | None, *, by: Viewer, why: Words, zone: ZoneInfo
) -> None:
    """Everything a person holds goes to others; ``why`` is told in each history, times on the clock of ``zone``.

    Raises:
        HoldsPromises: there is something, and nobody to give it to.
        AgentUnknown, HeirAbsent, SamePerson, NobodyElse: they cannot have it.
        CallbackAlreadyClaimed: somebody is calling about one of the promises now.
    """
    held = await find_holdings(tx, user_id)
    if not held:
        return
    if given is None:
        raise HoldsPromises(None, **_counts(held))
    details: dict[str, object] = {"to": str(given.to), **_counts(held)}
    if given.to == ENGINE:
        shared = await share_out(tx, user_id, held, with_clients=True, by=by, why=why, zone=zone)
        details["shared"] = [_told(portion) for portion in shared]
    else:
        await _hand_over_to(tx, user_id, held, given.to, by=by, why=why)
        await _give_clients(tx, user_id, given.to)
    await audit.write(tx, "work.handed_over", by=by.user_id, subject_kind="user", subject_id=user_id, details=details)


async def hand_over(
    tx: Transaction, user_id: UUID, held: Holdings, given: HandOverIn, *, by: Viewer, why: Words, zone: ZoneInfo
) -> None:
    """These promises and leads of ``user_id`` go to others; their clients stay theirs.

    Raises:
        AgentUnknown, HeirAbsent, SamePerson, NobodyElse: they cannot have them.
        CallbackAlreadyClaimed: somebody is calling about one of the promises now.
    """
    if given.to == ENGINE:
        await share_out(tx, user_id, held, with_clients=False, by=by, why=why, zone=zone)
    else:
        await _hand_over_to(tx, user_id, held, given.to, by=by, why=why)


async def preview(
    tx: Transaction, user_id: UUID, by: Viewer, *, due_before: datetime | None, leaving: bool
) -> list[Portion]:
    """How the engine would share out at this moment what they hold: all of it with ``leaving``, or while they are away.

    Raises:
        NotFound: there is no such person, or none of theirs.
        NobodyElse: nobody is left who could answer for it.
    """
    person = await find_person(tx, user_id)
    if person is None or not by.may_answer_for(user_id, person.team_id):
        raise NotFound
    held = await find_holdings(tx, user_id) if leaving else await find_work(tx, user_id, due_before=due_before)
    return await plan_shares(tx, person, held, with_clients=leaving)


async def _hand_over_to(tx: Transaction, user_id: UUID, held: Holdings, heir: UUID, *, by: Viewer, why: Words) -> None:
    await _check_heir(tx, user_id, heir)
    for callback_id in held.promises:
        callback = await callbacks.lock_owed(tx, callback_id, by)
        await callbacks.hand_over(tx, callback, heir, reason=HistoryReason.ABSENCE, explanation=why, by=by.user_id)
    for lead_id in held.leads:
        await leads.move(tx, lead_id, by, agent_id=heir, reason=why, because=LeadReason.ABSENCE)


async def _check_heir(tx: Transaction, user_id: UUID, heir: UUID) -> None:
    if heir == user_id:
        raise SamePerson
    if await tx.fetchval(_FIND_HEIR, heir) is None:
        raise AgentUnknown(agent_id=heir)
    absence = await find_absence_now(tx, heir)
    if absence is not None:
        raise HeirAbsent(agent_id=heir, absent_until=absence["to_at"])


async def _give_clients(tx: Transaction, user_id: UUID, heir: UUID) -> None:
    rows = await tx.fetch(_GIVE_CLIENTS, user_id, heir)
    rooms = await audience(tx, [user_id, heir])
    for row in rows:
        if row["merged_into"] is None:
            tx.emit(ClientChanged(rooms=rooms, client_id=row["id"], version=row["version"]))


def _counts(held: Holdings) -> dict[str, object]:
    return {"promises": len(held.promises), "leads": len(held.leads), "clients": held.clients}


def _told(portion: Portion) -> dict[str, object]:
    counts = {"promises": portion.promises, "leads": portion.leads, "clients": portion.clients}
    return {"to": str(portion.agent_id), "stuck": portion.stuck, **counts}
