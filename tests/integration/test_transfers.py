"""Transfers of a real Asterisk in a real database: however they are heard, a client's call is one record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crm_core.domain.calls import CallSnapshot, Direction, InteractionState, LegResult, LegRole
from crm_core.store.database import Database
from crm_core.views.interactions import InteractionFilters, get_interaction, list_interactions
from tests.builders import after, answered, call, leg
from tests.integration.call_log import OWNER, hear, in_short, listen, the_log
from tests.people import add_agent, events_of
from tests.replay.recordings import story

#: Each with a consultation that stood apart before it became part of the client's call.
JOINED_LATE = (
    "attended_transfer_answered",
    "blonde_transfer_answered",
    "blonde_transfer_declined",
    "blonde_transfer_by_code_returned",
    "conference_room",
    "consultation_ended",
)

#: The client's call with the first agent, who asks a second one on another line …
TALKING = answered("1001")
ASKING = call(
    linkedid="1790000010.7",
    direction=Direction.INTERNAL,
    state=InteractionState.ACTIVE,
    client_number="1002",
    our_number=None,
    queues=(),
    started_at=after(10),
    answered_at=after(14),
    legs=(
        leg("1001", uniqueid="1790000010.7", role=LegRole.ORIGINATE, queue=None, rang=False, offered_at=after(10),
            answered_at=after(10), result=LegResult.ANSWERED),
        leg("1002", uniqueid="1790000010.8", role=LegRole.DIRECT, queue=None, offered_at=after(11),
            answered_at=after(14), result=LegResult.ANSWERED),
    ),
)  # fmt: skip
#: … and gives them the client.
JOINED = replace(
    TALKING,
    keys=(TALKING.linkedid, ASKING.linkedid),
    legs=(
        replace(TALKING.legs[0], ended_at=after(20), had=((after(5), after(20)),), talk=timedelta(seconds=5)),
        replace(ASKING.legs[0], role=LegRole.CONSULT, ended_at=after(20)),
        replace(ASKING.legs[1], role=LegRole.TRANSFER_ATTENDED, had=((after(20), None),)),
    ),
)


async def test_a_consultation_that_becomes_a_transfer_is_part_of_the_clients_call(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    await hear(database, TALKING, ASKING)
    asked, talk = await the_log(database)

    await hear(database, JOINED)

    [joined] = await the_log(database)
    async with database.read() as db:
        by_the_old_id = await get_interaction(db, asked.id, OWNER)
        by_the_old_key = await list_interactions(db, OWNER, InteractionFilters(external_id=ASKING.linkedid))
    assert (joined.id, by_the_old_id.id) == (talk.id, talk.id)
    assert by_the_old_key.items == []
    assert (joined.direction, joined.agent_id, joined.contact_number) == ("inbound", boris, 1)
    assert [one.role for one in joined.legs] == ["queue", "consult", "transfer_attended"]
    assert {one.id for one in joined.legs} == {one.id for one in (*talk.legs, *asked.legs)}


async def test_the_screens_of_a_folded_consultation_are_told_that_it_is_gone(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    await hear(database, TALKING, ASKING)
    before = len(await events_of(database))

    await hear(database, JOINED)

    told = [(kind, rooms) for kind, rooms in (await events_of(database))[before:] if not kind.startswith("agent.")]
    assert [kind for kind, _ in told] == ["interaction.changed", "call.ended"]
    assert all({f"agent:{anna}", f"agent:{boris}"} <= set(rooms) for _, rooms in told)


@pytest.mark.parametrize(
    "hearings",
    [
        pytest.param([JOINED], id="never stored apart"),
        pytest.param([ASKING, TALKING, JOINED], id="the consultation first"),
        pytest.param([ASKING, JOINED], id="the client's call unheard until then"),
        pytest.param([TALKING, JOINED, ASKING], id="the consultation told again after the transfer"),
        pytest.param([TALKING, ASKING, JOINED, TALKING, ASKING, JOINED], id="all of it twice"),
    ],
)
async def test_a_transfer_is_the_same_record_in_whatever_order_it_is_heard(
    database: Database, hearings: list[CallSnapshot]
) -> None:
    for login, extension in (("anna", "1001"), ("boris", "1002")):
        await add_agent(database, login, extension=extension)

    await hear(database, *hearings)

    [joined] = in_short(await the_log(database))
    async with database.read() as db:
        keys = await db.fetchval("SELECT count(DISTINCT interaction_id) FROM fact_keys")
    assert [(one["role"], one["result"]) for one in joined["legs"]] == [
        ("queue", "answered"),
        ("consult", "answered"),
        ("transfer_attended", "answered"),
    ]
    assert [(one["kind"], one["duration_s"]) for one in joined["path"]] == [("agent", 15.0), ("agent", None)]
    assert (joined["direction"], joined["state"], joined["contact_number"]) == ("inbound", "active", 1)
    assert keys == 1


@pytest.mark.parametrize("recording", JOINED_LATE)
async def test_a_transfer_heard_by_two_runs_of_the_program_is_the_record_of_one(
    database: Database, recording: str
) -> None:
    events = story(recording).events
    await listen(database, events)
    whole = in_short(await the_log(database))

    for share in (0.4, 0.7, 0.9):
        async with database.begin() as tx:
            await tx.execute("TRUNCATE interactions, fact_keys, contact_tallies CASCADE")
        await listen(database, events[: int(share * len(events))])
        await listen(database, events)

        assert in_short(await the_log(database)) == whole


async def test_after_a_transfer_the_wrap_up_is_the_last_ones(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    await hear(database, TALKING, ASKING, JOINED)

    over = replace(
        JOINED,
        state=InteractionState.CLOSED,
        ended_at=after(60),
        legs=(*JOINED.legs[:2], replace(JOINED.legs[2], ended_at=after(60), had=((after(20), after(60)),))),
    )
    await hear(database, over)

    [ended] = await the_log(database)
    assert (ended.state, ended.agent_id, ended.agent_name) == ("wrap_up", boris, "Boris")
    assert [(stop.name, stop.duration_s) for stop in ended.path] == [("Anna", 15.0), ("Boris", 40.0)]


async def test_what_the_first_agent_wrote_down_stands_on_the_path(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await add_agent(database, "boris", extension="1002")
    await hear(database, TALKING)
    [talk] = await the_log(database)
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO drafts (user_id, subject, body) VALUES ($1, $2, $3)",
            anna,
            f"interaction:{talk.id}",
            '{"note": "спрашивает про визу"}',
        )

    await hear(database, JOINED)

    [joined] = await the_log(database)
    assert [stop.note for stop in joined.path] == ["спрашивает про визу", None]
