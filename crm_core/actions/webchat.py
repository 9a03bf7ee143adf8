"""What visitors of a site write, and what is said to them.

A visitor's message is a fact like any other, told under a name the visitor's
browser gave it: told again, it is the same message. What we say has reached the
visitor's side when it may be read there, so sending it is one transaction: there
is no moment in which it may have left and nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID, uuid4

from crm_core.actions import delivery, identity
from crm_core.actions.messages import record_messages
from crm_core.domain.contact_points import ContactPointKind, ContactPointRejected, address
from crm_core.domain.webchat import Visit, VisitorToken, Vouched, read_token
from crm_core.domain.written import HeardFile, HeardMessage, MessageState, WrittenChannel
from crm_core.store import identity as identities
from crm_core.store import messages as texts
from crm_core.store import outgoing
from crm_core.store import webchat as store
from crm_core.store.database import Transaction
from crm_core.store.webchat import Known, Thread

_CHANNEL = WrittenChannel.WEBCHAT
_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site of the settings: whose visitors they are, and who answers them."""

    name: str
    queue: str
    country: str  # in which numbers without one are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of a visitor; ``key``: its name, given where it was written."""

    key: UUID
    text: str = ""
    files: tuple[HeardFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where it stands by now, whoever told it first."""

    message_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who a visitor is from now on, and what proves it."""

    visitor_id: UUID
    token: str
    until: datetime | None = None  # so long the site vouches for them


async def admit(tx: Transaction, site: str, *, token: str | None, vouched: Vouched | None) -> Admitted:
    """Whom we have before us: whoever the site vouches for, else the one we know, else somebody new.

    Who was anonymous until now takes along what they said. What was said under somebody's name is shown to
    whoever is vouched for alone: a token from before proves nothing then.
    """
    secret = await store.site_secret(tx, site) or await store.make_site_secret(tx, site)
    known = read_token(token, secret, now=tx.now) if token else None
    anonymous = known.visitor_id if known is not None and known.until is None else None
    if vouched is None:
        if anonymous is None or not await store.is_anonymous(tx, Thread(source=site, visitor_id=anonymous)):
            anonymous = uuid4()
        return Admitted(visitor_id=anonymous, token=VisitorToken(visitor_id=anonymous).signed(secret))
    visitor_id = await store.find_vouched(tx, site, vouched.subject) or anonymous or uuid4()
    if not await store.vouch(tx, Thread(source=site, visitor_id=visitor_id), vouched):
        visitor_id = uuid4()  # the token was somebody else's
        await store.vouch(tx, Thread(source=site, visitor_id=visitor_id), vouched)
    signed = VisitorToken(visitor_id=visitor_id, until=vouched.until).signed(secret)
    return Admitted(visitor_id=visitor_id, token=signed, until=vouched.until)


async def who(tx: Transaction, site: str, token: str) -> UUID | None:
    """The visitor who shows this token beside a socket; None: it is none of ours, or no longer."""
    secret = await store.site_secret(tx, site)
    known = read_token(token, secret, now=tx.now) if secret is not None else None
    if known is None:
        return None
    thread = Thread(source=site, visitor_id=known.visitor_id)
    return known.visitor_id if known.until is not None or await store.is_anonymous(tx, thread) else None


async def record(tx: Transaction, site: Site, visitor_id: UUID, visit: Visit, said: Said) -> Stored:
    """Keep what a visitor wrote; told again, it is kept once.

    Raises:
        FactTakenElsewhere: nothing is stored; tell it again.
    """
    known = await store.note_visit(tx, Thread(source=site.name, visitor_id=visitor_id), visit)
    heard = HeardMessage(
        channel=_CHANNEL,
        source=site.name,
        key=f"{visitor_id}:{said.key}",
        external_id=str(said.key),
        queue=site.queue,
        from_address=str(visitor_id),
        from_name=known.name,
        our_address=site.name,
        thread=str(visitor_id),
        body=said.text,
        files=said.files,
        at=tx.now,
    )
    (interaction_id,) = await record_messages(tx, [heard])
    await _prove(tx, interaction_id, known, site.country)
    stored = await texts.find_clients(tx, interaction_id, heard.external_id)
    assert stored is not None  # it is kept now, or was before
    return Stored(message_id=stored.id, at=stored.at)


async def _prove(tx: Transaction, interaction_id: UUID, known: Known, country: str) -> None:
    """What the site vouches for is shown once a conversation, and again when it has changed."""
    told = {ContactPointKind.EMAIL: known.email, ContactPointKind.PHONE: known.phone}
    claims = {kind: value for kind, typed in told.items() if typed and (value := _address(kind, typed, country))}
    if not claims:
        return
    proven = await identities.proven(tx, interaction_id)
    for kind, value in claims.items():
        if proven.get(kind) != value:
            await identity.prove(tx, interaction_id, kind, value)


def _address(kind: ContactPointKind, typed: str, country: str) -> str | None:
    try:
        return address(kind, typed, country)
    except ContactPointRejected:
        return None


async def publish(tx: Transaction, site: str, *, timezone: tzinfo) -> int:
    """Show visitors what was written to them and is due; gives how many messages."""
    taken = await outgoing.take(tx, _CHANNEL, site, limit=_AT_ONCE)
    for one in taken:
        await delivery.record_sent(tx, one.message_id, timezone=timezone)
    return len(taken)


async def record_seen(
    tx: Transaction, thread: Thread, ids: Iterable[UUID], told: MessageState, *, timezone: tzinfo
) -> None:
    """These messages of ours have come to the visitor's browser, or were looked at there."""
    for external_id in await store.told(tx, thread, ids):
        await delivery.record_receipt(tx, _CHANNEL, external_id, told, timezone=timezone)
