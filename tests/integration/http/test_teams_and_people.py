"""How an administrator arranges who works when, over HTTP; and what a manager may read and write of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from crm_core.domain.people import Role
from tests.integration.http.house import Caller, House
from tests.people import add_client

OFFICE = [{"opens": "09:00", "closes": "18:00"}]
HOURS = {"name": "Office", "zone": "Asia/Almaty", "country": "KZ", "week": [OFFICE] * 5 + [[], []]}


async def owes(house: House, manager: Caller, person: UUID) -> str:
    """A promise of theirs to a client of theirs."""
    client = await add_client(house.database, "Айгерим", phone="+77010000001", owner=person)
    due_at = datetime.now(UTC) + timedelta(hours=3)
    answer = await manager.post("/api/v1/callbacks", {"client_id": str(client), "due_at": due_at.isoformat()})
    assert answer.status == 201
    return answer.body["id"]


async def test_a_team_is_given_hours_and_everybody_sees_why_a_day_is_closed(house: House) -> None:
    admin = await house.program("admin", Role.ADMIN)
    anna = await house.program("anna", team="North")

    office = (await admin.post("/api/v1/calendars", HOURS)).body
    team = (await admin.get("/api/v1/teams")).body["items"][0]
    changed = await admin("PATCH", f"/api/v1/teams/{team['id']}", {"calendar_id": office["id"], "load_cap": 80})
    day_off = {"days": {"2026-12-30": []}, "version": office["version"]}
    await admin("PATCH", f"/api/v1/calendars/{office['id']}", day_off)
    period = {"from": "2026-12-29", "to": "2027-01-02"}
    days = (await anna.get(f"/api/v1/calendars/{office['id']}/days", params=period)).body["items"]

    assert (changed.status, changed.body["calendar"], changed.body["load_cap"]) == (200, "Office", 80)
    assert [(day["rule"], len(day["hours"])) for day in days] == [("week", 1), ("own", 0), ("week", 1), ("holiday", 0)]


async def test_what_cannot_be_is_refused_in_words_a_program_understands(house: House) -> None:
    admin = await house.program("admin", Role.ADMIN)
    await house.person("anna", team="North")
    team = (await admin.get("/api/v1/teams")).body["items"][0]

    async def refusal(method: str, path: str, body: object = None) -> str:
        answer = await admin(method, f"/api/v1{path}", body)
        return f"{answer.status} {answer.code}"

    assert await refusal("POST", "/calendars", {**HOURS, "week": [[]] * 7}) == "422 calendar_has_no_hours"
    assert await refusal("POST", "/calendars", {**HOURS, "week": [OFFICE * 2] * 7}) == "422 calendar_rejected"
    assert await refusal("POST", "/calendars", {**HOURS, "zone": "Mars/Base"}) == "422 invalid_input"
    assert await refusal("PATCH", f"/teams/{team['id']}", {"load_warning": 99}) == "422 load_warning_above_cap"
    assert await refusal("PATCH", f"/teams/{team['id']}", {"name": None}) == "422 invalid_input"
    assert await refusal("DELETE", f"/teams/{team['id']}") == "409 team_not_empty"


async def test_who_holds_a_promise_is_disabled_only_when_somebody_else_has_it(house: House) -> None:
    admin = await house.program("admin", Role.ADMIN)
    anna = await house.program("anna")
    boris = await house.person("boris")
    anna_id = UUID((await anna.get("/api/v1/session")).body["user"]["id"])
    promise = await owes(house, anna, anna_id)

    refused = await admin("PATCH", f"/api/v1/users/{anna_id}", {"enabled": False})
    dismissal = {"enabled": False, "hand_over": {"to": str(boris)}}
    gone = await admin("PATCH", f"/api/v1/users/{anna_id}", dismissal)

    assert (refused.status, refused.code) == (409, "holds_promises")
    assert (refused.body["promises"], refused.body["leads"], refused.body["clients"]) == (1, 0, 1)
    assert (gone.status, gone.body["enabled"]) == (200, False)
    assert (await admin.get(f"/api/v1/callbacks/{promise}")).body["agent_id"] == str(boris)
    assert (await anna.get("/api/v1/session")).code == "not_signed_in"


async def test_the_engine_says_how_it_would_share_and_shares_so(house: House) -> None:
    admin = await house.program("admin", Role.ADMIN)
    anna = await house.program("anna", team="North")
    chief = await house.program("chief", Role.SUPERVISOR, team="North")
    anna_id = UUID((await anna.get("/api/v1/session")).body["user"]["id"])
    chief_id = (await chief.get("/api/v1/session")).body["user"]["id"]
    promise = await owes(house, anna, anna_id)

    said = await chief.get(f"/api/v1/users/{anna_id}/shares", params={"leaving": "true"})
    hidden = await anna.get(f"/api/v1/users/{chief_id}/shares")
    gone = await admin("PATCH", f"/api/v1/users/{anna_id}", {"enabled": False, "hand_over": {"to": "engine"}})

    # Nobody else is at their desk: the team's supervisor answers for it.
    left = {"agent_id": chief_id, "agent_name": "Chief", "stuck": True, "promises": 1, "leads": 0, "clients": 1}
    assert said.body == {"items": [left]}
    assert (hidden.status, gone.status) == (404, 200)
    owed = (await admin.get(f"/api/v1/callbacks/{promise}")).body
    assert (owed["agent_id"], owed["history"][-1]["reason"]) == (chief_id, "absence")


async def test_a_manager_sees_what_would_wait_and_goes(house: House) -> None:
    anna = await house.program("anna", team="North")
    chief = await house.program("chief", Role.SUPERVISOR, team="North")
    anna_id = UUID((await anna.get("/api/v1/session")).body["user"]["id"])
    await owes(house, anna, anna_id)
    now = datetime.now(UTC)
    week = {"from_at": now.isoformat(), "to_at": (now + timedelta(days=7)).isoformat()}

    ahead = (await anna.get("/api/v1/absences/preview", params=week)).body
    written = await anna.post("/api/v1/absences", {"kind": "vacation", **week})
    team = {person["login"]: person for person in (await chief.get("/api/v1/people")).body["items"]}

    assert (ahead["promises_count"], ahead["promises"][0]["client_name"]) == (1, "Айгерим")
    assert (written.status, written.body["state"]) == (201, "current")
    assert team["anna"]["absence"]["kind"] == "vacation"
    assert (team["anna"]["load"]["active_clients"], team["anna"]["load"]["cap"]) == (1, 60)
    assert (await chief("DELETE", f"/api/v1/absences/{written.body['id']}")).status == 204
    assert (await anna.get("/api/v1/absences")).body["items"][0]["state"] == "over"


async def test_skills_are_written_once_and_offered_to_everybody(house: House) -> None:
    admin = await house.program("admin", Role.ADMIN)
    anna = await house.person("anna")

    seen = await admin("PATCH", f"/api/v1/users/{anna}", {"skills": ["Visas", " visas "], "languages": ["KK"]})
    known = (await admin.get("/api/v1/skills")).body

    assert (seen.body["skills"], seen.body["languages"]) == (["visas"], ["kk"])
    assert known == {"skills": [{"word": "visas", "people": 1}], "languages": [{"word": "kk", "people": 1}]}
