"""What a stranger leaves on a form: the moment they want to be called at, and what tells a machine from a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_core.domain.errors import InputRejected
from crm_core.domain.local_time import local_moment

#: "Call me now" is a promise for this long after.
CALL_NOW_WITHIN = timedelta(minutes=5)


class PhoneRequired(InputRejected):
    """To be called, leave a telephone number."""

    code = "phone_required"


class CallTimeRejected(InputRejected):
    """A time to be called at is written 2026-11-23T10:00, or with its offset."""

    code = "call_time_rejected"


def wanted_moment(typed: str, zone: ZoneInfo) -> datetime:
    """The moment meant by ``typed``: with an offset as it stands, without one on the clock of ``zone``.

    Raises:
        CallTimeRejected: it is no time.
        LocalTimeMissing, LocalTimeDoubled: the clock never shows it on that day, or shows it twice.
    """
    try:
        shown = datetime.fromisoformat(typed.upper())
        return local_moment(shown, zone) if shown.tzinfo is None else shown.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # no time, or one before the first or after the last year there is
        raise CallTimeRejected from error
