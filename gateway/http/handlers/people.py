"""People as those who lead them see them, and the words for what people can."""

from __future__ import annotations

from typing import Final

from crm_core.store.database import Reader
from crm_core.views.paging import Page
from crm_core.views.people import KnownWords, Person, list_people, list_skills
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("people")


@routes.add(
    "GET", "/people", permission=Permission.SUPERVISOR, summary="What people can, carry, and whether they are here"
)
async def get_people(request: Request, reader: Reader) -> Page[Person]:
    """By name, who works here first; a team's supervisor sees their team."""
    return await list_people(reader, request.viewer)


@routes.add("GET", "/skills", permission=Permission.SIGNED_IN, summary="Known skills and languages")
async def get_skills(request: Request, reader: Reader) -> KnownWords:
    """Of people and of lead sources, for completion."""
    return await list_skills(reader)
