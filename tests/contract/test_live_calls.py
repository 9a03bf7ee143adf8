"""A call as the desks live through it: offered with the card, withdrawn, answered, wrapped up, disposed of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.contract.house import House, Person
from tests.contract.people import Desk, Json, in_hours
from tests.contract.program import truth
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def agent_at(house: House, interface: str) -> Person:
    """Whose phone that is."""
    return await house.person(f"agent{interface.partition('/')[2]}")


async def test_a_queue_offers_to_one_phone_after_another_and_every_desk_hears_its_own(house: House) -> None:
    [call] = truth("queue_busy_then_declined_then_answered")
    busy, declined, answered = [await agent_at(house, str(leg["interface"])) for leg in call["legs"]]
    boss = await house.person("boss", "supervisor", team="Sales")
    client = await house.client("Мадина Ахметова", str(call["client_address"]))
    promise = (await house.owner.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(1)})).body

    async with (
        house.desk(busy) as busy_desk,
        house.desk(declined) as declined_desk,
        house.desk(answered) as answered_desk,
        house.desk(boss) as boss_desk,
        house.playing("queue", "queue_busy_then_declined_then_answered"),
    ):
        offered = await declined_desk.hears("call.offered")
        withdrawn = await declined_desk.hears("call.withdrawn")
        taken = await answered_desk.hears("call.offered")
        talking = await answered_desk.hears("call.answered")
        ended = await answered_desk.hears("call.ended")
        await boss_desk.hears("call.ended")
        state = await answered_desk.hears("agent.changed", lambda told: told["agent"]["state"] == "wrap_up")

        # The card came with the first frame, the promise on top of it; the number was recognised.
        assert offered["interaction"]["client_id"] == client["id"]
        assert offered["card"]["client"]["name"] == "Мадина Ахметова"
        assert [one["id"] for one in offered["card"]["callbacks"]] == [promise["id"]]
        assert {"candidates", "family", "trips", "deals", "recent"} <= set(offered["card"])
        assert offered["agent_id"] == declined.id
        # Declined there, it was taken back, and offered to the next.
        assert (withdrawn["leg_id"], withdrawn["result"]) == (offered["leg_id"], "declined")
        assert withdrawn["interaction_id"] == offered["interaction"]["id"]
        assert taken["agent_id"] == talking["agent_id"] == answered.id
        assert taken["leg_id"] == talking["leg_id"] != offered["leg_id"]
        # A busy phone never flashes.
        assert busy_desk.all("call.offered") == busy_desk.all("call.withdrawn") == []
        # To each their own; the supervisor hears of both.
        assert len(declined_desk.all("call.offered")) == len(answered_desk.all("call.offered")) == 1
        assert [one["agent_id"] for one in boss_desk.all("call.offered")] == [declined.id, answered.id]
        assert declined_desk.all("call.answered") == []
        for desk in (declined_desk, answered_desk, boss_desk):
            _stand_in_order(desk)
        # Wrap-up waits for the verdict.
        assert (ended["interaction"]["state"], ended["interaction"]["outcome"]) == ("wrap_up", "answered")
        assert state["agent"]["id"] == answered.id

        await _dispose_and_edit(house, answered, ended["interaction"], client)
        closed = await answered_desk.hears("interaction.changed", lambda told: told["interaction"]["state"] == "closed")
        assert closed["interaction"]["disposition"]["code"] == "OFFER_SENT"
        await answered_desk.hears("agent.changed", lambda told: told["seq"] > closed["seq"])

    # The talk was the promised one.
    kept = await house.owner.read(f"/callbacks/{promise['id']}")
    assert (kept["state"], kept["kept_in"]) == ("kept", ended["interaction"]["id"])


async def _dispose_and_edit(house: House, agent: Person, wrapping_up: Json, client: Json) -> None:
    path = f"/interactions/{wrapping_up['id']}/disposition"
    verdict = {"code": "OFFER_SENT", "note": "выслала три отеля", "callback": {"due_at": in_hours(4)}}

    unknown = await agent.http.put(path, {"code": "NICE_TALK"})
    required = await agent.http.put(path, {"code": "THINKING"})
    colleague = await (await house.person("anna")).http.put(path, verdict)
    given = await agent.http.put(path, verdict)
    [first] = await _promised_in(house, client, wrapping_up)
    edited = await agent.http.put(path, {**verdict, "note": "и четвёртый", "callback": {"due_at": in_hours(8)}})
    [second] = await _promised_in(house, client, wrapping_up)

    assert unknown.refused(422, "disposition_unknown") is True
    assert required.refused(409, "disposition_requires_callback") is True
    assert colleague.refused(404, "not_found") is True
    assert (given.status, given.body["state"]) == (200, "closed")
    disposition = given.body["disposition"]
    assert (
        disposition.items()
        >= {
            "code": "OFFER_SENT",
            "resultative": True,
            "note": "выслала три отеля",
            "by": agent.id,
        }.items()
    )
    assert datetime.fromisoformat(disposition["at"])
    assert 0 < given.body["wrap_up_s"] < 60
    # Said again it edits: one promise, of another time.
    assert (edited.body["disposition"]["note"], edited.body["wrap_up_s"]) == ("и четвёртый", given.body["wrap_up_s"])
    assert (second["id"], second["due_at"] > first["due_at"]) == (first["id"], True)
    assert (first["agent_id"], first["promised_in"]) == (agent.id, wrapping_up["id"])


async def test_a_verdict_during_the_talk_is_kept_and_leaves_no_wrap_up(house: House) -> None:
    [call] = truth("queue_answered_agent_hangs_up")
    agent = await agent_at(house, str(call["agent"]))

    async with house.desk(agent) as desk, house.playing("talk", "queue_answered_agent_hangs_up"):
        talking = await desk.hears("call.answered")
        path = f"/interactions/{talking['interaction']['id']}/disposition"
        during = await agent.http.put(path, {"code": "INFO_GIVEN"})
        ended = await desk.hears("call.ended")

    assert (during.status, during.body["state"]) == (200, "active")
    interaction = ended["interaction"]
    assert (interaction["state"], interaction["wrap_up_s"]) == ("closed", 0.0)
    assert interaction["disposition"]["code"] == "INFO_GIVEN"


async def test_a_manager_declines_and_the_pbx_obeys(house: House) -> None:
    [call] = truth("direct_no_answer")
    agent = await agent_at(house, str(call["legs"][0]["interface"]))
    colleague = await house.person("boris")

    async with house.desk(agent) as desk, house.playing("direct", "direct_no_answer"):
        offered = await desk.hears("call.offered")
        path = f"/calls/{offered['interaction']['id']}"
        foreign = await colleague.http.post(f"{path}/decline")
        declined = await agent.http.post(f"{path}/decline")
        withdrawn = await desk.hears("call.withdrawn")
        late = await agent.http.post(f"{path}/decline")
        over = await agent.http.post(f"{path}/hangup")

    assert foreign.refused(404, "not_found") is True
    assert declined.status == 202
    assert withdrawn["result"] == "declined"
    assert late.refused(409, "call_not_ringing") is True
    assert over.refused(409, "call_not_live") is True


async def test_click_to_call_rings_the_own_phone_without_an_offer_and_can_be_hung_up(house: House) -> None:
    agent = await house.person("caller", extension="1077")
    client = await house.client("Серик", "+77059990011")

    async with house.desk(agent) as desk:
        placed = await agent.http.post("/calls", {"client_id": client["id"]})
        assert (placed.status, set(placed.body)) == (202, {"interaction_id"})
        interaction_id = placed.body["interaction_id"]
        waiting = await agent.http.read(f"/interactions/{interaction_id}")
        answered = await desk.hears("call.answered")
        hung_up = await agent.http.post(f"/calls/{interaction_id}/hangup")
        ended = await desk.hears("call.ended")

    assert (waiting["direction"], waiting["external_id"], waiting["pbx"]) == ("outbound", interaction_id, "main")
    assert (waiting["agent_id"], waiting["client_id"]) == (agent.id, client["id"])
    assert answered["interaction"]["id"] == interaction_id
    assert hung_up.status == 202
    assert (ended["interaction"]["outcome"], ended["interaction"]["client_address"]) == ("answered", "+77059990011")
    assert [leg["role"] for leg in ended["interaction"]["legs"]] == ["originate"]
    assert desk.all("call.offered") == desk.all("call.withdrawn") == []


async def test_nobody_is_called_without_an_extension_or_by_nonsense(house: House) -> None:
    anna, caller = await house.person("anna"), await house.person("caller", extension="1077")

    without = await anna.http.post("/calls", {"number": "+77059990011"})

    assert without.refused(409, "no_extension") is True
    for number in ("abc", "1001&PJSIP/trunk", "${SHELL(id)}", "+7705\r\nAction: Logoff"):
        assert (await caller.http.post("/calls", {"number": number})).refused(422, "number_not_diallable") is True


async def test_a_call_answered_with_no_desk_open_closes_at_its_end(house: House) -> None:
    [call] = truth("direct_answered")

    async with house.playing("early", "direct_answered"):
        closed = await _closed(house, call["external_id"], "early")

    assert (closed["state"], closed["outcome"], closed["wrap_up_s"]) == ("closed", "answered", 0.0)
    assert closed["disposition"] is None


async def _promised_in(house: House, client: Json, interaction: Json) -> list[Json]:
    owed = await house.owner.items("/callbacks", client_id=client["id"], state="open")
    return [one for one in owed if one["promised_in"] == interaction["id"]]


async def _closed(house: House, external_id: object, pbx_name: str) -> Json:
    async def is_over() -> bool:
        found = await house.owner.items("/interactions", external_id=str(external_id), pbx=pbx_name)
        return [one["state"] for one in found] == ["closed"]

    await eventually(is_over)
    return await house.call(external_id, pbx_name)


def _stand_in_order(desk: Desk) -> None:
    """Every event bears its place, its thing's version and its moment, and comes once."""
    told: list[tuple[str, dict[str, Any]]] = [one for one in desk.heard if one[0] != "hello"]
    seqs = [payload["seq"] for _, payload in told]
    assert seqs == sorted(set(seqs))
    assert all(payload["version"] >= 1 for _, payload in told)
    assert all(datetime.fromisoformat(payload["at"]).tzinfo for _, payload in told)
