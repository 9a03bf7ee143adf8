"""Files in both directions: handed over and sent, kept from strangers, and harmless in the browser that opens them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from crm_core.actions import uploads
from crm_core.actions.messages import record_messages
from crm_core.domain.people import Role
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.store.messages import SaidFile, find_saying
from tests.integration.http.house import MAILBOX, Answer, Caller, House, open_house

PICTURE = b"\x89PNG of a visa"
RAW = b"Subject: Visa\r\n\r\nHere it is\r\n"


@pytest.fixture
async def house(database: Database, tmp_path: Path):
    async with open_house(database, static=tmp_path, mailbox=[MAILBOX], limits={"file_bytes": 1000}) as opened:
        yield opened


async def hears(house: House, *files: HeardFile, html: str | None = None) -> UUID:
    async with house.database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.EMAIL,
            source="sales",
            key="1",
            external_id="1@client.example",
            queue="sales",
            from_address="client@client.example",
            our_address="sales@agency.example",
            body="Here it is",
            html=html,
            files=files,
            raw=RAW,
            at=tx.now - timedelta(seconds=10),
        )
        return (await record_messages(tx, [heard]))[0]


async def first_message(caller: Caller, conversation: UUID) -> dict:
    return (await caller.get(f"/api/v1/conversations/{conversation}")).body["messages"][0]


async def hands_over(caller: Caller, name: str, data: bytes, kind: str = "application/pdf") -> Answer:
    headers = {"Content-Type": kind}
    return await caller("POST", "/api/v1/files", data=data, headers=headers, params={"name": name})


async def test_a_file_handed_over_goes_out_with_a_message_and_can_be_attached_again(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    conversation = await hears(house)

    handed = await hands_over(irina, "../Счёт 5.pdf", b"%PDF")
    files = {"attachments": [handed.body["id"]]}
    written = await irina.post("/api/v1/messages", {"interaction_id": str(conversation), "body": "", **files})
    again = await irina.post("/api/v1/messages", {"interaction_id": str(conversation), "body": "И ещё раз", **files})

    assert (handed.status, handed.body["name"], handed.body["type"], handed.body["size"]) == (
        *(201, "Счёт 5.pdf", "application/pdf", 4),
    )
    [attached] = written.body["attachments"]
    assert (attached["name"], attached["size"]) == ("Счёт 5.pdf", 4)
    assert len(again.body["attachments"]) == 1
    async with house.database.read() as db:
        saying = await find_saying(db, UUID(written.body["id"]))
    assert saying is not None
    assert saying.files == (SaidFile(name="Счёт 5.pdf", type="application/pdf", data=b"%PDF"),)
    got = await irina.get(f"/api/v1/files/{attached['id']}")
    assert got.content == b"%PDF"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82%205.pdf"


async def test_what_is_handed_over_is_nobody_elses_and_is_forgotten(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    boss = await house.browser("boss", Role.OWNER)
    conversation = await hears(house)
    file_id = (await hands_over(irina, "passport.jpg", b"secret")).body["id"]

    taken = await boss.post(
        "/api/v1/messages", {"interaction_id": str(conversation), "body": "?", "attachments": [file_id]}
    )

    assert (await irina.get(f"/api/v1/files/{file_id}")).content == b"secret"
    assert (await boss.get(f"/api/v1/files/{file_id}")).status == 404
    assert (taken.status, taken.code) == (422, "file_unknown")

    async with house.database.begin() as tx:
        await tx.execute("UPDATE uploads SET stored_at = stored_at - interval '3 days'")
        await uploads.prune(tx)

    assert (await irina.get(f"/api/v1/files/{file_id}")).status == 404


async def test_files_that_are_no_files_are_refused(house: House) -> None:
    irina = await house.browser("irina")

    assert (await hands_over(irina, "empty.txt", b"")).code == "file_empty"
    assert (await hands_over(irina, "big.bin", b"x" * 1001)).code == "body_too_large"
    assert (await hands_over(irina, "line\nbreak", b"x")).code == "invalid_input"
    zipped = {"Content-Encoding": "deflate"}
    refused = await irina("POST", "/api/v1/files?name=a", data=b"x", headers=zipped)
    assert refused.status in {400, 415}


async def test_what_a_client_sent_is_seen_by_those_who_see_the_conversation(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    stranger = await house.browser("oleg", Role.AGENT)
    conversation = await hears(house, HeardFile(name="visa.png", type="image/png", data=PICTURE))
    message = await first_message(irina, conversation)
    places = [
        f"/api/v1/files/{message['attachments'][0]['id']}",
        f"/api/v1/messages/{message['id']}/raw",
        f"/api/v1/messages/{message['id']}/html",
    ]

    assert [(await irina.get(place)).status for place in places] == [200, 200, 200]
    assert [(await stranger.get(place)).status for place in places] == [404, 404, 404]
    raw = await irina.get(places[1])
    assert (raw.content, raw.headers["Content-Type"]) == (RAW, "message/rfc822")
    assert raw.headers["Content-Disposition"].endswith(".eml")


async def test_only_pictures_of_points_are_shown_in_the_browser_and_nothing_is_a_page(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    sent = [
        HeardFile(name="visa.png", type="image/png", data=PICTURE),
        HeardFile(name="a.svg", type="image/svg+xml", data=b"<svg onload=alert(1)>"),
        HeardFile(name="a.html", type="text/html", data=b"<script>alert(1)</script>"),
    ]
    message = await first_message(irina, await hears(house, *sent))

    answers = [await irina.get(f"/api/v1/files/{one['id']}?inline=true") for one in message["attachments"]]

    assert [one.headers["Content-Disposition"].partition(";")[0] for one in answers] == [
        *("inline", "attachment", "attachment"),
    ]
    assert [one.headers["Content-Type"] for one in answers] == [
        *("image/png", "application/octet-stream", "application/octet-stream"),
    ]
    assert all(one.headers["X-Content-Type-Options"] == "nosniff" for one in answers)
    assert all(one.headers["Content-Security-Policy"].startswith("sandbox;") for one in answers)


@pytest.mark.parametrize(
    ("wanted", "got", "told"),
    [
        ("bytes=1-3", b"bcd", "bytes 1-3/6"),
        ("bytes=4-", b"ef", "bytes 4-5/6"),
        ("bytes=-2", b"ef", "bytes 4-5/6"),
        ("bytes=0-999", b"abcdef", None),
        ("bytes=9-", b"abcdef", None),
        ("pages=1", b"abcdef", None),
    ],
)
async def test_a_piece_of_a_file_can_be_asked_for(house: House, wanted: str, got: bytes, told: str | None) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    message = await first_message(irina, await hears(house, HeardFile(name="a.ogg", type="audio/ogg", data=b"abcdef")))

    answer = await irina.get(f"/api/v1/files/{message['attachments'][0]['id']}", headers={"Range": wanted})

    assert (answer.content, answer.headers.get("Content-Range")) == (got, told)
    assert answer.status == (206 if told else 200)


async def test_html_of_a_mail_is_a_page_with_its_own_pictures(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    logo = HeardFile(name="logo.png", type="image/png", data=PICTURE, inline_id="logo@client")
    html = '<p>Привет</p><img src="pictures/logo%40client"><img data-remote-src="https://far.example/x.png">'
    message = await first_message(irina, await hears(house, logo, html=html))

    page, with_remote = await asyncio.gather(
        irina.get(f"/api/v1/messages/{message['id']}/html"),
        irina.get(f"/api/v1/messages/{message['id']}/html?images=yes"),
    )

    assert "data:image/png;base64," in page.content.decode()
    assert ' src="https://far' not in page.content.decode()
    assert ' src="https://far' in with_remote.content.decode()
    assert "img-src data:;" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("sandbox allow-same-origin allow-popups")
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"


async def test_a_message_says_something_or_brings_a_file(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    conversation = await hears(house)

    assert (await irina.post("/api/v1/messages", {"interaction_id": str(conversation), "body": " "})).status == 422
