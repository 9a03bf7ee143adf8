"""Recorded calls of a real Asterisk in a real database: heard twice, cut off or mixed up, they are the same records."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from sqlalchemy import URL

from crm_core.domain.ids import new_id
from crm_core.store.database import Database
from tests.conftest import fresh_database
from tests.integration.call_log import in_short, listen, listen_in_batches, the_log
from tests.people import add_agent, events_of
from tests.replay.recordings import LAB_DIALECT, SHORT, mixed, story

#: Without the twenty calls of one caller after another: what is told of so many is told of a few.
KINDS = [recording for recording in SHORT if recording != "twenty_calls"]


async def test_two_pbxs_that_give_a_call_the_same_name_have_a_call_each(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None)
    boris = await add_agent(database, "boris", extension=None)
    async with database.begin() as tx:
        for person, pbx in ((anna, "main"), (boris, "branch")):
            device = "INSERT INTO devices (id, user_id, pbx, extension) VALUES ($1, $2, $3, '1007')"
            await tx.execute(device, new_id(tx.now), person, pbx)
    events = story("direct_answered").events

    for pbx in ("main", "branch", "main", "branch"):
        await listen_in_batches(database, events, dialect=replace(LAB_DIALECT, pbx=pbx), size=5)

    log = await the_log(database)
    assert {(call.pbx, call.agent_id) for call in log} == {("main", anna), ("branch", boris)}
    assert len({call.external_id for call in log}) == 1
    assert len(log) == 2


async def test_two_phones_of_one_agent_are_two_offers_and_one_wrap_up(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1411")
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO devices (id, user_id, extension, position) VALUES ($1, $2, '1412', 1)", new_id(tx.now), anna
        )

    await listen(database, story("agent_with_two_devices").events)

    [call] = await the_log(database)
    assert (call.agent_id, call.state, call.outcome) == (anna, "wrap_up", "answered")
    assert [(leg.agent_id, leg.interface, leg.result) for leg in call.legs] == [
        (anna, "PJSIP/1411", "answered_elsewhere"),
        (anna, "PJSIP/1412", "answered"),
    ]
    told = Counter(kind for kind, _ in await events_of(database) if kind.startswith("call."))
    assert told == {"call.offered": 2, "call.withdrawn": 1, "call.answered": 1, "call.ended": 1}


async def test_all_recordings_at_once_heard_again_from_the_beginning_are_the_same_records(database: Database) -> None:
    heard = mixed([story(recording).events for recording in KINDS], Random(7))
    await listen_in_batches(database, heard[: len(heard) * 3 // 5])  # the process dies here, and another one starts
    await listen_in_batches(database, heard)
    once = in_short(await the_log(database))

    await listen_in_batches(database, heard)

    assert in_short(await the_log(database)) == once
    assert len(once) == len({call["external_id"] for call in once})
    assert {truth["external_id"] for recording in KINDS for truth in story(recording).expected} == {
        call["external_id"] for call in once
    }


async def test_a_recording_is_the_same_record_alone_and_in_the_crowd_of_all_others(
    database: Database, postgres: URL, template_database: str
) -> None:
    for recording in KINDS:
        await listen_in_batches(database, story(recording).events)

    async with fresh_database(postgres, template_database) as url, Database(url) as crowded:
        await listen_in_batches(crowded, mixed([story(recording).events for recording in KINDS], Random(11)))
        in_the_crowd = in_short(await the_log(crowded))

    assert _by_name(in_the_crowd) == _by_name(in_short(await the_log(database)))


def _by_name(log: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Contacts are numbered in the order in which they were heard, and a crowd turns that order round."""
    return {call["external_id"]: call | {"contact_number": None} for call in log}
