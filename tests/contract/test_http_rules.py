"""What holds for every route: problem documents, strict bodies, idempotency, snapshots, the served document."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest

from tests.contract.house import House
from tests.contract.people import in_hours, words

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY = "0190a000-0000-7000-8000-000000000000"

#: What the contract names and this stage of the program serves.
ROUTES = """
    GET /interactions · GET /interactions/{id} · PUT /interactions/{id}/disposition · GET /recordings/{id}/audio
    POST /clients · GET /clients · GET /clients/{id} · PATCH /clients/{id} · POST /clients/{id}/merge
    POST /clients/{id}/unmerge · GET /clients/{id}/timeline · GET /clients/{id}/card
    POST /callbacks · GET /callbacks · GET /callbacks/{id} · POST /callbacks/{id}/claim · POST /callbacks/{id}/keep
    POST /callbacks/{id}/move · POST /callbacks/{id}/take-over · POST /callbacks/{id}/cancel · GET /callback-policies
    PUT /callback-policies/{id} · POST /callback-policies/{id}/replay
    POST /calls · POST /calls/{id}/decline · POST /calls/{id}/hangup
    GET /agents · PUT /agents/me/state · GET /queues · GET /abandoned · GET /gaps · GET /wallboard
    GET /dispositions · PUT /dispositions · GET /pause-reasons · PUT /pause-reasons
    POST /session · GET /session · DELETE /session · GET /openapi.json
"""

LISTS = sorted(
    words("interactions clients callbacks agents queues abandoned gaps dispositions pause-reasons callback-policies")
)
SNAPSHOTS = sorted(words("interactions clients callbacks agents queues abandoned wallboard dispositions pause-reasons"))


@pytest.mark.parametrize("name", LISTS)
async def test_every_list_has_items_and_next(house: House, name: str) -> None:
    body = await house.owner.read(f"/{name}")

    assert isinstance(body["items"], list)
    assert body["next"] is None or isinstance(body["next"], str)


@pytest.mark.parametrize("name", SNAPSHOTS)
async def test_a_snapshot_says_where_the_events_go_on(house: House, name: str) -> None:
    answer = await house.owner.get(f"/{name}")

    assert int(answer.headers["X-Perezvon-Seq"]) >= 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", f"/clients/{NOBODY}", None, 404),
        ("GET", "/clients/not-an-id", None, 404),
        ("GET", f"/callbacks/{NOBODY}", None, 404),
        ("POST", f"/callbacks/{NOBODY}/claim", {}, 404),
        ("GET", f"/recordings/{NOBODY}/audio", None, 404),
        ("PUT", f"/interactions/{NOBODY}/disposition", {"code": "OFFER_SENT"}, 404),
        ("POST", f"/calls/{NOBODY}/hangup", {}, 404),
        ("DELETE", "/interactions", None, 405),
        ("PATCH", "/session", {}, 405),
        ("POST", "/clients", {"name": "A", "colour": "red"}, 422),
        ("POST", "/clients", {}, 422),
        ("POST", "/callbacks", {"client_id": NOBODY, "due_at": "soon"}, 422),
        ("POST", "/callbacks", {"client_id": NOBODY, "due_at": "2199-01-01T00:00:00"}, 422),
        ("PUT", "/agents/me/state", {"state": "talking"}, 422),
        ("PUT", "/agents/me/state", {"state": "available", "mood": "good"}, 422),
        ("POST", "/session", {"login": "a", "password": "b", "remember": True}, 422),
        ("POST", "/calls", {}, 422),
    ],
)
async def test_every_no_is_a_problem_document(house: House, method: str, path: str, body: object, status: int) -> None:
    answer = await house.owner(method, path, body)

    assert answer.refused(status, answer.body["code"]) is True
    assert answer.body["code"]


async def test_bodies_that_are_no_json_are_refused(house: House) -> None:
    async def send(data: bytes, kind: str = "application/json") -> str:
        answer = await house.owner("POST", "/clients", data=io.BytesIO(data), headers={"Content-Type": kind})
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        return f"{answer.status} {answer.body['code']}"

    assert await send(b"{") == "400 malformed_json"
    assert await send(b"name=A", "application/x-www-form-urlencoded") == "415 unsupported_media_type"
    assert await send(b" " * 2_000_000) == "413 body_too_large"


async def test_what_is_above_ones_role_is_403(house: House) -> None:
    anna = await house.person("anna")

    answer = await anna.http.put("/dispositions", {"items": [], "version": 0})

    assert answer.refused(403, "forbidden") is True


@pytest.mark.parametrize("noun", ["clients", "callbacks", "users"])
async def test_the_same_key_creates_once(house: House, noun: str) -> None:
    client = await house.client("Once")
    bodies = {
        "clients": {"name": "Айгуль"},
        "callbacks": {"client_id": client["id"], "due_at": in_hours(1)},
        "users": {"login": f"u{uuid4().hex[:8]}", "name": "U", "role": "agent"},
    }
    key = {"Idempotency-Key": str(uuid4())}

    first = await house.owner.post(f"/{noun}", bodies[noun], headers=key)
    again = await house.owner.post(f"/{noun}", bodies[noun], headers=key)
    other = await house.owner.post(f"/{noun}", {**bodies[noun], "name": "X", "subject": "X"}, headers=key)

    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert other.status in {409, 422}


async def test_a_key_is_its_owners_own(house: House) -> None:
    anna, boss = await house.person("anna"), await house.person("boss", "supervisor", team="Sales")
    key = {"Idempotency-Key": "k-1"}

    first = await anna.http.post("/clients", {"name": "A"}, headers=key)
    other = await boss.http.post("/clients", {"name": "A"}, headers=key)

    assert first.body["id"] != other.body["id"]


async def test_the_served_document_names_every_route_of_the_contract(house: House) -> None:
    stranger = await house.stranger()

    document = await stranger.read("/openapi.json")
    page = await stranger.get("/docs")

    assert document["openapi"].startswith("3.1")
    served = {f"{method.upper()} {_with_id(path)}" for path, methods in document["paths"].items() for method in methods}
    wanted = {route.strip() for line in ROUTES.strip().splitlines() for route in line.split("·")}
    assert wanted <= served, wanted - served
    assert (page.status, page.headers["Content-Type"].split(";")[0]) == (200, "text/html")


async def test_alive_ready_and_counted(house: House) -> None:
    stranger = await house.stranger()

    alive, ready, metrics = [await stranger.get(path) for path in ("/healthz", "/readyz", "/metrics")]

    assert alive.status == 200
    assert (ready.status, ready.body["database"]) == (200, "up")
    # A PBX that is lost is not unready.
    assert (ready.body["pbx"]["main"], ready.body["pbx"]["early"]) == ("up", "down")
    assert (metrics.status, metrics.headers["Content-Type"].split(";")[0]) == (200, "text/plain")


async def test_times_in_which_something_was_not_heard_are_a_ledger(house: House) -> None:
    gaps = await house.owner.items("/gaps")

    assert all({"id", "source", "from", "to", "cause"} <= set(gap) for gap in gaps)


def _with_id(path: str) -> str:
    parts = path.removeprefix("/api/v1").split("/")
    return "/".join("{id}" if part.startswith("{") else part for part in parts)
