"""Working hours: everybody reads them, administrators write them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from crm_core.actions import calendars
from crm_core.actions.calendars import CalendarDay, CalendarIn, CalendarInUse, CalendarNameTaken, CalendarPatch
from crm_core.domain.errors import VersionConflict
from crm_core.domain.working_time import CalendarHasNoHours, CalendarRejected
from crm_core.inputs import InputModel
from crm_core.store.database import Reader, Transaction
from crm_core.views.calendars import (
    PeriodRejected,
    WorkCalendar,
    WorkDays,
    get_calendar,
    list_calendars,
    list_days,
)
from crm_core.views.paging import Page
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("calendars")


class DaysQuery(InputModel):
    """``from ≤ day < to``."""

    from_: Annotated[CalendarDay, Field(alias="from")]
    to: CalendarDay


@routes.add("GET", "/calendars", permission=Permission.SIGNED_IN, summary="List working hours")
async def get_calendars(request: Request, reader: Reader) -> Page[WorkCalendar]:
    """By name, with whose they are; a team without a calendar is always open."""
    return await list_calendars(reader)


@routes.add(
    "POST",
    "/calendars",
    permission=Permission.ADMIN,
    summary="Add working hours",
    status=201,
    refusals=[CalendarNameTaken, CalendarRejected, CalendarHasNoHours],
)
async def add_calendar(request: Request, tx: Transaction, body: CalendarIn) -> WorkCalendar:
    return await get_calendar(tx, await calendars.create(tx, body, by=request.user_id))


@routes.add("GET", "/calendars/{calendar_id}", permission=Permission.SIGNED_IN, summary="One calendar")
async def get_one_calendar(request: Request, reader: Reader, calendar_id: UUID) -> WorkCalendar:
    return await get_calendar(reader, calendar_id)


@routes.add(
    "PATCH",
    "/calendars/{calendar_id}",
    permission=Permission.ADMIN,
    summary="Change working hours",
    refusals=[VersionConflict, CalendarNameTaken, CalendarRejected, CalendarHasNoHours],
)
async def change_calendar(request: Request, tx: Transaction, calendar_id: UUID, body: CalendarPatch) -> WorkCalendar:
    """Deadlines that were counted already stay as they are."""
    await calendars.change(tx, calendar_id, body, by=request.user_id)
    return await get_calendar(tx, calendar_id)


@routes.add(
    "DELETE",
    "/calendars/{calendar_id}",
    permission=Permission.ADMIN,
    summary="Take a calendar away",
    refusals=[CalendarInUse],
)
async def remove_calendar(request: Request, tx: Transaction, calendar_id: UUID) -> None:
    """Refused while a team or a person works by it: without hours they would be always open."""
    await calendars.remove(tx, calendar_id, by=request.user_id)


@routes.add(
    "GET",
    "/calendars/{calendar_id}/days",
    permission=Permission.SIGNED_IN,
    summary="What is open, day by day",
    refusals=[PeriodRejected],
)
async def get_calendar_days(request: Request, reader: Reader, calendar_id: UUID, query: DaysQuery) -> WorkDays:
    """With public holidays and working weekends of the calendar's country; ``rule`` says what decided the day."""
    return await list_days(reader, calendar_id, since=query.from_, until=query.to)
