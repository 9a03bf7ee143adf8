"""What somebody leaves is shared out: everything that concerns one client goes to one person.

A client with two promises and a lead would otherwise be rung by three people.
So promises, leads and owned clients are tied into parcels first, and for each
parcel somebody is chosen as for any promise that moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from sys import maxsize
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import Choice, Limits, Need
from crm_core.domain.distribution_words import verdict_in_words
from crm_core.domain.explanations import SCHEMA, Explanation, choice_record
from crm_core.domain.leads import COOLDOWN
from crm_core.domain.needs import Wanted
from crm_core.domain.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPromise:
    """A promise that is left behind, and what it asks of who keeps it."""

    id: UUID
    client_id: UUID | None
    address: str | None
    lead_id: UUID | None
    language: str | None
    destination: str | None = None  # of the lead it was made for, as the skills
    skills: Sequence[str] = ()
    cooldown: timedelta = timedelta()
    lost: Mapping[UUID, datetime] = field(default_factory=dict)  # who had it before, and until when


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLead:
    """An open lead that is left behind; ``skills`` are its own and its source's."""

    id: UUID
    client_id: UUID | None
    address: str | None
    team_id: UUID | None
    language: str | None
    destination: str | None
    skills: Sequence[str] = ()
    lost: Mapping[UUID, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldClient:
    """A client of theirs; ``looked_after_by``: the colleague who owes them something already."""

    id: UUID
    language: str | None
    looked_after_by: UUID | None = None
    looked_after_name: str | None = None


@dataclass(slots=True, kw_only=True)
class Parcel:
    """What concerns one client, and goes to one person."""

    client_id: UUID | None = None
    promises: list[HeldPromise] = field(default_factory=list)
    leads: list[HeldLead] = field(default_factory=list)
    client: HeldClient | None = None  # whose owner has to change as well

    @property
    def is_work(self) -> bool:
        """Is anybody waiting; a client who waits for nothing takes nobody's time."""
        return bool(self.promises or self.leads)

    @property
    def work(self) -> Sequence[HeldPromise | HeldLead]:
        return (*self.promises, *self.leads)

    @property
    def lost(self) -> dict[UUID, datetime]:
        """Who had anything of it before, and until when."""
        lost: dict[UUID, datetime] = {}
        for held in self.work:
            for person, at in held.lost.items():
                lost[person] = max(at, lost.get(person, at))
        return lost

    def need(self, at: datetime, *, leaver: UUID, team_id: UUID | None) -> Need:
        """What it asks of its next owner; ``team_id`` is the leaver's."""
        held = (*self.work, *([self.client] if self.client else []))
        language = next((one.language for one in held if one.language), None)
        wanted = Wanted(
            from_agent_id=leaver,
            team_id=team_id or next((lead.team_id for lead in self.leads if lead.team_id), None),
            skills=[skill for one in self.work for skill in one.skills],
            language=language,
            destination=next((one.destination for one in self.work if one.destination), None),
            cooldown=max(promise.cooldown for promise in self.promises) if self.promises else COOLDOWN,
        )
        return wanted.need(at)


def parcels(promises: Iterable[HeldPromise], leads: Iterable[HeldLead], clients: Iterable[HeldClient]) -> list[Parcel]:
    """Tied by client, by a stranger's address or by the lead a promise was made for; in the order they are given."""
    tied: dict[UUID | str, Parcel] = {}
    leads = list(leads)
    of_lead = {lead.id: lead.client_id or lead.address or lead.id for lead in leads}
    for promise in promises:
        asked_for = of_lead.get(promise.lead_id) if promise.lead_id else None
        parcel = tied.setdefault(asked_for or promise.client_id or promise.address or promise.id, Parcel())
        parcel.promises.append(promise)
        parcel.client_id = parcel.client_id or promise.client_id
    for lead in leads:
        parcel = tied.setdefault(of_lead[lead.id], Parcel())
        parcel.leads.append(lead)
        parcel.client_id = parcel.client_id or lead.client_id
    by_client = {parcel.client_id: parcel for parcel in tied.values() if parcel.client_id}
    for client in clients:
        parcel = by_client.get(client.id) or tied.setdefault(client.id, Parcel(client_id=client.id))
        parcel.client = client
    return list(tied.values())


def limits_for(parcel: Parcel, limits: Limits) -> Limits:
    """The caps are about work: a client who waits for nothing is nobody's load, and hundreds may have to go."""
    return limits if parcel.is_work else replace(limits, load_cap=maxsize, hourly_cap=maxsize)


def explain_share(
    choice: Choice, *, why: Words, leaver: UUID, leaver_name: str, heir_name: str, at: datetime, zone: ZoneInfo
) -> Explanation:
    """Why it went to the chosen one, or to the supervisor when there was none; ``why`` it had to go, a sentence."""
    chosen = choice.chosen
    if chosen is None:
        sentence = Words(
            ru=f"{why.ru} Передать некому, отвечает руководитель ({heir_name}).",
            en=f"{why.en} Nobody could take it, the supervisor answers for it ({heir_name}).",
        )
    else:
        fits = verdict_in_words(choice.verdicts[0], choice, zone, now=at)
        sentence = Words(
            ru=f"{why.ru} Передано ({leaver_name} → {chosen.name}): {fits.ru}.",
            en=f"{why.en} Handed over ({leaver_name} → {chosen.name}): {fits.en}.",
        )
    return Explanation(
        sentence=sentence,
        record={
            "schema": SCHEMA,
            "sentence": sentence.as_json(),
            "from_agent_id": str(leaver),
            **choice_record(choice, at, zone),
        },
    )
