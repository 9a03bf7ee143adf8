"""The caller asked in the menu to be called back: a fact that the dialplan tells.

It can never be refused, for the client has been told that somebody will call.
A part that makes no sense is passed over and kept for a person to look at; the
rest of what was asked holds. When the client names no time, the usual one for
callers of that queue is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_core.domain.callbacks import FARTHEST
from crm_core.domain.local_time import first_moment

#: What the dialplan calls it: ``UserEvent(PerezvonCallback,…)``.
CALLBACK_REQUEST = "PerezvonCallback"

_DIGITS_OF_EPOCH = 10
_DIGITS_OF_SECONDS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """What a channel's dialplan said once; the numbers, the queue and the extension are still only words."""

    pbx: str
    boot: str
    uniqueid: str
    linkedid: str
    asked_at: datetime
    caller: str | None = None  # as the trunk sent it
    number: str | None = None  # another one to be called at
    queue: str | None = None
    extension: str | None = None  # of the manager who should call
    due_at: datetime | None = None
    subject: str | None = None
    rejected: tuple[str, ...] = ()  # parts that cannot be meant, in words
    told: Mapping[str, str]  # the whole event


def due_after(seconds: str, asked_at: datetime) -> datetime | None:
    """``600``: ten minutes after it was asked; None when that is no sensible wait."""
    wait = _whole(seconds, _DIGITS_OF_SECONDS)
    if wait is None or timedelta(seconds=wait) > FARTHEST:
        return None
    return asked_at + timedelta(seconds=wait)


def due_at(told: str, asked_at: datetime, zone: ZoneInfo) -> datetime | None:
    """An epoch, or what the company's clock shows next (``18:30``); None when that is no moment to come.

    Of a time that the clock shows twice the first is meant, of one that it never shows the moment after.
    """
    epoch = _whole(told, _DIGITS_OF_EPOCH)
    if epoch is not None:
        moment = datetime.fromtimestamp(epoch, UTC)
        return moment if asked_at <= moment <= asked_at + FARTHEST else None
    try:
        clock = datetime.strptime(told, "%H:%M").time()  # noqa: DTZ007  (a time of day has no zone)
    except ValueError:
        return None
    today = asked_at.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=ahead), clock) for ahead in (0, 1))
    return next((moment for day in days if (moment := first_moment(day, zone)) >= asked_at), None)


def _whole(told: str, digits: int) -> int | None:
    return int(told) if told.isascii() and told.isdigit() and len(told) <= digits else None
