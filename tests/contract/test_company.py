"""The company's own lists, the people on the floor, and its figures."""

from __future__ import annotations

import pytest

from tests.contract.house import ARCHIVE, House
from tests.contract.program import truth

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATES = {"available", "ringing", "talking", "hold", "wrap_up", "paused", "offline"}


async def test_colleagues_are_listed_with_their_phone_and_state(house: House) -> None:
    agents = await house.owner.items("/agents")

    assert all({"id", "login", "extension", "state"} <= set(agent) for agent in agents)
    assert {agent["state"] for agent in agents} <= STATES
    assert "1007" in {agent["extension"] for agent in agents}


async def test_a_person_says_what_they_are_doing(house: House) -> None:
    dana = await house.person("dana")
    reasons = {reason["code"] for reason in await dana.http.items("/pause-reasons")}
    assert {"BREAK", "LUNCH"} <= reasons

    async with house.desk(dana) as desk:
        await desk.hears("agent.changed", lambda told: told["agent"]["state"] == "available")
        paused = await dana.http.put("/agents/me/state", {"state": "paused", "reason": "LUNCH"})
        without = await dana.http.put("/agents/me/state", {"state": "paused"})
        unknown = await dana.http.put("/agents/me/state", {"state": "paused", "reason": "FISHING"})
        back = await dana.http.put("/agents/me/state", {"state": "available"})
        away = await dana.http.put("/agents/me/state", {"state": "offline"})

    assert (paused.status, paused.body["state"], paused.body["reason"]) == (200, "paused", "LUNCH")
    assert without.refused(422, "pause_reason_required") is True
    assert unknown.refused(422, "pause_reason_required") is True
    assert (back.body["state"], away.body["state"]) == ("available", "offline")


@pytest.mark.parametrize("name", ["dispositions", "pause-reasons"])
async def test_an_administrator_edits_a_list_and_a_stale_copy_is_refused(house: House, name: str) -> None:
    given = await house.owner.read(f"/{name}")
    items = [{key: value for key, value in item.items() if key != "position"} for item in given["items"]]
    items[0]["labels"] = {"ru": "По-новому", "en": "Anew"}

    saved = await house.owner.put(f"/{name}", {"items": items, "version": given["version"]})
    stale = await house.owner.put(f"/{name}", {"items": items, "version": given["version"]})

    assert saved.status == 200
    assert saved.body["items"][0]["labels"]["en"] == "Anew"
    assert stale.refused(409, "version_conflict") is True


async def test_the_lists_speak_russian_and_english(house: House) -> None:
    items = await house.owner.items("/dispositions")

    assert {"OFFER_SENT", "CALLBACK_PROMISED", "AUTO_TIMEOUT"} <= {item["code"] for item in items}
    assert all(set(item["labels"]) == {"ru", "en"} for item in items)


async def test_queues_are_known_with_their_members(house: House) -> None:
    queues = {queue["name"]: queue for queue in await house.owner.items("/queues")}

    assert "sales" in queues
    assert queues["sales"]["members"]


async def test_callers_who_gave_up_stand_in_one_row_each(house: House) -> None:
    since = (await house.recorded("queue_abandoned"))["started_at"][:10]
    names = ("queue_abandoned", "direct_abandoned", "queue_short_abandoned")
    gave_up = {str(call["client_address"]) for name in names for call in truth(name)}

    rows = await house.owner.items("/abandoned", **{"from": f"{since}T00:00:00Z"}, limit="200")

    numbers = [row["client_address"] for row in rows if row["client_address"]]
    assert len(numbers) == len(set(numbers))
    assert gave_up <= set(numbers)
    assert all({"attempts", "wait_s", "state", "interaction_id"} <= set(row) for row in rows)
    assert {row["state"] for row in rows} <= {"open", "reached", "done"}


async def test_every_live_figure_names_its_formula_sample_and_freshness(house: House) -> None:
    board = await house.owner.read("/wallboard")
    agent = await house.person("anna")

    assert {"waiting", "longest_wait_s", "answered", "abandoned", "short_abandoned", "service_level"} <= {
        figure["name"] for figure in board["figures"]
    }
    assert all({"formula", "sample", "fresh_at", "value"} <= set(figure) for figure in board["figures"])
    assert (await agent.http.get("/wallboard")).refused(403, "forbidden") is True


async def test_a_recording_nobody_may_hear_or_that_is_gone_is_404(house: House) -> None:
    call = await house.recorded("direct_answered")
    [recording] = call["recordings"]
    anna = await house.person("anna")

    assert recording["available"] is False
    assert call["pbx"] == ARCHIVE
    gone = await house.owner.get(f"/recordings/{recording['id']}/audio")
    assert (await anna.http.get(f"/recordings/{recording['id']}/audio")).refused(404, "not_found") is True
    assert gone.refused(404, "recording_missing") is True
