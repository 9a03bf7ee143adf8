"""The log of calls: every recorded story stands in it as it happened, and is found again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.contract.house import ARCHIVE, House
from tests.contract.people import Json, words
from tests.contract.program import recordings, truth

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: The parties' clocks and Asterisk's differ by the time a SIP message takes.
SIP_LATENCY_S = 0.15

TOLD = [name for name in recordings() if not name.startswith("click_to_call")]

FIELDS = words(
    """id channel direction state outcome external_id pbx queue queues client_id client_address our_address agent_id
    started_at answered_at ended_at wait_s talk_s hold_s wrap_up_s ended_by hangup_cause disposition contact_number
    recordings legs messages merged_into complete version"""
)
LEG_FIELDS = words("id agent_id interface role offered_at answered_at ended_at result")
RECORDING_FIELDS = words("id started_at duration_s available")


@pytest.mark.parametrize("recording", TOLD)
async def test_a_recorded_call_is_told_as_it_happened(house: House, recording: str) -> None:
    phones = {agent["id"]: f"PJSIP/{agent['extension']}" for agent in await house.owner.items("/agents")}

    for call in truth(recording):
        told = await house.call(call["external_id"])

        for name in ("direction", "outcome", "queue", "ended_by", "hangup_cause"):
            if name in call:
                assert told[name] == call[name], name
        for name in ("wait_s", "talk_s", "hold_s"):
            if name in call:
                assert (told[name] or 0.0) == pytest.approx(call[name] or 0.0, abs=SIP_LATENCY_S), name
        for name in ("client_address", "our_address"):
            if name in call:
                assert _national(told[name]) == _national(call[name]), name
        if "agent" in call:
            assert phones.get(told["agent_id"]) == call["agent"]
        if "legs" in call:
            rung = [leg for leg in told["legs"] if leg["role"] != "consult"]
            assert _phones(rung) == _phones(call["legs"])


async def test_an_interaction_has_the_contracts_fields_and_its_times_stand_in_order(house: House) -> None:
    told = [await house.call(call["external_id"]) for name in TOLD for call in truth(name)]

    for one in told:
        assert set(one) >= FIELDS
        assert (one["channel"], one["pbx"], one["state"], one["complete"]) == ("call", ARCHIVE, "closed", True)
        assert (one["messages"], one["merged_into"], one["disposition"]) == ([], None, None)
        assert UUID(one["id"])
        assert one["version"] >= 1
        started, answered, ended = (_moment(one[name]) for name in ("started_at", "answered_at", "ended_at"))
        assert started is not None
        assert ended is not None
        assert started <= (answered or started) <= ended
        assert one["wait_s"] == pytest.approx(((answered or ended) - started).total_seconds(), abs=0.01)
        # Nobody's desk was open: nothing of these calls was wrapped up.
        assert one["wrap_up_s"] in (None, 0.0)
        assert (one["contact_number"] is None) is (one["answered_at"] is None or one["direction"] == "internal")
        assert [leg["offered_at"] for leg in one["legs"]] == sorted(leg["offered_at"] for leg in one["legs"])
        assert all(set(leg) >= LEG_FIELDS for leg in one["legs"])
        assert all(set(recording) >= RECORDING_FIELDS for recording in one["recordings"])


async def test_numbers_are_e164_however_the_trunk_wrote_them(house: House) -> None:
    told = [await house.call(call["external_id"]) for call in truth("number_formats")]

    assert len(told) > 2
    assert {one["client_address"] for one in told} == {"+77011234567"}
    assert {one["our_address"] for one in told} == {"+77272000001"}


async def test_a_withheld_number_and_a_strangers_markup_are_kept_as_they_are(house: House) -> None:
    anonymous = await house.recorded("anonymous_queue_answered")

    assert (anonymous["client_address"], anonymous["client_id"]) == (None, None)


async def test_one_interaction_is_read_whole_by_its_id(house: House) -> None:
    [one] = await house.owner.items("/interactions", limit="1")

    answer = await house.owner.get(f"/interactions/{one['id']}")

    assert (answer.status, answer.body) == (200, one)
    assert int(answer.headers["X-Perezvon-Seq"]) > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channel", "call"),
        ("direction", "outbound"),
        ("direction", "internal"),
        ("outcome", "abandoned"),
        ("outcome", "short_abandoned"),
        ("outcome", "busy"),
        ("pbx", ARCHIVE),
        ("complete", True),
    ],
)
async def test_a_filter_leaves_what_fits_and_nothing_else(house: House, name: str, value: object) -> None:
    everything = await _everything(house)

    found = await house.owner.items(
        "/interactions", **{name: str(value).lower() if value is True else str(value)}, limit="200"
    )

    assert found
    assert [one["id"] for one in found] == [one["id"] for one in everything if one[name] == value]


async def test_the_filter_for_a_queue_finds_every_queue_a_call_has_seen(house: House) -> None:
    transferred = await house.recorded("blind_transfer_to_queue")
    assert transferred["queues"] == ["sales", "hotline"]

    for queue in ("sales", "hotline"):
        found = await house.owner.items("/interactions", queue=queue, limit="200")

        assert transferred["id"] in {one["id"] for one in found}
        assert all(queue in one["queues"] for one in found)
    assert transferred["queue"] == "hotline"


async def test_from_counts_and_to_does_not(house: House) -> None:
    call = await house.recorded("direct_answered")
    started = call["started_at"]
    after = (datetime.fromisoformat(started) + timedelta(microseconds=1)).isoformat()

    at_from = await house.owner.items("/interactions", pbx=ARCHIVE, **{"from": started, "to": after})
    at_to = await house.owner.items("/interactions", pbx=ARCHIVE, to=started, limit="200")
    elsewhere = await house.owner.items(
        "/interactions",
        pbx=ARCHIVE,
        **{"from": datetime.fromisoformat(started).astimezone(None).isoformat(), "to": after},
    )

    assert [one["id"] for one in at_from] == [call["id"]]
    assert call["id"] not in {one["id"] for one in at_to}
    assert elsewhere == at_from


async def test_filters_hold_together(house: House) -> None:
    call = await house.recorded("queue_abandoned")

    found = await house.owner.items(
        "/interactions", outcome="abandoned", queue=call["queue"], external_id=call["external_id"]
    )
    none = await house.owner.items("/interactions", outcome="answered", external_id=call["external_id"])

    assert [one["id"] for one in found] == [call["id"]]
    assert none == []


@pytest.mark.parametrize(
    "query",
    [
        "outcome=nice",
        "channel=fax",
        "from=yesterday",
        "from=2026-01-01T00:00:00",
        "client_id=1",
        "limit=201",
        "limit=0",
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(house: House, query: str) -> None:
    assert (await house.owner.get(f"/interactions?{query}")).refused(422, "invalid_input") is True


async def test_a_list_is_read_page_by_page_newest_first_with_nothing_twice(house: House) -> None:
    everything = await _everything(house)

    pages: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "7", **({"cursor": cursor} if cursor else {})}
        page = await house.owner.read("/interactions", pbx=ARCHIVE, **query)
        assert len(page["items"]) <= 7
        pages += page["items"]
        cursor = page["next"]

    assert [one["id"] for one in pages] == [one["id"] for one in everything if one["pbx"] == ARCHIVE]
    assert [one["started_at"] for one in pages] == sorted((one["started_at"] for one in pages), reverse=True)
    assert (await house.owner.get("/interactions?cursor=nonsense")).refused(422, "invalid_cursor") is True


async def test_an_agent_sees_own_calls_and_a_supervisor_those_of_the_team(house: House) -> None:
    mine = await house.recorded("direct_answered")
    other = await house.recorded("direct_no_answer")
    agent = await house.person("agent1007")
    boss = await house.person("boss", "supervisor", team="Sales")
    foreign = await house.person("foreign", "supervisor", team="Elsewhere")

    assert (await agent.http.get(f"/interactions/{mine['id']}")).status == 200
    assert (await agent.http.get(f"/interactions/{other['id']}")).refused(404, "not_found") is True
    assert {mine["id"], other["id"]} <= {one["id"] for one in await boss.http.items("/interactions", limit="200")}
    assert await foreign.http.items("/interactions") == []
    assert (await foreign.http.get(f"/interactions/{mine['id']}")).refused(404, "not_found") is True
    seen = await agent.http.items("/interactions", limit="200")
    assert all(one["agent_id"] == agent.id or agent.id in {leg["agent_id"] for leg in one["legs"]} for one in seen)


async def test_the_same_client_twice_is_a_first_and_a_second_contact(house: House) -> None:
    calls = [await house.call(call["external_id"]) for call in truth("same_caller_twice")]

    ordered = sorted(calls, key=lambda call: call["started_at"])
    numbers = [call["contact_number"] for call in ordered if call["contact_number"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def _everything(house: House) -> list[Json]:
    return await house.owner.items("/interactions", limit="200")


def _phones(legs: list[Json]) -> list[tuple[Any, ...]]:
    return sorted((leg["interface"], leg["role"], leg["result"]) for leg in legs)


def _national(number: str | None) -> str | None:
    digits = "".join(character for character in number or "" if character.isdecimal())
    return digits[-10:] or None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
