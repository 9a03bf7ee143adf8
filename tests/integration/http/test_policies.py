"""Rules for late promises are changed from outside: by whom, over which version, and with what answer."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.domain.people import Role
from tests.integration.http.house import Answer, Caller, House

STRICT = "/api/v1/callback-policies/strict-10m"
RULE = {"action": "move", "grace_s": 1200, "warn_before_s": 300, "max_moves": 2, "cooldown_s": 86400}


async def rule(caller: Caller, name: str = "strict-10m") -> dict[str, object]:
    listed = (await caller.get("/api/v1/callback-policies")).body["items"]
    return next(one for one in listed if one["name"] == name)


@pytest.fixture
async def boss(house: House) -> Caller:
    return await house.program("boss", Role.ADMIN)


async def test_a_change_is_a_new_version_with_its_words_and_its_author(house: House, boss: Caller) -> None:
    shipped = await rule(boss)

    saved = await boss("PUT", STRICT, {**RULE, "version": shipped["version"]})

    assert (saved.status, saved.body["version"], saved.body["warnings"]) == (200, 2, [])
    assert (saved.body["by_name"], shipped["by_name"]) == ("Boss", None)
    assert saved.body["sentence"]["en"].startswith("Promises: remind 5 minutes before; move when 20 minutes late")
    assert saved.body["sentence"]["ru"].startswith("Обещание: за 5 минут до срока напомнить")
    versions = (await boss.get(f"{STRICT}/versions")).body["items"]
    assert [(one["version"], one["grace_s"]) for one in versions] == [(2, 1200), (1, 600)]
    assert await rule(boss) == versions[0]
    async with house.database.read() as db:
        noted = await db.fetch("SELECT details FROM audit_log WHERE action = 'callback_policy.saved'")
        told = await db.fetch("SELECT body FROM outbox WHERE type = 'catalogue.changed'")
    assert [row["details"]["version"] for row in noted] == [2]
    assert [row["body"]["name"] for row in told] == ["callback_policies"]


async def test_what_is_read_may_be_sent_back_and_changes_nothing(boss: Caller) -> None:
    shipped = await rule(boss)

    saved = await boss("PUT", STRICT, shipped)

    assert (saved.status, saved.body["version"]) == (200, 1)
    assert saved.body.items() >= shipped.items()


async def test_who_edited_an_older_version_is_shown_the_newest_and_saves_nothing(boss: Caller) -> None:
    await boss("PUT", STRICT, {**RULE, "version": 1})

    stale = await boss("PUT", STRICT, {**RULE, "grace_s": 60, "version": 1})

    assert (stale.status, stale.code) == (409, "version_conflict")
    assert (stale.body["version"], stale.body["policy"]["grace_s"]) == (2, 1200)
    assert (await rule(boss))["version"] == 2


async def test_of_two_who_save_over_the_same_version_one_is_refused(boss: Caller) -> None:
    async def save(grace_s: int) -> Answer:
        return await boss("PUT", STRICT, {**RULE, "grace_s": grace_s, "version": 1})

    answers = await asyncio.gather(*(save(grace) for grace in (700, 800, 900)))

    assert sorted(answer.status for answer in answers) == [200, 409, 409]
    assert (await rule(boss))["version"] == 2


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"max_moves": None}, "policy_never_ends", "max_moves"),
        ({"grace_s": 0}, "policy_moves_at_once", "grace_s"),
        ({"grace_s": 999_999_999}, "policy_rejected", "grace_s"),
        ({"warn_before_s": -1}, "policy_rejected", "warn_before_s"),
        ({"max_moves": 21}, "policy_rejected", "max_moves"),
        ({"attempts": 3}, "policy_rejected", "retry_after_s"),
        ({"team": "nobody knows"}, "team_unknown", "team"),
        ({"lead_state": "warm"}, "lead_state_unknown", "lead_state"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_at_its_field(
    boss: Caller, change: dict[str, object], code: str, field: str
) -> None:
    for method, path in (("PUT", STRICT), ("POST", f"{STRICT}/preview")):
        refused = await boss(method, path, {**RULE, **change})

        assert (refused.status, refused.code, refused.body["field"]) == (422, code, field)
    assert (await rule(boss))["version"] == 1


async def test_a_name_that_is_none_makes_no_rule(boss: Caller) -> None:
    for name in ("Rule", "two%20words", "x" * 65):
        assert (await boss("PUT", f"/api/v1/callback-policies/{name}", RULE)).status == 404
    assert (await boss.get("/api/v1/callback-policies/unheard-of/versions")).status == 404


async def test_a_preview_says_what_it_would_do_and_saves_nothing(boss: Caller) -> None:
    odd = {**RULE, "grace_s": 30, "enabled": False, "service_class": "A"}

    shown = await boss.post("/api/v1/callback-policies/new-one/preview", odd)

    assert shown.status == 200
    assert shown.body["sentence"]["en"].startswith("Off. Promises to class A clients: ")
    assert [warning["code"] for warning in shown.body["warnings"]] == ["class_unused", "grace_short"]
    assert "new-one" not in {one["name"] for one in (await boss.get("/api/v1/callback-policies")).body["items"]}


async def test_a_supervisor_changes_the_rules_of_their_own_team_and_no_others(house: House, boss: Caller) -> None:
    chief = await house.program("chief", Role.SUPERVISOR, team="Sales")
    anna = await house.program("anna", team="Sales")
    ours = "/api/v1/callback-policies/sales-20m"

    made = await chief("PUT", ours, {**RULE, "team": "Sales"})

    assert (made.status, made.body["version"]) == (200, 1)
    for refused in (
        await chief("PUT", STRICT, {**RULE, "team": "Sales"}),  # everybody's must not become theirs
        await chief("PUT", ours, RULE),  # nor theirs everybody's
        await chief("PUT", "/api/v1/callback-policies/new-one", RULE),
    ):
        assert (refused.status, refused.code) == (403, "policy_of_others")
    assert (await anna("PUT", ours, {**RULE, "team": "Sales"})).code == "forbidden"
    assert (await rule(anna, "sales-20m"))["team"] == "Sales"
