"""Rules for late promises: changed in versions for promises made afterwards, and tried on what has passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.contract.house import House
from tests.contract.people import Json, in_hours, words

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELDS = words(
    """warn_before_s grace_s action takeover_after_s max_moves cooldown_s working_time team service_class lead_state
    enabled version"""
)
#: For clients of a class nobody else's story has.
RULE = {
    "warn_before_s": 60,
    "grace_s": 300,
    "action": "move",
    "takeover_after_s": None,
    "max_moves": 1,
    "cooldown_s": 3600,
    "working_time": False,
    "service_class": "Контракт",
    "enabled": True,
}


async def promise(house: House, client: Json) -> Json:
    answer = await house.owner.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(2)})
    assert answer.status == 201, answer.body
    return dict(answer.body)


def grace_of(made: Json) -> timedelta:
    return datetime.fromisoformat(made["escalate_at"]) - datetime.fromisoformat(made["due_at"])


async def test_a_change_is_a_version_for_promises_made_afterwards(house: House) -> None:
    client = await house.client("Клиент по договору", service_class="Контракт")
    made = await house.owner.put("/callback-policies/contract-5m", RULE)
    before = await promise(house, client)

    changed = await house.owner.put(
        "/callback-policies/contract-5m", {**RULE, "grace_s": 600, "version": made.body["version"]}
    )
    stale = await house.owner.put(
        "/callback-policies/contract-5m", {**RULE, "grace_s": 60, "version": made.body["version"]}
    )
    after = await promise(house, client)

    assert (made.status, changed.status) == (200, 200)
    assert set(made.body) >= FIELDS
    assert made.body.items() >= RULE.items()
    assert changed.body["version"] == made.body["version"] + 1
    assert stale.refused(409, "version_conflict") is True
    assert stale.body["policy"]["grace_s"] == 600
    assert (before["policy"], after["policy"]) == ("contract-5m", "contract-5m")
    assert (grace_of(before), grace_of(after)) == (timedelta(minutes=5), timedelta(minutes=10))
    unmoved = await house.owner.read(f"/callbacks/{before['id']}")
    assert unmoved["escalate_at"] == before["escalate_at"]


async def test_a_rule_that_never_ends_or_moves_at_once_is_refused_at_its_field(house: House) -> None:
    endless = await house.owner.put("/callback-policies/contract-bad", {**RULE, "max_moves": None})
    at_once = await house.owner.put("/callback-policies/contract-bad", {**RULE, "grace_s": 0})
    by_an_agent = await (await house.person("anna")).http.put("/callback-policies/contract-bad", RULE)

    assert endless.refused(422, "policy_never_ends") is True
    assert at_once.refused(422, "policy_moves_at_once") is True
    assert (endless.body["field"], at_once.body["field"]) == ("max_moves", "grace_s")
    assert by_an_agent.status == 403
    assert "contract-bad" not in {one["name"] for one in await house.owner.items("/callback-policies")}


async def test_a_rule_is_tried_on_what_has_passed_and_changes_nothing(house: House) -> None:
    span = {"from": in_hours(-24 * 30), "to": in_hours(0)}
    before = await house.owner.items("/callback-policies")

    told = await house.owner.post("/callback-policies/strict-10m/replay", span)
    other = await house.owner.post(
        "/callback-policies/strict-10m/replay", {**span, "rule": {**RULE, "service_class": None}}
    )

    assert (told.status, other.status) == (200, 200)
    assert set(told.body) >= words("concerned moved moves given taken nobody truncated known_from")
    assert told.body["moved"] <= told.body["overdue"] <= told.body["concerned"]
    assert await house.owner.items("/callback-policies") == before
