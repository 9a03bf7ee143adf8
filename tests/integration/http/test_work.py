"""A manager's day over HTTP: the desk, the log, clients, promises, the telephone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from crm_core.actions.agents import record_presence
from crm_core.actions.calls import record_calls
from crm_core.actions.links import record_link
from crm_core.domain.calls import CallSnapshot, LegResult
from crm_core.domain.people import Role
from crm_core.store.database import Database
from crm_core.store.locks import holding
from tests.builders import NOON, abandoned, answered, call, ended, leg, ringing
from tests.integration.http.house import Answer, Caller, House, open_house
from tests.people import add_client

TOMORROW = datetime.now(UTC) + timedelta(days=1)


PBX = {"name": "main", "host": "127.0.0.1", "username": "crm", "secret": "s3cret", "outbound_context": "from-crm"}


@pytest.fixture
async def dialling(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose PBX may dial clients."""
    async with open_house(database, static=tmp_path, pbx=[PBX]) as running:
        yield running


async def hear(house: House, *story: CallSnapshot) -> None:
    for heard in story:
        async with house.database.begin() as tx:
            await record_calls(tx, [heard], country="KZ")


async def open_desk(house: House, login: str) -> None:
    async with house.database.begin() as tx:
        await record_presence(tx, await tx.fetchval("SELECT id FROM users WHERE login = $1", login), True)


async def newest(caller: Caller, **filters: str) -> dict:
    answer = await caller.get("/api/v1/interactions", params=filters)
    assert answer.status == 200
    return answer.body["items"][0]


async def dispose(caller: Caller, interaction: dict, **verdict: object) -> Answer:
    return await caller("PUT", f"/api/v1/interactions/{interaction['id']}/disposition", verdict)


async def test_a_call_is_answered_talked_and_closed_with_a_promise(house: House) -> None:
    anna = await house.program("anna", extension="1001", queues=["sales"])
    await add_client(house.database, "Айгерим", phone="+77011234567")
    await open_desk(house, "anna")
    await hear(house, ringing(), answered(), ended())
    wrapping = await newest(anna)
    assert wrapping["state"] == "wrap_up"

    bare = await dispose(anna, wrapping, code="CALLBACK_PROMISED")
    closed = await dispose(anna, wrapping, code="CALLBACK_PROMISED", callback={"due_at": TOMORROW.isoformat()})

    assert (bare.status, bare.code) == (409, "disposition_requires_callback")
    assert (closed.body["state"], closed.body["disposition"]["code"]) == ("closed", "CALLBACK_PROMISED")
    promises = (await anna.get("/api/v1/callbacks?state=open")).body["items"]
    assert [promise["promised_in"] for promise in promises] == [wrapping["id"]]


async def test_the_log_is_filtered_and_paged(house: House) -> None:
    boss = await house.program("boss", Role.OWNER)
    for number in range(3):
        later = NOON + timedelta(minutes=number)
        await hear(house, call(linkedid=f"179000000{number}.1", started_at=later))

    first = (await boss.get("/api/v1/interactions", params={"limit": "2"})).body
    rest = (await boss.get("/api/v1/interactions", params={"limit": "2", "cursor": first["next"]})).body
    second_minute = {
        "from": (NOON + timedelta(minutes=1)).isoformat(),
        "to": (NOON + timedelta(minutes=2)).isoformat(),
    }

    listed = [one["external_id"] for one in (*first["items"], *rest["items"])]
    assert (listed, rest["next"]) == (["1790000002.1", "1790000001.1", "1790000000.1"], None)
    assert (await newest(boss, **second_minute))["external_id"] == "1790000001.1"
    assert await newest(boss, external_id="1790000000.1", channel="call", queue="sales", pbx="main")
    assert (await boss.get("/api/v1/interactions?limit=201")).status == 422
    assert (await boss.get("/api/v1/interactions?cursor=nonsense")).code == "invalid_cursor"
    assert (await boss.get("/api/v1/interactions?from=1790000000")).status == 422


async def test_what_one_may_not_see_is_not_there(house: House) -> None:
    await house.person("anna", extension="1001")
    boris = await house.program("boris", extension="1002")
    boss = await house.program("boss", Role.OWNER)
    await hear(house, ringing(), answered(), ended())
    theirs = await newest(boss)

    assert (await boris.get("/api/v1/interactions")).body["items"] == []
    assert (await boris.get(f"/api/v1/interactions/{theirs['id']}")).code == "not_found"
    assert (await dispose(boris, theirs, code="SALE")).code == "not_found"
    assert (
        await boris("PUT", f"/api/v1/interactions/{theirs['id']}/client", {"client_id": theirs["id"]})
    ).status == 404
    for verb in ("decline", "hangup"):
        assert (await boris.post(f"/api/v1/calls/{theirs['id']}/{verb}")).status == 404


async def test_an_unknown_caller_is_written_down_and_attached(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    await hear(house, ringing(), answered())
    talking = await newest(anna)

    made = await anna.post(
        "/api/v1/clients",
        {"name": "Айгүл", "contact_points": [{"kind": "phone", "value": "8 (701) 123-45-67"}]},
    )
    attached = await anna("PUT", f"/api/v1/interactions/{talking['id']}/client", {"client_id": made.body["id"]})

    point = made.body["contact_points"][0]
    assert (made.status, point["value"], point["typed"]) == (201, "+77011234567", "8 (701) 123-45-67")
    assert attached.body["client_name"] == "Айгүл"
    found = (await anna.get("/api/v1/clients", params={"q": "Айгул"})).body["items"]
    assert [client["id"] for client in found] == [made.body["id"]]
    card = (await anna.get(f"/api/v1/clients/{made.body['id']}/card")).body
    assert (card["client"]["name"], [one["id"] for one in card["recent"]]) == ("Айгүл", [talking["id"]])
    timeline = (await anna.get(f"/api/v1/clients/{made.body['id']}/timeline")).body["items"]
    assert [entry["kind"] for entry in timeline] == ["interaction"]


async def test_a_card_is_corrected_by_who_saw_its_newest_version_and_merged(house: House) -> None:
    anna = await house.program("anna")
    one = (await anna.post("/api/v1/clients", {"name": "Болат"})).body
    other = (await anna.post("/api/v1/clients", {"name": "Болат Ахметов"})).body
    address = f"/api/v1/clients/{one['id']}"

    edited = await anna("PATCH", address, {"hint": "по имени-отчеству", "version": one["version"]})
    late = await anna("PATCH", address, {"hint": "никак", "version": one["version"]})
    merged = await anna.post(f"{address}/merge", {"other_id": other["id"]})

    assert (edited.status, edited.body["hint"]) == (200, "по имени-отчеству")
    assert (late.status, late.code) == (409, "version_conflict")
    assert merged.body["id"] == one["id"]
    assert (await anna.get(f"/api/v1/clients/{other['id']}")).body["id"] == one["id"]
    assert (await anna.post(f"{address}/unmerge")).status == 200
    assert (await anna.post(f"{address}/unmerge")).code == "not_merged"


async def test_a_promise_is_made_claimed_moved_taken_over_too_early_and_cancelled(house: House) -> None:
    anna = await house.program("anna")
    boris = await house.person("boris")
    boss = await house.program("boss", Role.SUPERVISOR)
    client = (await anna.post("/api/v1/clients", {"name": "Айгүл"})).body["id"]

    made = await anna.post("/api/v1/callbacks", {"client_id": client, "due_at": TOMORROW.isoformat()})
    address = f"/api/v1/callbacks/{made.body['id']}"
    claimed = await anna.post(f"{address}/claim", {})
    moved = await anna.post(f"{address}/move", {"agent_id": str(boris), "reason": "у него направление"})

    assert (made.status, made.body["state"], claimed.body["state"]) == (201, "open", "claimed")
    assert [(owner["reason"]) for owner in moved.body["history"]] == ["promised", "moved"]
    assert (await boss.post(f"{address}/take-over", {})).code == "take_over_too_early"
    assert (await boss.post(f"{address}/cancel", {"reason": "уже улетели"})).body["state"] == "cancelled"
    assert (await boss.post(f"{address}/keep", {})).code == "callback_closed"
    assert (await boss.get("/api/v1/callbacks?late=maybe")).status == 422


async def test_a_wrong_done_is_taken_back_at_once_and_promised_anew_later(house: House) -> None:
    anna = await house.program("anna")
    client = (await anna.post("/api/v1/clients", json={"name": "Айгерим"})).body
    due_at = datetime.now(UTC) + timedelta(hours=1)
    given = {"client_id": client["id"], "due_at": due_at.isoformat()}
    address = f"/api/v1/callbacks/{(await anna.post('/api/v1/callbacks', json=given)).body['id']}"

    await anna.post(f"{address}/keep", json={})
    undone = await anna.post(f"{address}/reopen", json={})
    still = await anna.post(f"{address}/reopen", json={"due_local": {"time": "2027-03-01T10:00"}})
    await anna.post(f"{address}/cancel", json={"reason": "Bought already"})
    again = await anna.post(f"{address}/reopen", json={"due_local": {"time": "2027-03-01T10:00"}})

    assert (undone.status, undone.body["state"]) == (200, "open")
    assert datetime.fromisoformat(undone.body["due_at"]) == due_at
    assert (still.status, still.code) == (409, "callback_open")
    assert datetime.fromisoformat(again.body["due_at"]) == datetime(2027, 3, 1, 5, tzinfo=UTC)  # 10:00 in Almaty
    assert [one["reason"] for one in again.body["history"]] == ["promised", "undone", "promised"]


async def test_a_pbx_that_may_not_dial_clients_is_not_asked_to(house: House) -> None:
    anna = await house.program("anna", extension="1001")

    assert (await anna.post("/api/v1/calls", {"number": "8 701 123 45 67"})).code == "no_outbound_context"


async def test_the_telephone_obeys_or_says_why_not(dialling: House) -> None:
    house = dialling
    dumb = await house.program("dumb")
    anna = await house.program("anna", extension="1001")
    number = {"number": "8 701 123 45 67"}

    assert (await dumb.post("/api/v1/calls", number)).code == "no_extension"
    assert (await anna.post("/api/v1/calls", number)).code == "pbx_unavailable"
    async with holding(house.database, "pbx:main") as lock:
        async with house.database.begin() as tx:
            await record_link(tx, pbx="main", state="up", since=tx.now, owner=lock.backend)
        placed = await anna.post("/api/v1/calls", number)
    left_behind = await anna.post("/api/v1/calls", number)

    assert placed.status == 202
    assert left_behind.code == "pbx_unavailable", "the process that heard it is gone"
    mine = (await anna.get(f"/api/v1/interactions/{placed.body['interaction_id']}")).body
    assert (mine["direction"], mine["client_address"], mine["state"]) == ("outbound", "+77011234567", "offered")
    assert (await anna.post("/api/v1/calls", {})).status == 422
    for nonsense in ("100&PJSIP/trunk/+79001234567", "${SHELL(id)}", "Local/1@x", "+7701\r\nAction: Originate"):
        assert (await anna.post("/api/v1/calls", {"number": nonsense})).status == 422, nonsense
    assert (await anna.post("/api/v1/calls", {"client_id": str(UUID(int=1))})).code == "not_found"
    assert (await anna.post(f"/api/v1/calls/{mine['id']}/decline")).code == "call_not_ringing"


async def test_ones_own_state_needs_a_reason_for_a_pause(house: House) -> None:
    anna = await house.program("anna", extension="1001")

    async def say(**state: str) -> Answer:
        return await anna("PUT", "/api/v1/agents/me/state", state)

    assert (await say(state="paused")).code == "pause_reason_required"
    assert (await say(state="paused", reason="GOLF")).code == "pause_reason_required"
    assert (await say(state="talking")).status == 422
    assert (await say(state="paused", reason="LUNCH")).status == 200
    (me,) = (await anna.get("/api/v1/agents")).body["items"]
    assert (me["login"], me["extension"]) == ("anna", "1001")


async def test_the_desk_is_one_picture_with_its_place_in_the_order_of_events(house: House) -> None:
    anna = await house.program("anna", extension="1001")
    await hear(house, ringing())
    async with house.database.begin() as tx:
        await tx.execute("UPDATE outbox_counter SET last_seq = 42")

    desk = await anna.get("/api/v1/desk")

    assert desk.headers["X-Perezvon-Seq"] == "42"
    assert [offer["interaction"]["client_address"] for offer in desk.body["offers"]] == ["+77011234567"]
    assert desk.body["agent"]["login"] == "anna"


async def test_who_gave_up_is_one_row_a_number_and_is_settled_when_heard(house: House) -> None:
    boss = await house.program("boss", Role.OWNER)
    await house.person("anna", extension="1001")
    when = {"from": NOON.isoformat(), "to": (NOON + timedelta(days=1)).isoformat()}
    stranger = {"client_number": "+77017654321"}
    await hear(
        house,
        abandoned(linkedid="1790000000.1"),
        abandoned(linkedid="1790000000.2"),
        abandoned(linkedid="1790000000.3", **stranger),
        ended(linkedid="1790000000.4", started_at=NOON + timedelta(hours=1), **stranger),
    )

    told = (await boss.get("/api/v1/abandoned", params=when)).body

    seen = {row["client_address"]: (row["attempts"], row["state"], row["reached_how"]) for row in told["items"]}
    assert seen == {"+77011234567": (2, "open", None), "+77017654321": (1, "reached", "called_again")}
    figures = {figure["name"]: (figure["value"], figure["sample"]) for figure in told["figures"]}
    assert (figures["callers"], figures["open"], figures["reached"]) == ((2, 2), (1, 2), (1, 2))
    assert all(figure["formula"] and figure["fresh_at"] for figure in told["figures"])
    narrowed = (await boss.get("/api/v1/abandoned", params=when | {"state": "open", "kind": "abandoned"})).body
    assert [row["client_address"] for row in narrowed["items"]] == ["+77011234567"]
    assert (await boss.get("/api/v1/abandoned", params={"state": "waiting"})).status == 422
    assert (await boss.get("/api/v1/abandoned", params={"cursor": "nonsense"})).status == 422


async def test_every_figure_says_what_it_is_made_of(house: House) -> None:
    boss = await house.program("boss", Role.SUPERVISOR, queues=["sales"])
    now = datetime.now(UTC)
    await hear(house, call(started_at=now))

    board = (await boss.get("/api/v1/wallboard")).body

    figures = {figure["name"]: figure for figure in board["figures"] if figure["queue"] == "sales"}
    assert (figures["waiting"]["value"], figures["waiting"]["sample"]) == (1, 1)
    assert (figures["service_level"]["value"], figures["service_level"]["sample"]) == (None, 0)
    assert all(figure["formula"] and figure["fresh_at"] for figure in board["figures"])
    assert (await (await house.program("anna")).get("/api/v1/wallboard")).status == 403


async def test_gaps_are_listed_for_supervisors(house: House) -> None:
    boss = await house.program("boss", Role.SUPERVISOR)
    async with house.database.begin() as tx:
        await tx.execute(
            "INSERT INTO gaps (id, source, from_at, cause) VALUES (gen_random_uuid(), 'main', now(), 'link lost')"
        )

    (gap,) = (await boss.get("/api/v1/gaps")).body["items"]

    assert (gap["source"], gap["cause"], gap["to"]) == ("main", "link lost", None)


async def test_a_draft_is_ones_own_and_found_again(house: House) -> None:
    anna, boris = await house.program("anna"), await house.program("boris")
    address = f"/api/v1/drafts/interaction:{UUID(int=7)}"

    assert (await anna.get(address)).body["body"] == {}
    kept = await anna("PUT", address, {"body": {"note": "перезвонить"}})

    assert (kept.status, (await anna.get(address)).body["body"]) == (200, {"note": "перезвонить"})
    assert (await boris.get(address)).body["body"] == {}
    assert (await anna("PUT", address, {"body": {"note": "x" * 70_000}})).status == 422
    assert (await anna("DELETE", address)).status == 204
    assert (await anna.get(address)).body["updated_at"] is None


async def test_an_administrator_adds_people_and_takes_their_rights_away(house: House) -> None:
    admin = await house.program("admin", Role.ADMIN)

    added = await admin.post(
        "/api/v1/users",
        {"login": "anna", "name": "Анна", "role": "agent", "extension": "1001", "password": "correct horse"},
    )
    browser = house.stranger()
    await browser.sign_in("anna")
    changed = await admin("PATCH", f"/api/v1/users/{added.body['id']}", {"enabled": False})

    assert (added.status, changed.body["enabled"]) == (201, False)
    assert (await browser.get("/api/v1/session")).status == 401
    assert (await admin.post("/api/v1/users", {"login": "ANNA", "name": "A", "role": "agent"})).code == "login_taken"
    assert (await admin.post("/api/v1/users", {"login": "o", "name": "O", "role": "owner"})).code == "forbidden"
    assert (await admin("PATCH", f"/api/v1/users/{added.body['id']}", {"name": None})).status == 422


async def test_the_rule_for_missed_calls_is_a_setting_of_the_queue(house: House) -> None:
    boss = await house.program("boss", Role.OWNER, queues=["sales"])
    known = (await boss.get("/api/v1/queues")).body
    usual = {key: value for key, value in known["items"][0].items() if key.startswith("missed_callback")}
    assert usual == {"missed_callback": True, "missed_callback_short": False, "missed_callback_due_s": 900}

    changed = known["items"][0] | {"missed_callback_short": True, "missed_callback_due_s": 300}
    told = (await boss("PUT", "/api/v1/queues", {"items": [changed], "version": known["version"]})).body

    assert told["items"][0]["missed_callback_short"] is True
    assert told["items"][0]["missed_callback_due_s"] == 300


async def test_queues_tell_the_names_of_the_teams_they_belong_to(house: House) -> None:
    boss = await house.program("boss", Role.OWNER, queues=["sales"])
    await house.person("anna", team="North")
    await house.person("boris", team="South")
    people = {one["login"]: one for one in (await boss.get("/api/v1/users")).body["items"]}
    known = (await boss.get("/api/v1/queues")).body

    changed = known["items"][0] | {"team_id": people["anna"]["team"]["id"]}
    told = (await boss("PUT", "/api/v1/queues", {"items": [changed], "version": known["version"]})).body

    assert known["teams"] == []
    assert told["teams"] == [people["anna"]["team"]] == [{"id": changed["team_id"], "name": "North"}]


async def test_a_missed_caller_is_a_promise_that_the_manager_claims_and_keeps(house: House) -> None:
    anna = await house.program("anna", extension="1001", queues=["sales"])
    at = datetime.now(UTC) - timedelta(minutes=1)
    gone = leg(offered_at=at, ended_at=at + timedelta(seconds=20), result=LegResult.CANCELLED)
    await hear(house, abandoned(started_at=at, ended_at=at + timedelta(seconds=20), legs=(gone,)))

    [promise] = (await anna.get("/api/v1/callbacks", params={"unassigned": "true"})).body["items"]
    claimed = (await anna.post(f"/api/v1/callbacks/{promise['id']}/claim", json={})).body
    kept = (await anna.post(f"/api/v1/callbacks/{promise['id']}/keep", json={})).body
    [row] = (await anna.get("/api/v1/abandoned", params={"state": "done"})).body["items"]

    assert (promise["client_id"], promise["agent_id"], promise["queue"]) == (None, None, "sales")
    assert promise["address"] == "+77011234567"
    assert set(promise["why"]) == {"ru", "en"}
    assert (claimed["state"], claimed["agent_name"]) == ("claimed", "Anna")
    assert kept["state"] == "kept"
    assert row["callback"]["id"] == promise["id"]


@pytest.mark.parametrize("path", ["dispositions", "pause-reasons", "queues"])
async def test_a_list_goes_round_and_comes_back_the_same(house: House, path: str) -> None:
    admin = await house.program("admin", Role.ADMIN, queues=["sales"])
    before = (await admin.get(f"/api/v1/{path}")).body
    items = [{key: value for key, value in item.items() if key != "position"} for item in before["items"]]

    after = await admin("PUT", f"/api/v1/{path}", {"items": items, "version": before["version"]})
    late = await admin("PUT", f"/api/v1/{path}", {"items": items, "version": before["version"]})

    assert (after.status, after.body["items"]) == (200, before["items"])
    assert late.code == "version_conflict"


async def test_a_lead_accepted_or_lost_by_mistake_is_taken_back(house: House) -> None:
    boss = await house.program("boss", Role.SUPERVISOR)
    anna = await house.program("anna")
    anna_id = (await anna.get("/api/v1/session")).body["user"]["id"]
    left = {"source": "WEB_FORM", "address": "+77011234567", "owner_id": anna_id}
    address = f"/api/v1/leads/{(await boss.post('/api/v1/leads', json=left)).body['id']}"

    await anna.post(f"{address}/accept", json={})
    waiting = await anna.post(f"{address}/accept/undo", json={})
    await anna("PATCH", address, {"stage": "lost", "lost_reason": "Too dear"})
    followed = await anna.post(f"{address}/reopen", json={"stage": "offer"})
    new = await anna.post(f"{address}/reopen", json={"stage": "new"})

    assert (waiting.status, waiting.body["stage"], waiting.body["accepted_at"]) == (200, "new", None)
    assert (followed.status, followed.body["stage"], followed.body["lost_reason"]) == (200, "offer", None)
    assert new.status == 422
