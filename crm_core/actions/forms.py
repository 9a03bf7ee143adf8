"""A form on somebody's site: whoever fills it in becomes a lead, and is promised a call if they want one.

Nobody has signed in here, so everything is bounded, counted by address and
believed of nobody: a form says what is to be written down and is told nothing
of what is known already. A field that people do not see, and machines fill in,
is answered like any other and changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import Field, StringConstraints

from crm_core.actions import leads
from crm_core.actions.clients import LanguageTag
from crm_core.domain.callbacks import check_due
from crm_core.domain.contact_points import ContactPointKind, address
from crm_core.domain.errors import NotFound
from crm_core.domain.forms import CALL_NOW_WITHIN, PhoneRequired, wanted_moment
from crm_core.domain.ids import new_id
from crm_core.domain.leads import LeadNobody
from crm_core.domain.words import Words
from crm_core.inputs import InputModel, Line, Prose, TimezoneName, Word
from crm_core.store import attempts
from crm_core.store import leads as store
from crm_core.store.database import Database, Transaction
from crm_core.store.leads import FreshLead

logger = structlog.get_logger(__name__)

#: Forms from one address within ``attempts.WINDOW``: a family, an office, a stand at a fair.
FORMS_PER_ADDRESS = 20

_FIND_SOURCE = """
SELECT code
FROM lead_sources
WHERE site_key = $1 AND enabled
"""

_Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class FormIn(InputModel):
    """What a stranger leaves: a number, a mail address or both, and what they want.

    ``call_me_at``: when they want to be called, with an offset or on the clock of ``timezone`` (default: the
    company's); ``call_me_now``: as soon as somebody can. ``homepage`` stays empty: people do not see it.
    """

    name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    message: Prose | None = None
    destination: Word | None = None
    language: LanguageTag | None = None
    call_me_at: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=40)] | None = None
    call_me_now: bool = False
    timezone: TimezoneName | None = None
    homepage: Annotated[str, Field(max_length=1000)] | None = None
    page: _Address | None = None
    referrer: _Address | None = None
    utm_source: Line | None = None
    utm_medium: Line | None = None
    utm_campaign: Line | None = None
    utm_term: Line | None = None
    utm_content: Line | None = None


_CAMPAIGN = ("page", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


async def leave(
    db: Database, site_key: str, given: FormIn, *, from_address: str, country: str, timezone: ZoneInfo
) -> UUID:
    """Write a form down; gives the lead's id. ``from_address``: the stranger's own, by which they are counted.

    Raises:
        TooManyAttempts: too many forms came from there.
        NotFound: there is no such form.
        LeadNobody, ContactPointRejected, PhoneRequired: nobody could be reached.
        CallTimeRejected, DueTimeRejected, LocalTimeMissing, LocalTimeDoubled: nobody can call at that time.
    """
    async with db.begin() as tx:  # of its own, so that refused forms count as well
        await attempts.count(tx, [(f"form:{from_address}", FORMS_PER_ADDRESS)])
    async with db.begin() as tx:
        code: str | None = await tx.fetchval(_FIND_SOURCE, site_key)
        if code is None:
            raise NotFound("There is no such form.")
        if given.homepage:
            logger.info("form left by a machine", action="form_trapped", source=code)
            return new_id(tx.now)
        return await _write_down(tx, code, given, country=country, timezone=timezone)


async def _write_down(tx: Transaction, code: str, given: FormIn, *, country: str, timezone: ZoneInfo) -> UUID:
    addresses = _addresses(given, country)
    call_at = _call_at(given, tx.now, timezone)
    source = await store.find_source(tx, code)
    assert source is not None  # in this transaction it was there
    fresh = FreshLead(
        source=code,
        addresses=addresses,
        name=given.name,
        note=given.message or None,
        destination=given.destination,
        language=given.language,
        campaign={name: value for name in _CAMPAIGN if (value := getattr(given, name))},
    )
    titles = source.titles
    said = Words(ru=f"Пришёл сам: {titles['ru']}.", en=f"Came by themselves: {titles['en']}.")
    return await leads.receive(tx, fresh, said=said, call_at=call_at)


def _addresses(given: FormIn, country: str) -> list[str]:
    """The number first: it is what we call."""
    found = []
    if given.phone:
        found.append(address(ContactPointKind.PHONE, given.phone, country))
    if given.email:
        found.append(address(ContactPointKind.EMAIL, given.email, country))
    if not found:
        raise LeadNobody("Leave a telephone number or a mail address.")
    return found


def _call_at(given: FormIn, now: datetime, timezone: ZoneInfo) -> datetime | None:
    if not given.call_me_now and given.call_me_at is None:
        return None
    if not given.phone:
        raise PhoneRequired
    if given.call_me_at is None:
        return now + CALL_NOW_WITHIN
    zone = ZoneInfo(given.timezone) if given.timezone else timezone
    wanted = wanted_moment(given.call_me_at, zone)
    check_due(wanted, now)
    return wanted
