"""A form on somebody's site: whoever fills it in becomes a lead, and is promised a call if they want one.

Nobody has signed in here, so everything is bounded, counted by address and
believed of nobody: a form says what is to be written down and is told nothing
of what is known already. A field that people do not see, and machines fill in,
is answered like any other and changes nothing; so is a form we served whose
token is forged or was used. One filled in too quickly is a lead lost as spam.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog
from pydantic import Field, StringConstraints

from crm_core.actions import idempotency, leads
from crm_core.actions.clients import LanguageTag
from crm_core.actions.form_log import record_form
from crm_core.domain.callbacks import check_due
from crm_core.domain.contact_points import ContactPointKind, address
from crm_core.domain.errors import NotFound
from crm_core.domain.form_tokens import LONGEST, Doubt, FormToken, Trap, doubt_in_words, read_token
from crm_core.domain.forms import CALL_NOW_WITHIN, PhoneRequired, wanted_moment
from crm_core.domain.ids import new_id
from crm_core.domain.leads import LeadNobody
from crm_core.domain.words import Words
from crm_core.inputs import InputModel, Line, Prose, TimezoneName, Word
from crm_core.store import attempts
from crm_core.store import leads as store
from crm_core.store.database import Database, Record, Transaction
from crm_core.store.leads import FreshLead

logger = structlog.get_logger(__name__)

#: Forms from one address within ``attempts.WINDOW``: a family, an office, a stand at a fair.
FORMS_PER_ADDRESS = 20
#: HTTP: "accepted".
_TAKEN = 202
#: Why a lead that was kept apart is lost; whoever knows better opens it again.
SPAM = "spam"

_FIND_SOURCE = """
SELECT code, form_secret
FROM lead_sources
WHERE site_key = $1 AND enabled
"""

# By form_tokens_used_at_idx; what is older is too old to be left anyway.
_FORGET_TOKENS = """
DELETE FROM form_tokens
WHERE used_at < $1
"""

_NOTE_USE = """
INSERT INTO form_tokens (nonce, used_at)
VALUES ($1, $2)
ON CONFLICT DO NOTHING
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What became of a form; ``trap``: it was thrown away, ``doubt``: kept apart. Who left it is told neither."""

    lead_id: UUID
    trap: Trap | None = None
    doubt: Doubt | None = None


async def serve(tx: Transaction, site_key: str) -> str:
    """The token of a form that is served now.

    Raises:
        NotFound: there is no such form.
    """
    source = await _find_source(tx, site_key)
    return FormToken(served_at=tx.now, nonce=uuid4()).signed(source["form_secret"])


async def leave(
    db: Database,
    site_key: str,
    given: FormIn,
    *,
    from_address: str,
    country: str,
    timezone: ZoneInfo,
    token: str | None = None,
    keyed: idempotency.Request | None = None,
) -> Left:
    """Write a form down. ``from_address``: the stranger's own, by which they are counted.

    ``token``: of the form we served; None: the form is a page's own, and nothing is known of how it was filled in.
    ``keyed``: left again under the same key it is answered as it was, and nothing happens.

    Raises:
        RequestInProgress, KeyReused: that key is in use.
        TooManyAttempts: too many forms came from there.
        NotFound: there is no such form.
        LeadNobody, ContactPointRejected, PhoneRequired: nobody could be reached.
        CallTimeRejected, DueTimeRejected, LocalTimeMissing, LocalTimeDoubled: nobody can call at that time.
    """
    async with db.begin() as tx:  # of its own, so that refused forms count as well
        await attempts.count(tx, [(f"form:{from_address}", FORMS_PER_ADDRESS)])
    async with db.begin() as tx:
        known = await idempotency.find_answer(tx, keyed) if keyed is not None else None
        if known is not None:
            return Left(lead_id=UUID(known.body.decode()))
        left = await _take(tx, site_key, given, country=country, timezone=timezone, token=token)
        if keyed is not None:
            await idempotency.remember(tx, keyed, idempotency.Answer(status=_TAKEN, body=str(left.lead_id).encode()))
        return left


async def _take(
    tx: Transaction, site_key: str, given: FormIn, *, country: str, timezone: ZoneInfo, token: str | None
) -> Left:
    source = await _find_source(tx, site_key)
    served = read_token(token, source["form_secret"]) if token is not None else None
    trap = Trap.HONEYPOT if given.homepage else await _trap(tx, token, served)
    if trap is not None:
        logger.info("form left by a machine", action="form_trapped", source=source["code"], trap=trap)
        return Left(lead_id=new_id(tx.now), trap=trap)
    doubt = served.doubt(tx.now) if served is not None else None
    fresh = _fresh(source["code"], given, country)
    if served is not None and doubt is not None:
        words = doubt_in_words(doubt, served, tx.now)
        return Left(lead_id=await leads.park(tx, fresh, said=words, reason=SPAM), doubt=doubt)
    return Left(lead_id=await _write_down(tx, fresh, _call_at(given, tx.now, timezone)))


async def take_down(tx: Transaction, source: str, given: FormIn, *, country: str, timezone: ZoneInfo) -> UUID:
    """The same for a wish that a channel of ours heard: a lead of that source, joined or new.

    Raises:
        LeadNobody, ContactPointRejected, PhoneRequired: nobody could be reached.
        CallTimeRejected, DueTimeRejected, LocalTimeMissing, LocalTimeDoubled: nobody can call at that time.
    """
    return await _write_down(tx, _fresh(source, given, country), _call_at(given, tx.now, timezone))


async def _find_source(tx: Transaction, site_key: str) -> Record:
    source = await tx.fetchrow(_FIND_SOURCE, site_key)
    if source is None:
        raise NotFound("There is no such form.")
    return source


async def _trap(tx: Transaction, token: str | None, served: FormToken | None) -> Trap | None:
    """Nothing is remembered of a form that is refused later: the transaction takes the token back with it."""
    if token is None:
        return None
    if served is None:
        return Trap.FORGED
    await tx.execute(_FORGET_TOKENS, tx.now - LONGEST)
    return None if await tx.execute(_NOTE_USE, served.nonce, tx.now) == "INSERT 0 1" else Trap.REPLAYED


async def _write_down(tx: Transaction, fresh: FreshLead, call_at: datetime | None) -> UUID:
    source = await store.find_source(tx, fresh.source)
    assert source is not None  # in this transaction it was there
    titles = source.titles
    said = Words(ru=f"Пришёл сам: {titles['ru']}.", en=f"Came by themselves: {titles['en']}.")
    lead = await leads.receive(tx, fresh, said=said, call_at=call_at)
    await record_form(tx, lead, fresh)
    return lead.id


def _fresh(code: str, given: FormIn, country: str) -> FreshLead:
    return FreshLead(
        source=code,
        addresses=_addresses(given, country),
        name=given.name,
        note=given.message or None,
        destination=given.destination,
        language=given.language,
        campaign={name: value for name in _CAMPAIGN if (value := getattr(given, name))},
    )


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
