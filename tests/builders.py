"""Builders that state only what matters to a story; everything else is believable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crm_core.domain.calls import (
    CallSnapshot,
    Direction,
    EndedBy,
    InteractionState,
    LegResult,
    LegRole,
    LegSnapshot,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def leg(extension: str = "1001", **what: Any) -> LegSnapshot:
    """A phone that rings since one second past noon."""
    given: dict[str, Any] = {
        "uniqueid": f"{extension}.1",
        "channel": f"PJSIP/{extension}-00000001",
        "interface": f"PJSIP/{extension}",
        "extension": extension,
        "role": LegRole.QUEUE,
        "queue": "sales",
        "offered_at": after(1),
        "rang": True,
        "answered_at": None,
        "ended_at": None,
        "result": None,
    }
    return LegSnapshot(**given | what)


def call(**what: Any) -> CallSnapshot:
    """An inbound call that has just come into the sales queue."""
    linkedid = what.pop("linkedid", "1790000000.1")
    given: dict[str, Any] = {
        "pbx": "main",
        "boot": "2026-11-21T06:00:00",
        "linkedid": linkedid,
        "keys": (linkedid,),
        "direction": Direction.INBOUND,
        "state": InteractionState.QUEUED,
        "client_number": "+77011234567",
        "client_name": None,
        "our_number": "77272000001",
        "queues": ("sales",),
        "answered_queue": None,
        "started_at": NOON,
        "answered_at": None,
        "ended_at": None,
        "talk": timedelta(),
        "hold": timedelta(),
        "ended_by": None,
        "hangup_cause": None,
        "dial_status": None,
        "client_channel": "PJSIP/trunk-00000000",
        "legs": (),
    }
    return CallSnapshot(**given | what)


def ringing(*extensions: str, **what: Any) -> CallSnapshot:
    """The call rings these phones."""
    return call(legs=tuple(leg(extension) for extension in extensions or ("1001",)), **what)


def answered(extension: str = "1001", *, others: tuple[LegSnapshot, ...] = (), **what: Any) -> CallSnapshot:
    """That person talks with the client since five seconds past noon."""
    theirs = leg(extension, answered_at=after(5), result=LegResult.ANSWERED)
    given: dict[str, Any] = {
        "state": InteractionState.ACTIVE,
        "answered_at": after(5),
        "answered_queue": "sales",
        "legs": (theirs, *others),
    }
    return call(**given | what)


def ended(extension: str = "1001", **what: Any) -> CallSnapshot:
    """They talked for a minute; the client hung up."""
    theirs = leg(extension, answered_at=after(5), ended_at=after(65), result=LegResult.ANSWERED)
    given: dict[str, Any] = {
        "state": InteractionState.CLOSED,
        "answered_at": after(5),
        "answered_queue": "sales",
        "ended_at": after(65),
        "talk": timedelta(seconds=60),
        "ended_by": EndedBy.CLIENT,
        "hangup_cause": 16,
        "client_channel": None,
        "legs": (theirs,),
    }
    return call(**given | what)


def abandoned(at: float = 20, **what: Any) -> CallSnapshot:
    """The caller gave up while a phone rang."""
    gone = leg(ended_at=after(at), result=LegResult.CANCELLED)
    given: dict[str, Any] = {
        "state": InteractionState.CLOSED,
        "ended_at": after(at),
        "ended_by": EndedBy.CLIENT,
        "hangup_cause": 0,
        "client_channel": None,
        "legs": (gone,),
    }
    return call(**given | what)
