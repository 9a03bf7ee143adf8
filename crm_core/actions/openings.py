"""Mails of ours that were opened, as far as the picture in them tells."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from crm_core.actions.conversation_news import tell_message
from crm_core.domain.opened import is_token_of, message_named
from crm_core.store import attempts
from crm_core.store import messages as texts
from crm_core.store.database import Database

#: From one address within ``attempts.WINDOW``; big providers load the pictures of all their users from a few.
PICTURES_PER_ADDRESS: Final = 600


async def record_opening(db: Database, token: str, *, from_address: str, mailboxes: Collection[str]) -> None:
    """The picture of that token was loaded; only the first time counts. Whatever else the token is, nothing happens.

    ``mailboxes``: whose mails carry one. ``from_address``: the stranger's own, by which they are counted.

    Raises:
        TooManyAttempts: too many pictures were loaded from there.
    """
    message_id = message_named(token)
    if message_id is None or not mailboxes:
        return
    async with db.begin() as tx:  # of its own, so that unknown ones count as well
        await attempts.count(tx, [(f"opened:{from_address}", PICTURES_PER_ADDRESS)])
    async with db.begin() as tx:
        mail = await texts.find_unopened(tx, message_id, mailboxes)
        if mail is None or not is_token_of(token, message_id, mail.secret):
            return
        version = await texts.mark_opened(tx, message_id)
        if version is not None:
            await tell_message(tx, mail.interaction_id, message_id, version=version)
