"""What a client says of a promise made to them: it suits, or another time.

Only whoever it was made to may say so, and only while it is owed and nobody is calling
them at this moment. Said twice it is said once; its history says that the client did it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions.callbacks import announce, terms
from crm_core.domain.callbacks import FARTHEST, HistoryReason
from crm_core.domain.local_time import first_moment
from crm_core.domain.words import Words, moment_in_words
from crm_core.domain.working_time import is_open
from crm_core.domain.written import InboxState, WrittenChannel
from crm_core.store import appointments as store
from crm_core.store import callbacks as promises
from crm_core.store import conversations, inbox
from crm_core.store.appointments import Appointment, Untold
from crm_core.store.calendars import calendar_of_owner
from crm_core.store.database import Transaction

_TOLD: Final = Words(ru="Клиенту сообщено об обещании.", en="The client was told of a promise.")

#: What is offered instead: in an hour, and at these times of the next days.
_SOON: Final = timedelta(hours=1)
_TIMES: Final = (time(10), time(15), time(18))
_DAYS: Final = 4
MOST_CHOICES: Final = 5


async def to_tell(tx: Transaction, source: str) -> list[Untold]:
    """Promises by way of this bot whose moment their client has not been told; they are told now, or never."""
    untold = await store.to_tell(tx, source)
    for one in untold:
        await store.told(tx, one.id)
    return untold


async def conversation_of(tx: Transaction, one: Untold, *, source: str, queue: str, our_address: str) -> UUID | None:
    """Where it is told: where they are talking already, or in a conversation of whoever owes it. None: nobody does."""
    going_on = await conversations.open_in(tx, WrittenChannel.TELEGRAM, source, one.address)
    if going_on is not None or one.agent_id is None:
        return going_on
    interaction_id = await inbox.open_ours(
        tx,
        channel=WrittenChannel.TELEGRAM,
        source=source,
        queue=queue,
        our_address=our_address,
        client_id=one.client_id,
        client_address=one.address,
        agent_id=one.agent_id,
    )
    await conversations.open_turn(tx, interaction_id, one.agent_id, words=_TOLD, by=None)
    await inbox.answered(tx, interaction_id, inbox_state=InboxState.WAITING, waiting_since=None)
    return interaction_id


async def confirm(tx: Transaction, callback_id: UUID, moment: datetime, *, source: str, account: str) -> bool:
    """It suits them at ``moment``. False: it is no longer so."""
    held = await store.hold(tx, callback_id, source=source, account=account)
    if held is None or not held.is_owed or _minute(held.due_at) != moment:
        return False
    if held.confirmed_at is None:
        await announce(tx, callback_id, version=await store.confirm(tx, callback_id))
    return True


async def choices(
    tx: Transaction, callback_id: UUID, moment: datetime, *, source: str, account: str, zone: ZoneInfo
) -> list[datetime]:
    """The moments they may choose instead of ``moment``, in the hours of who owes it; none: it is no longer so."""
    held = await store.hold(tx, callback_id, source=source, account=account)
    if held is None or not held.may_change or _minute(held.due_at) != moment:
        return []
    calendar = await calendar_of_owner(tx, held.agent_id, held.queue)
    offered = (one for one in _moments(tx.now, zone) if one != moment and is_open(calendar, one))
    return [one for one, _ in zip(offered, range(MOST_CHOICES), strict=False)]


async def move(
    tx: Transaction, callback_id: UUID, moment: datetime, *, source: str, account: str, zone: ZoneInfo
) -> bool:
    """They want it at ``moment``. False: it is no longer theirs to choose."""
    held = await store.hold(tx, callback_id, source=source, account=account)
    if held is None or not held.may_change or not tx.now < moment <= tx.now + FARTHEST:
        return False
    if held.due_at != moment:
        await _replace(tx, held, moment, zone)
    return True


async def _replace(tx: Transaction, held: Appointment, moment: datetime, zone: ZoneInfo) -> None:
    rules, made = await terms(
        tx, moment, client_id=held.client_id, agent_id=held.agent_id, queue=held.queue, lead_id=held.lead_id
    )
    version = await promises.replace(
        tx,
        held.id,
        client_id=held.client_id,
        due_at=moment,
        subject=held.subject,
        via=held.via,
        rules=rules,
        moments=made,
    )
    await store.chosen(tx, held.id)
    await promises.close_history(tx, held.id, tx.now)
    said = _moved(held.due_at, moment, zone, tx.now)
    await promises.open_history(tx, held.id, held.agent_id, reason=HistoryReason.MOVED, explanation=said, by=None)
    await announce(tx, held.id, version=version)


def _moved(before: datetime, after: datetime, zone: ZoneInfo, now: datetime) -> Words:
    was, then = moment_in_words(before, zone, now=now), moment_in_words(after, zone, now=now)
    return Words(
        ru=f"Клиент сам перенёс: было {was.ru}, стало {then.ru}.",
        en=f"The client moved it: from {was.en} to {then.en}.",
    )


def _moments(now: datetime, zone: ZoneInfo) -> list[datetime]:
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(_DAYS))
    at_times = [first_moment(datetime.combine(day, at), zone) for day in days for at in _TIMES]
    return [_minute(now + _SOON), *(one for one in at_times if one > now + _SOON)]


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
