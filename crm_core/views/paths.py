"""Who had the client, in order and how long, as screens draw it.

What a person wrote down while they had the client stands on their stop, so that
whoever has the client next reads it before the first word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from crm_core.domain import path as domain
from crm_core.domain.calls import LegRole
from crm_core.domain.path import Span, Stop, StopKind
from crm_core.store.calls import as_spans, as_stays
from crm_core.views.model import WireModel


class PathStop(WireModel):
    """One who had the client; ``to`` and ``duration_s`` are null while they still have.

    ``name`` is the person's, or of a device nobody owns, of the voicemail box, the parking space, the number outside.
    """

    kind: Literal["agent", "queue", "voicemail", "parking", "outside"]
    agent_id: UUID | None
    queue: str | None
    name: str
    from_: Annotated[datetime, Field(alias="from", serialization_alias="from")]
    to: datetime | None
    duration_s: float | None
    note: str | None  # what the person wrote down about this contact


def path_of(legs: Sequence[Mapping[str, Any]], stays: Sequence[Mapping[str, str | None]]) -> list[PathStop]:
    """``legs`` and ``stays`` as the log has them; a log that does not say who had the client says who answered."""
    people = {leg["uniqueid"]: leg for leg in legs}
    had = {uniqueid: _spans(leg["had"]) for uniqueid, leg in people.items()}
    if not any(had.values()):
        had = {uniqueid: _answered(leg) for uniqueid, leg in people.items()}
    return [_wire(stop, people.get(stop.name)) for stop in domain.path(had, as_stays(stays))]


def _spans(moments: Sequence[str]) -> tuple[Span, ...]:
    return as_spans([datetime.fromisoformat(moment) for moment in moments])


def _answered(leg: Mapping[str, Any]) -> tuple[Span, ...]:
    if leg["answered_at"] is None or leg["role"] == LegRole.CONSULT:
        return ()
    return _spans([moment for moment in (leg["answered_at"], leg["ended_at"]) if moment is not None])


def _wire(stop: Stop, leg: Mapping[str, Any] | None) -> PathStop:
    person = leg if stop.kind is StopKind.AGENT else None
    return PathStop.model_validate(
        {
            "kind": stop.kind,
            "agent_id": person["agent_id"] if person else None,
            "queue": stop.name if stop.kind is StopKind.QUEUE else None,
            "name": (person["agent_name"] or person["interface"]) if person else stop.name,
            "from": stop.start,
            "to": stop.end,
            "duration_s": stop.duration_s,
            "note": person["note"] if person else None,
        }
    )
