"""Promises: made, claimed, kept, moved, taken over, cancelled; and every owner with the reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.contract.house import House, Person
from tests.contract.people import Answer, Caller, Json, in_hours, words

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELDS = words(
    """id client_id lead_id subject via state agent_id due_at escalate_at takeover_at claimed_until promised_in kept_in
    late_s late_by policy policies moves history version"""
)


async def promise(caller: Caller, client: Json, **more: object) -> Json:
    answer = await caller.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(2), **more})
    assert answer.status == 201, answer.body
    return dict(answer.body)


@pytest_asyncio.fixture(loop_scope="session")
async def client(house: House) -> Json:
    return await house.client("Кому обещали")


async def people(house: House) -> tuple[Person, Person, Person]:
    return (
        await house.person("anna"),
        await house.person("boris"),
        await house.person("chief", "supervisor"),
    )


async def test_a_promise_is_the_callers_unless_they_say_whose(house: House, client: Json) -> None:
    anna, boris, chief = await people(house)
    due = in_hours(3)

    own = await promise(anna.http, client, due_at=due, subject="подборка на Хайнань")
    given = await promise(chief.http, client, agent_id=boris.id, via="telegram")

    assert set(own) >= FIELDS
    assert (own["state"], own["agent_id"], own["via"], own["subject"]) == (
        "open",
        anna.id,
        "call",
        "подборка на Хайнань",
    )
    assert datetime.fromisoformat(own["due_at"]) == datetime.fromisoformat(due)
    assert (own["lead_id"], own["claimed_until"], own["kept_in"], own["late_s"], own["late_by"]) == (None,) * 5
    assert (own["moves"], own["version"]) == (0, 1)
    assert (given["agent_id"], given["via"]) == (boris.id, "telegram")
    assert own["history"][0].items() >= {"agent_id": anna.id, "to": None, "reason": "promised", "by": None}.items()
    assert set(own["history"][0]) >= {"agent_id", "from", "to", "reason", "explanation", "by"}


async def test_a_promise_is_made_under_the_policies_of_its_day(house: House, client: Json) -> None:
    policies = {policy["name"]: policy for policy in await house.owner.items("/callback-policies")}

    made = await promise(house.owner, client)

    due = datetime.fromisoformat(made["due_at"])
    assert made["policy"] in made["policies"]
    assert set(made["policies"]) <= set(policies)
    grace = timedelta(seconds=policies[made["policy"]]["grace_s"])
    assert datetime.fromisoformat(made["escalate_at"]) == due + grace
    takeovers = [policies[name]["takeover_after_s"] for name in made["policies"] if policies[name]["takeover_after_s"]]
    assert datetime.fromisoformat(made["takeover_at"]) == due + timedelta(seconds=min(takeovers))
    assert set(policies[made["policy"]]) >= {
        *("warn_before_s", "grace_s", "action", "takeover_after_s", "max_moves", "cooldown_s", "working_time"),
        *("enabled", "version"),
    }


async def test_a_claim_is_a_lease_of_one_person(house: House, client: Json) -> None:
    anna, _, chief = await people(house)
    made = await promise(anna.http, client)
    path = f"/callbacks/{made['id']}"

    claimed = await anna.http.post(f"{path}/claim")
    again = await anna.http.post(f"{path}/claim")
    other = await chief.http.post(f"{path}/claim")

    assert (claimed.status, claimed.body["state"]) == (200, "claimed")
    lease = datetime.fromisoformat(claimed.body["claimed_until"]) - datetime.now().astimezone()
    assert timedelta(seconds=100) < lease <= timedelta(seconds=121)
    assert (again.status, again.body["claimed_until"] >= claimed.body["claimed_until"]) == (200, True)
    assert other.refused(409, "callback_already_claimed") is True


async def test_a_kept_promise_names_the_contact_and_stays_kept(house: House, client: Json) -> None:
    anna, *_ = await people(house)
    made = await promise(anna.http, client)
    path = f"/callbacks/{made['id']}"
    earlier_call = await house.recorded("direct_answered")

    wrong = await anna.http.post(f"{path}/keep", {"interaction_id": earlier_call["id"]})
    kept = await anna.http.post(f"{path}/keep")
    again = await anna.http.post(f"{path}/keep")
    late = await anna.http.post(f"{path}/claim")

    assert wrong.status == 422
    assert (kept.status, kept.body["state"], kept.body["late_s"]) == (200, "kept", None)
    assert kept.body["history"][-1]["to"] is not None
    assert (again.status, again.body["version"]) == (200, kept.body["version"])
    assert late.refused(409, "callback_closed") is True


async def test_a_promise_moves_with_its_reason_and_keeps_its_deadline(house: House, client: Json) -> None:
    anna, boris, _ = await people(house)
    made = await promise(anna.http, client)

    moved = await anna.http.post(f"/callbacks/{made['id']}/move", {"agent_id": boris.id, "reason": "я в отпуске"})
    wordless = await boris.http.post(f"/callbacks/{made['id']}/move", {"agent_id": anna.id})
    nobody = await boris.http.post(f"/callbacks/{made['id']}/move", {"agent_id": client["id"], "reason": "x"})

    assert (moved.status, moved.body["agent_id"], moved.body["moves"]) == (200, boris.id, 1)
    assert moved.body["due_at"] == made["due_at"]
    first, second = moved.body["history"]
    assert (first["agent_id"], first["to"] is not None) == (anna.id, True)
    assert (
        second.items()
        >= {
            "agent_id": boris.id,
            "to": None,
            "reason": "moved",
            "explanation": "я в отпуске",
            "by": anna.id,
        }.items()
    )
    assert wordless.refused(422, "invalid_input") is True
    assert nobody.status == 422


async def test_a_supervisor_takes_over_a_tail_and_nothing_earlier(house: House, client: Json) -> None:
    anna, _, chief = await people(house)
    made = await promise(anna.http, client)

    early = await chief.http.post(f"/callbacks/{made['id']}/take-over")
    agent = await anna.http.post(f"/callbacks/{made['id']}/take-over")

    assert early.refused(409, "take_over_too_early") is True
    assert agent.refused(403, "forbidden") is True


async def test_a_promise_is_cancelled_with_a_reason(house: House, client: Json) -> None:
    anna, *_ = await people(house)
    made = await promise(anna.http, client)
    path = f"/callbacks/{made['id']}"

    wordless = await anna.http.post(f"{path}/cancel")
    cancelled = await anna.http.post(f"{path}/cancel", {"reason": "купил сам"})

    assert wordless.refused(422, "invalid_input") is True
    assert (cancelled.status, cancelled.body["state"]) == (200, "cancelled")
    assert (await anna.http.post(f"{path}/keep")).refused(409, "callback_closed") is True


async def test_the_list_is_narrowed_by_client_agent_state_lateness_and_time(house: House, client: Json) -> None:
    anna, boris, _ = await people(house)
    soon = await promise(anna.http, client, due_at=in_hours(1))
    later = await promise(anna.http, client, due_at=in_hours(5))
    past = await promise(anna.http, client, due_at=in_hours(-0.05))
    await anna.http.post(f"/callbacks/{later['id']}/cancel", {"reason": "не нужно"})
    given = await promise(house.owner, client, agent_id=boris.id)

    async def found(**query: str) -> set[str]:
        return {one["id"] for one in await house.owner.items("/callbacks", client_id=client["id"], **query)}

    assert await found() == {soon["id"], later["id"], past["id"], given["id"]}
    assert await found(agent_id=boris.id) == {given["id"]}
    assert await found(state="cancelled") == {later["id"]}
    assert await found(state="open", agent_id=anna.id) == {soon["id"], past["id"]}
    assert await found(late="true") == {past["id"]}
    assert await found(due_from=soon["due_at"], due_to=later["due_at"]) == {soon["id"], given["id"]}
    [late] = await house.owner.items("/callbacks", client_id=client["id"], late="true")
    assert late["late_s"] > 0


async def test_a_moment_nobody_can_mean_is_refused(house: House, client: Json) -> None:
    body = {"client_id": client["id"], "due_at": in_hours(-24)}

    assert (await house.owner.post("/callbacks", body)).status == 422
    assert (await house.owner.post("/callbacks", {**body, "due_at": in_hours(1), "via": "pigeon"})).status == 422


async def test_a_promise_may_be_made_by_what_a_clock_shows(house: House, client: Json) -> None:
    anna, *_ = await people(house)
    summer = datetime.now().astimezone().year + 1

    async def say(**local: object) -> Answer:
        return await anna.http.post("/callbacks", {"client_id": client["id"], "due_local": local})

    made = await say(time=f"{summer}-06-01T10:00", zone="Europe/Berlin")
    unknown = await say(time=f"{summer}-06-01T10:00", zone="client")
    both = {"client_id": client["id"], "due_at": in_hours(1), "due_local": {"time": f"{summer}-06-01T10:00"}}

    assert datetime.fromisoformat(made.body["due_at"]) == datetime.fromisoformat(f"{summer}-06-01T10:00:00+02:00")
    assert unknown.refused(422, "client_zone_unknown") is True
    assert (await anna.http.post("/callbacks", both)).status == 422


async def test_nothing_is_dialled_from_a_promise_that_has_moved(house: House, client: Json) -> None:
    anna, boris, _ = await people(house)
    made = await promise(anna.http, client)
    await anna.http.post(f"/callbacks/{made['id']}/move", {"agent_id": boris.id, "reason": "я в отпуске"})

    refused = await anna.http.post("/calls", {"client_id": client["id"], "callback_id": made["id"]})

    assert refused.refused(409, "callback_moved") is True
    assert refused.body["agent_id"] == boris.id


async def test_a_blocked_client_is_promised_nothing(house: House, client: Json) -> None:
    anna, *_ = await people(house)
    made = await promise(anna.http, client)
    path, block = f"/clients/{client['id']}", {"blocked": True, "reason": "просит не звонить"}

    by_agent = await anna.http("PATCH", path, block)
    blocked = await house.owner("PATCH", path, block)
    anew = await anna.http.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(2)})

    assert by_agent.status == 403
    assert (blocked.status, blocked.body["blocked_reason"]) == (200, "просит не звонить")
    assert (await anna.http.get(f"/callbacks/{made['id']}")).body["state"] == "cancelled"
    assert anew.refused(409, "client_blocked") is True


async def test_a_promise_of_others_is_404(house: House) -> None:
    anna, boris, chief = await people(house)
    hers = await house.client("Только Анны", owner_id=anna.id)
    made = await promise(anna.http, hers)

    for verb in ("claim", "keep"):
        assert (await boris.http.post(f"/callbacks/{made['id']}/{verb}")).refused(404, "not_found") is True
    assert (await boris.http.get(f"/callbacks/{made['id']}")).refused(404, "not_found") is True
    assert (await boris.http.post("/callbacks", {"client_id": hers["id"], "due_at": in_hours(1)})).status == 404
    assert (await chief.http.get(f"/callbacks/{made['id']}")).status == 200
