"""What is promised for every route is asked of every route; the list is made from the application."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import hdrs

from crm_core.domain.people import Role
from crm_core.store.database import Database
from gateway.http.permissions import Permission
from gateway.http.route import Route
from gateway.http.server import ROUTES, build_app
from tests.integration.http.house import House, open_house

#: The one address that is no route of ours: the web app's pages and files.
APP = "/{page}"
SOMEBODY = "0190a000-0000-7000-8000-000000000000"
#: What some variables stand for; all others for somebody.
SOMETHING = {"subject": f"client:{SOMEBODY}", "chat_id": "-1001"}


def guarded() -> Iterator[Route]:
    return (route for route in ROUTES if route.permission is not Permission.PUBLIC)


def address(route: Route) -> str:
    path = route.path
    for name in route.signature.path:
        path = path.replace(f"{{{name}}}", SOMETHING.get(name, SOMEBODY))
    return path


async def test_the_application_has_no_route_without_a_permission(house: House, tmp_path: Path) -> None:
    app = build_app(house.services, static=tmp_path)

    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.method != hdrs.METH_HEAD and route.resource.canonical != APP
    }

    assert served == {(route.method, route.path) for route in ROUTES}
    assert all(isinstance(route.permission, Permission) for route in ROUTES)
    assert len({route.name for route in ROUTES}) == len(ROUTES)


async def test_strangers_are_turned_away_before_anything_is_read(house: House) -> None:
    stranger = house.stranger()

    for route in guarded():
        answer = await stranger(route.method, address(route), data=b"not even JSON")

        assert (answer.status, answer.code) == (401, "not_signed_in"), route


async def test_an_ended_session_opens_nothing(house: House) -> None:
    browser = await house.browser("anna", Role.OWNER)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE sessions SET expires_at = now()")

    for route in guarded():
        assert (await browser(route.method, address(route))).code == "not_signed_in", route


@pytest.mark.parametrize(
    ("role", "rank"), [(Role.AGENT, Permission.SIGNED_IN), (Role.SUPERVISOR, Permission.SUPERVISOR)]
)
async def test_what_is_above_ones_role_is_forbidden(house: House, role: Role, rank: Permission) -> None:
    program = await house.program("anna", role)

    for route in guarded():
        answer = await program(route.method, address(route))

        assert (answer.status == 403) is (route.permission > rank), route


async def test_a_signed_in_browser_changes_nothing_without_its_csrf_token(house: House) -> None:
    browser = await house.browser("anna", Role.OWNER)
    browser.headers.clear()

    for route in guarded():
        if route.method != hdrs.METH_GET:
            assert (await browser(route.method, address(route))).code == "csrf_token_wrong", route


async def test_unknown_parameters_are_refused_everywhere(house: House) -> None:
    program = await house.program("anna", Role.OWNER)

    for route in ROUTES:
        if route.path == "/api/v1/docs/{name}":
            continue
        answer = await program(route.method, f"{address(route)}?colour=red")

        assert (answer.status, answer.code) == (422, "invalid_input"), route
        assert ["query", "colour"] in [error["loc"] for error in answer.body["errors"]], route


async def test_every_body_is_read_strictly(house: House) -> None:
    program = await house.program("anna", Role.OWNER)

    for route in ROUTES:
        if route.signature.body is None:
            continue

        async def send(data: bytes, content_type: str = "application/json", *, route: Route = route) -> str:
            headers = {"Content-Type": content_type}
            answer = await program(route.method, address(route), data=io.BytesIO(data), headers=headers)
            return f"{answer.status} {answer.code}"

        assert await send(b"{") == "400 malformed_json", route
        assert await send(b"[" * 100_000) == "400 malformed_json", route
        assert await send(b'"\\u0000"') == "422 nul_character", route
        assert await send(b"[]") == "422 invalid_input", route
        assert await send(b'{"surprise": 1}') == "422 invalid_input", route
        assert await send(b"{}", "text/plain") == "415 unsupported_media_type", route
        encoded = await send(b"surprise=1", "application/x-www-form-urlencoded")
        assert encoded == ("422 invalid_input" if route.embedded else "415 unsupported_media_type"), route
        assert await send(b" " * 2_000_000) == "413 body_too_large", route


async def test_ids_that_are_none_name_nothing(house: House) -> None:
    program = await house.program("anna", Role.OWNER)

    for route in guarded():
        for wrong in ("1", "%00", "%FF", "..%2f..%2fetc%2fpasswd", "' OR 1=1 --"):
            path = route.path
            for name in route.signature.path:
                path = path.replace(f"{{{name}}}", wrong)
            if path != route.path:
                assert (await program(route.method, path)).status == 404, (route, wrong)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v1/", 404),
        ("DELETE", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/meta", 405),
        ("PROPFIND", "/api/v1/meta", 405),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/hooks/telegram/nobody", 404),
    ],
)
async def test_wrong_addresses_are_problems_too(house: House, method: str, path: str, status: int) -> None:
    answer = await house.stranger()(method, path)

    assert answer.status == status
    assert answer.code == {404: "not_found", 405: "method_not_allowed"}[status]
    if status == 405:
        assert answer.headers["Allow"] == "GET,HEAD"


async def test_every_answer_carries_the_headers_that_keep_browsers_safe(house: House, tmp_path: Path) -> None:
    stranger = house.stranger()

    for path in ("/api/v1/meta", "/api/v1/session", "/api/v1/docs", "/healthz", "/", "/assets/nothing.js"):
        headers = (await stranger.get(path)).headers

        policy = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "object-src 'none'"} <= set(policy)
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Request-Id"]
        assert "Server" not in headers
        assert path.startswith("/api/") is (headers.get("Cache-Control") == "no-store")


async def test_a_request_with_bytes_that_are_no_text_is_only_a_stranger(house: House) -> None:
    stranger = house.stranger()

    for headers in ({"Authorization": "Bearer \udcff"}, {"Cookie": "perezvon_session=\udcff"}):
        answer = await stranger.get("/api/v1/session", headers=headers)

        assert answer.code == "not_signed_in"


async def test_a_body_that_never_comes_is_not_waited_for(database: Database, tmp_path: Path) -> None:
    async with open_house(database, static=tmp_path, limits={"body_s": 0.1}) as house:
        host, port = house.root.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))

        writer.write(
            f"POST /api/v1/session HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\nConnection: close\r\n\r\n{".encode()
        )
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert answer == b"HTTP/1.1 408 Request Timeout\r\n"
