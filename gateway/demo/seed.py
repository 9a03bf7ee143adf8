"""Fill an empty database with the demo company: people, clients, two weeks of calls, promises."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import clients, families, users
from crm_core.actions.calls import record_calls
from crm_core.actions.clients import ClientIn
from crm_core.actions.interactions import import_disposition
from crm_core.actions.passwords import hash_password
from crm_core.actions.recordings import record_found
from crm_core.domain.calls import (
    CallSnapshot,
    Direction,
    EndedBy,
    InteractionState,
    LegResult,
    LegRole,
    LegSnapshot,
    RecordingSnapshot,
)
from crm_core.store.database import Database, Transaction
from gateway.demo.company import CLIENTS, EMPLOYEES, ENDINGS, PASSWORD, DemoClient, Employee
from gateway.demo.hours import seed_hours
from gateway.demo.inbox import seed_inbox
from gateway.demo.leads import seed_leads
from gateway.demo.promises import seed_promises
from gateway.demo.sound import write_talk

PBX = "demo"
DAYS_OF_HISTORY = 14
CALLS_A_DAY = 18
#: A minute of talk is half a megabyte.
DAYS_WITH_SOUND = 2
OUR_NUMBER = "+77272000001"


async def seed(database: Database, *, country: str, timezone: str, sounds: Path) -> bool:
    """Fill it, and put the sound of the last days' talks into ``sounds``; False when somebody works here already."""
    zone = ZoneInfo(timezone)
    async with database.begin() as tx:
        if await tx.fetchval("SELECT EXISTS (SELECT 1 FROM users)"):
            return False
        people = await _hire(tx)
        await seed_hours(tx, people, timezone=timezone)
        known = await _meet(tx, people, country, today=tx.now.astimezone(zone).date())
    story = random.Random(7)  # noqa: S311  (a believable past, the same every time)
    for day in range(DAYS_OF_HISTORY, 0, -1):
        async with database.begin() as tx:
            opens = _opening(tx.now - timedelta(days=day), zone)
            await _call(tx, story, opens, timedelta(hours=9), country, zone)
            if day <= DAYS_WITH_SOUND:
                await _record(tx, sounds)
    async with database.begin() as tx:
        # Whatever the hour is, somebody has just been talking here.
        await _call(tx, story, tx.now - timedelta(hours=5), timedelta(hours=4, minutes=45), country, zone)
        await _record(tx, sounds)
    async with database.begin() as tx:
        await seed_promises(tx, known, people, zone)
        await seed_leads(tx, people, country=country)
        await seed_inbox(tx, known, people, zone)
    return True


async def _hire(tx: Transaction) -> dict[str, UUID]:
    password = users.PasswordHash(await hash_password(PASSWORD))
    return {employee.login: await _hire_one(tx, employee, password) for employee in EMPLOYEES}


async def _hire_one(tx: Transaction, employee: Employee, password: users.PasswordHash) -> UUID:
    person = users.NewUser(
        login=employee.login,
        name=employee.name,
        role=employee.role,
        team=employee.team,
        extension=employee.extension,
        queues=employee.queues,
        skills=employee.skills,
        languages=employee.languages,
    )
    return await users.add_user(tx, person, password, by=None)


async def _meet(tx: Transaction, people: dict[str, UUID], country: str, *, today: date) -> dict[str, UUID]:
    """Every client with family, trips and deals; ids by the last four digits of their numbers."""
    return {client.tail: await _meet_one(tx, client, people, country, today=today) for client in CLIENTS}


async def _meet_one(tx: Transaction, client: DemoClient, people: dict[str, UUID], country: str, *, today: date) -> UUID:
    owner = people[client.owner] if client.owner else None
    points = [{"kind": "phone", "value": client.phone}, {"kind": "email", "value": client.email}]
    given = ClientIn.model_validate(
        {
            "name": client.name,
            "language": client.language,
            "owner_id": owner,
            "service_class": client.service_class,
            "hint": client.hint,
            "contact_points": points,
        }
    )
    client_id = await clients.create(tx, given, country=country)
    await tx.execute("UPDATE clients SET created_at = make_date($2, 3, 1) WHERE id = $1", client_id, client.since)
    for relative in client.family:
        born = date.fromisoformat(relative.born) if relative.born else None
        await families.add_relation(
            tx, client_id, name=relative.name, relation=relative.relation, birth_date=born, note=relative.note
        )
    for trip in client.trips:
        ends_on = today + timedelta(days=trip.ends_in)
        zone = ZoneInfo(trip.zone) if trip.zone else None
        await families.add_trip(
            tx,
            client_id,
            title=trip.title,
            destination=trip.destination,
            hotel=trip.hotel,
            starts_on=today + timedelta(days=trip.starts_in),
            ends_on=ends_on,
            adults=trip.adults,
            children=trip.children,
            timezone=trip.zone,
            return_flight_at=datetime.combine(ends_on, time(4, 10), zone) if zone else None,
            transfer_ordered=trip.transfer,
            note=trip.note,
        )
    for deal in client.deals:
        await families.add_deal(
            tx,
            client_id,
            owner_id=owner,
            title=deal.title,
            stage=deal.stage,
            amount=Decimal(deal.amount),
            currency=deal.currency,
            next_step=deal.next_step,
            due_on=today + timedelta(days=deal.due_in) if deal.due_in is not None else None,
        )
    return client_id


def _opening(day: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(day.astimezone(zone).date(), time(9), zone)


async def _call(
    tx: Transaction, story: random.Random, opens: datetime, hours: timedelta, country: str, zone: ZoneInfo
) -> None:
    """A day's calls, in one batch, and what the talks came to."""
    moments = sorted(opens + hours * story.random() for _ in range(CALLS_A_DAY))
    calls = [_past_call(story, at, index) for index, at in enumerate(moments)]
    await record_calls(tx, calls, country=country, timezone=zone)
    rows = await tx.fetch(
        "SELECT id, external_id, ended_at FROM interactions WHERE external_id = ANY($1::text[]) AND pbx = $2",
        [call.linkedid for call in calls if call.answered_at],
        PBX,
    )
    for row in rows:
        code, _, note = story.choices(ENDINGS, weights=[ending[1] for ending in ENDINGS])[0]
        wrap_up_s = round(story.uniform(8, 70), 1)
        closed_at = row["ended_at"] + timedelta(seconds=wrap_up_s)
        await import_disposition(tx, row["id"], code=code, note=note, at=closed_at, wrap_up_s=wrap_up_s)


async def _record(tx: Transaction, sounds: Path) -> None:
    """Make something to hear for every recording that has none yet."""
    rows = await tx.fetch(
        """SELECT recording.id, recording.file, call.talk_s
           FROM recordings recording JOIN interactions call ON call.id = recording.interaction_id
           WHERE recording.state <> 'available' AND call.pbx = $1""",
        PBX,
    )
    for row in rows:
        await asyncio.to_thread(write_talk, sounds / row["file"], row["talk_s"])
        await record_found(tx, row["id"], duration_s=row["talk_s"])


def _past_call(story: random.Random, at: datetime, index: int) -> CallSnapshot:
    client = story.choice(CLIENTS)
    outbound = story.random() < 0.3
    staff = [one for one in EMPLOYEES if one.extension]
    owner = next((one for one in staff if one.login == client.owner), None)
    employee = owner if owner and story.random() < 0.7 else story.choice(staff)
    waited = timedelta(seconds=round(story.triangular(3, 40, 7), 1))
    talked = timedelta(seconds=round(story.triangular(25, 560, 110)))
    answered = story.random() < 0.84
    call = _ringing(client, employee, at, index, outbound=outbound)
    ended_at = at + waited + (talked if answered else timedelta())
    leg = replace(
        call.legs[0],
        answered_at=at if outbound else at + waited if answered else None,
        ended_at=ended_at,
        result=LegResult.ANSWERED if answered or outbound else LegResult.CANCELLED,
    )
    return replace(
        call,
        legs=(leg,),
        state=InteractionState.CLOSED,
        answered_at=at + waited if answered else None,
        answered_queue=call.queues[-1] if call.queues and answered else None,
        ended_at=ended_at,
        talk=talked if answered else timedelta(),
        recordings=(RecordingSnapshot(file=f"{call.linkedid}.wav", started_at=at + waited),) if answered else (),
        ended_by=story.choice((EndedBy.CLIENT, EndedBy.AGENT)) if answered or outbound else EndedBy.CLIENT,
        hangup_cause=16 if answered else 0,
        dial_status=None if answered or not outbound else "NOANSWER",
        client_channel=None,
    )


def _ringing(client: DemoClient, employee: Employee, at: datetime, index: int, *, outbound: bool) -> CallSnapshot:
    linkedid = f"{int(at.timestamp())}.{index}"
    queue = None if outbound else employee.queues[0]
    leg = LegSnapshot(
        uniqueid=f"{linkedid}1",
        channel=f"PJSIP/{employee.extension}-{index:08x}",
        interface=f"PJSIP/{employee.extension}",
        extension=employee.extension,
        role=LegRole.ORIGINATE if outbound else LegRole.QUEUE,
        queue=queue,
        offered_at=at + timedelta(seconds=1),
        rang=not outbound,
        answered_at=None,
        ended_at=None,
        result=None,
    )
    return CallSnapshot(
        pbx=PBX,
        boot="before the demo",
        linkedid=linkedid,
        keys=(linkedid,),
        direction=Direction.OUTBOUND if outbound else Direction.INBOUND,
        state=InteractionState.OFFERED,
        client_number=client.phone,
        client_name=None,
        our_number=OUR_NUMBER,
        queues=(queue,) if queue else (),
        answered_queue=None,
        started_at=at,
        answered_at=None,
        ended_at=None,
        talk=timedelta(),
        hold=timedelta(),
        ended_by=None,
        hangup_cause=None,
        dial_status=None,
        client_channel=None,
        legs=(leg,),
    )
