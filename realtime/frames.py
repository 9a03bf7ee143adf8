"""Events as desks are told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from crm_core.domain.events import Room
from crm_core.store.database import DATABASE_AWAY, Reader
from crm_core.store.outbox import OutboxRow
from crm_core.views.model import WireModel
from crm_core.views.wire import load_events
from realtime import metrics
from sockets.frame import Frame
from sockets.frame import event_frame as encoded

logger = structlog.get_logger(__name__)

NAMESPACE = "/desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One event, ready to be passed on to whom it concerns."""

    seq: int
    name: str
    rooms: tuple[Room, ...]
    frame: Frame


def event_frame(name: str, payload: WireModel) -> Frame:
    """The event ``name`` with one argument, in the desk's namespace."""
    return encoded(NAMESPACE, name, payload.model_dump_json(by_alias=True))


async def encode_rows(db: Reader, rows: Sequence[OutboxRow]) -> list[Encoded]:
    """The rows as they can be told now; one that cannot be read is reported, and stops none of the others."""
    if not rows:
        return []
    try:
        return [
            Encoded(seq=told.seq, name=told.name, rooms=told.rooms, frame=event_frame(told.name, told.payload))
            for told in await load_events(db, rows)
        ]
    except DATABASE_AWAY:
        raise
    except Exception:
        if len(rows) > 1:
            return [encoded for row in rows for encoded in await encode_rows(db, [row])]
        row = rows[0]
        metrics.UNDELIVERABLE.labels(row.type).inc()
        logger.exception("event undeliverable", action="event_undeliverable", seq=row.seq, type=row.type)
        return []
