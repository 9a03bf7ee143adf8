"""To whom an answer in a conversation goes, before somebody writes one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.recipients import Recipients, proposed
from crm_core.domain.viewer import Viewer
from crm_core.store.answered import find_answered
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope
from crm_core.views.model import WireModel


class AnswerRecipients(WireModel):
    """Mail addresses. ``to``: the answer goes there unless its writer says otherwise.

    ``instead``: where they differ, the other of the address that a mail was written from and the one at which it
    asks to be answered. ``others``: whom the answer reaches too when it goes to everybody.
    """

    to: tuple[str, ...]
    instead: tuple[str, ...]
    others: tuple[str, ...]


async def answer_recipients(
    db: Reader, viewer: Viewer, interaction_id: UUID, *, ours: Collection[str]
) -> AnswerRecipients:
    """Empty where nobody can be answered; ``ours``: our mailboxes in lower case.

    Raises:
        NotFound: there is no such conversation, or none the viewer may see.
    """
    conditions = Conditions()
    conditions.add("call.id = {}", interaction_id)
    conditions.add("call.channel = {}", "email")
    narrow_to_scope(conditions, viewer)
    if await db.fetchval(f"SELECT 1 {FROM_INTERACTIONS} {conditions.where}", *conditions.args) is None:
        raise NotFound("There is no such conversation.")
    mail = await find_answered(db, interaction_id)
    found = proposed(mail, ours) if mail is not None else Recipients(to=(), instead=(), others=())
    return AnswerRecipients(to=found.to, instead=found.instead, others=found.others)
