"""The board of promises as another program reads it: lanes, figures, moves with their reasons, tails."""

from __future__ import annotations

import pytest

from tests.contract.house import House
from tests.contract.people import in_hours, words

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOARD = words("at from to since next_move_at gaps figures tail rules lanes cut")
LANE = words("agent queue owed late tails earlier promises gone")
MOVE = words(
    """id callback_id at reason explanation words by by_name from_agent_id from_agent_name to_agent_id to_agent_name
    queue client_id client_name address subject state due_at closed_at late_s policy undone_at"""
)
EXPLAINED = MOVE | words("clocks rule strategy candidates near_cap try_again_at undo")


async def test_a_promise_lies_in_its_owners_lane_and_moves_to_the_next(house: House) -> None:
    anna, boris = await house.person("anna"), await house.person("boris")
    chief = await house.person("chief", "supervisor")
    client = await house.client("На доске")
    made = (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body

    async def lane(person_id: str) -> dict[str, list[str]]:
        answer = await chief.http.get("/promises/board")
        assert answer.status == 200, answer.body
        assert set(answer.body) == BOARD
        assert "X-Perezvon-Seq" in answer.headers
        [found] = [one for one in answer.body["lanes"] if one["agent"] and one["agent"]["id"] == person_id]
        assert set(found) == LANE
        return {
            name: [one["id"] if name == "promises" else one["callback_id"] for one in found[name]]
            for name in ("promises", "gone")
        }

    assert made["id"] in (await lane(anna.id))["promises"]
    await anna.http.post(f"/callbacks/{made['id']}/move", {"agent_id": boris.id, "reason": "на обеде"})

    before, after = await lane(anna.id), await lane(boris.id)
    assert (made["id"] in before["promises"], made["id"] in before["gone"]) == (False, True)
    assert made["id"] in after["promises"]

    [move] = [one for one in (await anna.http.get("/promises/moves")).body["items"] if one["callback_id"] == made["id"]]
    assert set(move) == MOVE
    assert (move["from_agent_id"], move["to_agent_id"], move["explanation"]) == (anna.id, boris.id, "на обеде")
    explained = await anna.http.get(f"/callbacks/{made['id']}/history/{move['id']}")
    assert set(explained.body) == EXPLAINED
    assert explained.body["undo"] == {"allowed": True, "code": None}

    back = await anna.http.post(f"/callbacks/{made['id']}/undo")
    again = await chief.http.post(f"/callbacks/{made['id']}/undo")
    assert (back.status, back.body["agent_id"], back.body["history"][-1]["reason"]) == (200, anna.id, "undone")
    assert again.refused(409, "nothing_to_undo") is True


async def test_every_figure_has_its_formula_sample_and_rows(house: House) -> None:
    figures = (await house.owner.get("/promises/board")).body["figures"]

    assert {one["name"] for one in figures} >= {"due_next_hour", "late_now", "moved_today", "tails"}
    for one in figures:
        assert one["formula"]
        assert one["fresh_at"]
        assert one["sample"] >= 0
        if one["rows"]:
            answer = await house.owner.get(one["rows"]["path"], params=one["rows"]["query"])
            assert answer.status == 200, (one["name"], answer.body)


async def test_a_step_of_others_or_of_nobody_is_404(house: House) -> None:
    anna, boris = await house.person("anna"), await house.person("boris")
    client = await house.client("Чужой шаг", owner_id=anna.id)
    made = (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body
    step = made["history"][0]["id"]

    assert (await anna.http.get(f"/callbacks/{made['id']}/history/{step}")).status == 200
    assert (await boris.http.get(f"/callbacks/{made['id']}/history/{step}")).refused(404, "not_found") is True
    assert (await anna.http.get(f"/callbacks/{made['id']}/history/{made['id']}")).refused(404, "not_found") is True
    assert (await boris.http.post(f"/callbacks/{made['id']}/undo")).refused(404, "not_found") is True


async def test_tails_are_counted_and_taken_with_a_verdict_each(house: House) -> None:
    anna, chief = await house.person("anna"), await house.person("chief", "supervisor")
    client = await house.client("Рано забирать")
    made = (await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body
    body = {"ids": [made["id"]], "preview": True}

    tails = await anna.http.get("/tails")
    early = await chief.http.post("/callbacks/take-over", body)
    agent = await anna.http.post("/callbacks/take-over", body)
    nothing = await chief.http.post("/callbacks/take-over", {"ids": []})

    assert set(tails.body) == words("definition fresh_at total people teams items next")
    assert set(tails.body["total"]) == words("count total_s longest_s median_s")
    [verdict] = early.body["items"]
    assert (verdict["id"], verdict["result"], verdict["code"]) == (made["id"], "refused", "take_over_too_early")
    assert verdict["fields"]["takeover_at"] == made["takeover_at"]
    assert agent.refused(403, "forbidden") is True
    assert nothing.refused(422, "invalid_input") is True
