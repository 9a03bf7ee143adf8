"""What is true for a few seconds only: somebody is writing. Told to every node, stored nowhere.

A signal that is lost is no loss: whoever writes says so again every few
seconds, and whoever has heard nothing for a while believes that they stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from crm_core.domain.events import Room
from crm_core.store.database import Database, to_json

_PREFIX: Final = "writing:"
#: What a notification may carry, with room to spare.
_LONGEST: Final = 7_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Somebody writes in a conversation, or has stopped; without ``agent_id`` it is the client.

    ``rooms``: whom of us it concerns; ``thread``: the visitor whom it concerns, when it is a web chat.
    """

    interaction_id: UUID
    rooms: tuple[Room, ...]
    agent_id: UUID | None
    name: str | None
    is_writing: bool
    at: datetime
    source: str | None = None
    thread: str | None = None


def tell_writing(db: Database, writing: Writing) -> None:
    """To all nodes, this one among them; too many rooms for one notification, and nobody is told."""
    said = to_json(writing)
    if len(said.encode()) <= _LONGEST:
        db.wakeups.wake(_PREFIX + said)


def on_writing(db: Database, listener: Callable[[Writing], None]) -> None:
    """Called with each, wherever it was told."""

    def hear(topic: str) -> None:
        if topic.startswith(_PREFIX):
            listener(_read(topic.removeprefix(_PREFIX)))

    db.wakeups.on_told(hear)


def _read(text: str) -> Writing:
    said = orjson.loads(text)
    return Writing(
        **said
        | {
            "interaction_id": UUID(said["interaction_id"]),
            "agent_id": UUID(said["agent_id"]) if said["agent_id"] else None,
            "rooms": tuple(said["rooms"]),
            "at": datetime.fromisoformat(said["at"]),
        }
    )
