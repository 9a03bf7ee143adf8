"""Do the PBX's phones and queues and our people and queues know each other.

A call at a phone that belongs to nobody is nobody's call: no card opens for it,
no figure counts it. Phones are those the PBX tells the state of, members those
its queues ring.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from channels.telephony.ami import AmiLink
from channels.telephony.checkup.observations import Observation, advice, fault, fine
from channels.telephony.dialect import PbxDialect
from channels.telephony.resync import QueueMember, ask_standing
from crm_core.domain.errors import CrmError, PeerRefused
from crm_core.views.telephony_facts import TelephonyFacts

#: Dialplans such as FreePBX's ring a member through themselves: ``Local/1001@from-queue/n``.
_THROUGH_DIALPLAN: Final = re.compile(r"Local/([0-9]+)@")
_UNREACHABLE: Final = frozenset({"UNAVAILABLE", "INVALID"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the PBX says it has."""

    phones: Mapping[str, str] | None  # extension → state of its device; None: our user may not ask
    queues: tuple[str, ...]
    members: tuple[QueueMember, ...]


async def ask(link: AmiLink, dialect: PbxDialect) -> Exchange:
    """
    Raises:
        PbxUnavailable: the link was lost, or a list did not end in time.
    """
    standing = await ask_standing(link)
    return Exchange(phones=await _phones(link, dialect), queues=standing.queues, members=standing.members)


async def _phones(link: AmiLink, dialect: PbxDialect) -> dict[str, str] | None:
    try:
        devices = await link.request_list({"Action": "DeviceStateList"})
    except PeerRefused:
        return None
    states = {}
    for device in devices:
        extension = dialect.extension_of(device.get("Device", ""))
        if extension is not None and extension.isdecimal():
            states[extension] = device.get("State", "")
    return states


async def examine(link: AmiLink, dialect: PbxDialect, facts: TelephonyFacts, *, only_pbx: bool) -> list[Observation]:
    """Phones, people, members and queues side by side; ``only_pbx``: every queue of ours must be on it."""
    subject = f"pbx {dialect.pbx}"
    try:
        exchange = await ask(link, dialect)
    except CrmError as error:
        return [fault("no_answer", subject, question="QueueStatus", reason=str(error))]
    return list(judge(exchange, dialect, facts, only_pbx=only_pbx))


def judge(exchange: Exchange, dialect: PbxDialect, facts: TelephonyFacts, *, only_pbx: bool) -> Iterator[Observation]:
    """The differences, each with the names it is about."""
    owned = {extension for person in facts.people for extension in person.extensions}
    yield from _members(exchange.members, dialect, owned)
    yield from _phones_and_people(exchange, dialect, facts, owned)
    yield from _queues(exchange.queues, facts.queues, f"pbx {dialect.pbx} queues", only_pbx=only_pbx)


def extension_of_member(member: QueueMember, dialect: PbxDialect) -> str | None:
    """The extension behind a queue's member, also when the dialplan stands between."""
    through = _THROUGH_DIALPLAN.match(member.interface)
    return through[1] if through else dialect.extension_of(member.interface)


def _members(members: Sequence[QueueMember], dialect: PbxDialect, owned: set[str]) -> Iterator[Observation]:
    subject = f"pbx {dialect.pbx} queue members"
    unknown = sorted({member.interface for member in members if extension_of_member(member, dialect) not in owned})
    if unknown:
        yield advice("members_unknown", subject, members=unknown)
    elif members:
        yield fine("members_known", subject, count=len({member.interface for member in members}))
    else:
        yield advice("members_none", subject)


def _phones_and_people(
    exchange: Exchange, dialect: PbxDialect, facts: TelephonyFacts, owned: set[str]
) -> Iterator[Observation]:
    phoneless = [person.login for person in facts.people if not person.extensions]
    if phoneless:
        yield advice("people_without_phone", f"pbx {dialect.pbx} people", people=phoneless)
    subject = f"pbx {dialect.pbx} phones"
    if exchange.phones is None:
        yield advice("phones_untold", subject)
        return
    phones = exchange.phones
    strangers = sorted(owned - phones.keys())
    if strangers:
        yield fault("phones_unknown", subject, extensions=strangers, template=dialect.extension_channel)
    silent = sorted(extension for extension in owned if phones.get(extension) in _UNREACHABLE)
    if silent:
        yield advice("phones_unreachable", subject, extensions=silent)
    nobodys = sorted(phones.keys() - owned)
    if nobodys:
        yield advice("extensions_unmapped", subject, extensions=nobodys)
    if not strangers and not silent and not nobodys:
        yield fine("phones_known", subject, count=len(owned))


def _queues(theirs: Sequence[str], ours: Sequence[str], subject: str, *, only_pbx: bool) -> Iterator[Observation]:
    # Asterisk always knows a queue "default" of no members where none was configured so.
    unknown = sorted(set(theirs) - set(ours) - {"default"})
    gone = sorted(set(ours) - set(theirs)) if only_pbx else []
    if unknown:
        yield advice("queues_unknown", subject, queues=unknown)
    if gone:
        yield advice("queues_gone", subject, queues=gone)
    if not unknown and not gone:
        yield fine("queues_agree", subject, count=len(theirs))
