"""The web app's files, the page to try the API, and what operators ask for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from crm_core.actions.links import record_link
from crm_core.store.database import Database
from crm_core.store.locks import holding
from tests.integration.http.house import MAILBOX, House, open_house

PBX = {"name": "main", "host": "127.0.0.1", "username": "crm", "secret": "s3cret"}


@pytest.fixture
async def built(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Перезвон</title>")
    (static / "favicon.svg").write_text("<svg/>")
    (static / "assets" / "app-3f2a.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not for you")
    async with open_house(database, static=static) as house:
        yield house


async def test_every_page_of_the_app_is_the_app(built: House) -> None:
    browser = built.stranger()

    for path in ("/", "/calls", "/clients/0190a000-0000-7000-8000-000000000000", "/index.html"):
        answer = await browser.get(path)

        assert answer.status == 200
        assert "Перезвон" in answer.content.decode()
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_files_with_a_hash_in_their_name_are_kept_for_ever(built: House) -> None:
    browser = built.stranger()

    asset, icon = await browser.get("/assets/app-3f2a.js"), await browser.get("/favicon.svg")

    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert asset.headers["Content-Type"].startswith("text/javascript")
    assert (icon.status, icon.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets//../../secret.txt",
        "/secret.txt",
        "/assets/app-0000.js",
        "/favicon.svg%00",
    ],
)
async def test_nothing_but_the_apps_files_is_given_out(built: House, path: str) -> None:
    host, port = built.root.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())

    answer = (await reader.read()).decode()
    writer.close()

    assert answer.startswith("HTTP/1.1 404")
    assert "not for you" not in answer


async def test_an_app_that_was_not_built_says_what_to_do(house: House) -> None:
    answer = await house.stranger().get("/")

    assert answer.status == 503
    assert "make install" in answer.content.decode()


async def test_the_page_to_try_the_api_brings_everything_itself(house: House) -> None:
    browser = house.stranger()

    page = (await browser.get("/api/v1/docs")).content.decode()
    script = await browser.get("/api/v1/docs/docs.js")
    style = await browser.get("/api/v1/docs/docs.css")

    assert "http" not in page
    assert "<script>" not in page
    assert (script.status, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert (style.status, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert (await browser.get("/api/v1/docs/index.html")).status == 404


def _house_of_all_channels(database: Database, static: Path) -> AbstractAsyncContextManager[House]:
    chat = {"name": "tours", "site_key": "pk_tours", "origins": ["https://tours.example"], "queue": "sales"}
    return open_house(database, static=static, pbx=[PBX, PBX | {"name": "second"}], mailbox=[MAILBOX], webchat=[chat])


async def test_ready_means_serving_with_a_database_whatever_the_pbx_does(database: Database, tmp_path: Path) -> None:
    async with _house_of_all_channels(database, tmp_path) as house:
        stranger = house.stranger()
        async with holding(database, "pbx:main") as lock:
            async with database.begin() as tx:
                await record_link(tx, pbx="main", state="up", since=tx.now, owner=lock.backend)

            ready = await stranger.get("/readyz")
        house.services.serving.clear()
        draining = await stranger.get("/readyz")

        assert ready.status == 200
        assert ready.body == {
            "database": "up",
            "pbx": {"main": "up", "second": "down"},
            "mailbox": {"sales": "down"},
            "telegram": {},
            "webchat": {"tours": "up"},
        }
        assert draining.status == 503
        assert (await stranger.get("/healthz")).status == 200


async def test_without_a_database_it_is_alive_but_not_ready(tmp_path: Path) -> None:
    async with (
        Database("postgresql://127.0.0.1:1/nothing") as away,
        open_house(away, static=tmp_path) as house,
    ):
        stranger = house.stranger()

        ready = await stranger.get("/readyz")
        asked = await stranger.get("/api/v1/session", headers={"Authorization": "Bearer pz_x"})

        assert (ready.status, ready.body["database"]) == (503, "down")
        assert (asked.status, asked.code, asked.headers["Retry-After"]) == (503, "database_unavailable", "1")
        assert (await stranger.get("/healthz")).status == 200


async def test_what_is_counted_names_routes_and_nobody(house: House) -> None:
    stranger = house.stranger()
    await stranger.get("/api/v1/clients", params={"q": "+77011234567"})
    await stranger("BREW", "/api/v1/meta")

    counted = (await stranger.get("/metrics")).content.decode()

    assert 'perezvon_http_requests_total{method="GET",route="/api/v1/clients",status="401"}' in counted
    assert "BREW" not in counted
    assert "77011234567" not in counted


async def test_the_log_names_routes_and_nobody(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = house.stranger()

    await stranger.get("/api/v1/clients", params={"q": "+77011234567"}, headers={"Authorization": "Bearer pz_secret"})

    said = "".join(capsys.readouterr())
    assert "/api/v1/clients" in said
    assert "77011234567" not in said
    assert "pz_secret" not in said


async def test_what_is_not_http_is_turned_away_unread(house: House, caplog: pytest.LogCaptureFixture) -> None:
    host, port = house.root.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(b"Action: Login\r\nSecret: swordfish\r\n\r\n")
    answer = await reader.read()
    writer.close()

    assert b"400" in answer.splitlines()[0]
    assert "swordfish" not in caplog.text
    assert "swordfish" not in json.dumps([record.__dict__.get("msg") for record in caplog.records], default=str)
