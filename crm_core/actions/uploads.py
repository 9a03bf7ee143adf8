"""Files that people hand over to be sent: theirs alone until a message has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from crm_core.domain.errors import InputRejected
from crm_core.domain.strangers_words import file_name
from crm_core.store import uploads as store
from crm_core.store.database import Transaction

#: What is not sent by then was given up.
KEEP_FOR = timedelta(days=2)
#: Of one message, in bytes: mail servers take no more.
MOST_BYTES = 25 * 1024 * 1024


class FileEmpty(InputRejected):
    """The file is empty."""

    code = "file_empty"


class FileUnknown(InputRejected):
    """One of the files is not yours, or was handed over too long ago: hand it over again."""

    code = "file_unknown"


class FilesTooBig(InputRejected):
    """Together the files are too big for one message."""

    code = "files_too_big"


async def upload(tx: Transaction, user_id: UUID, *, name: str, media_type: str, data: bytes) -> UUID:
    """Keep a file for its owner until they send it; gives its id.

    Raises:
        FileEmpty: there is nothing in it.
    """
    if not data:
        raise FileEmpty
    return await store.put(tx, user_id, name=file_name(name), media_type=media_type, data=data)


async def attach(tx: Transaction, message_id: UUID, user_id: UUID, files: Sequence[UUID]) -> None:
    """Send them with a message that stands there already.

    Raises:
        FileUnknown, FilesTooBig: the message is not to be sent.
    """
    sizes = await store.attach(tx, message_id, user_id, files)
    if len(sizes) < len(files):
        raise FileUnknown
    if sum(sizes) > MOST_BYTES:
        raise FilesTooBig(most_bytes=MOST_BYTES)


async def prune(tx: Transaction) -> None:
    """Forget what nobody sent."""
    await store.prune(tx, tx.now - KEEP_FOR)
