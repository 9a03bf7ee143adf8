"""Where leads come from, and the replacement of that list by an administrator."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_core.actions import catalogues
from crm_core.actions.catalogues import CodeTwice, LeadSourceEntry, SiteKeyTaken, UnknownPerson
from crm_core.actions.leads import Skills
from crm_core.domain.errors import VersionConflict
from crm_core.inputs import InputModel
from crm_core.store.database import Reader, Transaction
from crm_core.views.catalogues import LeadSources, list_lead_sources
from gateway.http.handlers.catalogues import DAY_S, Code, LabelsIn, Version
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("leads")

SiteKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class LeadSourceIn(InputModel):
    """One source; ``site_key`` opens its public form, without ``accept_within_s`` its team's time counts.

    ``max_moves``: as often a lead that is not accepted goes on to the next, then the supervisor decides.
    """

    code: Code
    labels: LabelsIn
    site_key: SiteKey | None = None
    team_id: UUID | None = None
    skills: Annotated[Skills, Field(default_factory=list)]
    accept_within_s: Annotated[int, Field(ge=30, le=DAY_S)] | None = None
    max_moves: Annotated[int, Field(ge=0, le=20)] = 5
    enabled: bool = True


class LeadSourcesIn(InputModel):
    """The whole list in the order of the screen; ``version`` is the one that was edited."""

    items: Annotated[list[LeadSourceIn], Field(min_length=1, max_length=200)]
    version: Version


@routes.add("GET", "/lead-sources", permission=Permission.SIGNED_IN, summary="List sources of leads", snapshot=True)
async def get_lead_sources(request: Request, reader: Reader) -> LeadSources:
    return await list_lead_sources(reader)


@routes.add(
    "PUT",
    "/lead-sources",
    permission=Permission.ADMIN,
    summary="Replace the list of sources",
    refusals=[VersionConflict, CodeTwice, SiteKeyTaken, UnknownPerson],
)
async def put_lead_sources(request: Request, tx: Transaction, body: LeadSourcesIn) -> LeadSources:
    """A source that is left out is disabled: leads still speak of it."""
    entries = [
        LeadSourceEntry(
            code=item.code,
            titles=item.labels.as_mapping(),
            site_key=item.site_key,
            team_id=item.team_id,
            skills=item.skills,
            accept_within_s=item.accept_within_s,
            max_moves=item.max_moves,
            enabled=item.enabled,
        )
        for item in body.items
    ]
    await catalogues.replace_lead_sources(tx, entries, version=body.version, by=request.user_id)
    return await list_lead_sources(tx)
