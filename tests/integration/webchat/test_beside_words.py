"""Files, wishes to be called, and where a visitor came from."""

from __future__ import annotations

from io import BytesIO
from uuid import uuid4

import aiohttp

from tests.integration.webchat.chat import ORIGIN, SITE_KEY, Chat, Visitor


async def send_file(chat: Chat, visitor: Visitor, data: bytes, *, name: str = "x.pdf", key: str = "") -> int:
    headers = {"Origin": ORIGIN, "Authorization": f"Visitor {visitor.token}", "Content-Type": "application/pdf"}
    query = {"site": SITE_KEY, "key": key or str(uuid4()), "name": name}
    async with aiohttp.request(
        "POST", f"{chat.url}/chat/files", params=query, data=BytesIO(data), headers=headers
    ) as answer:
        return answer.status


async def test_a_visitors_file_stands_in_the_conversation_once(chat: Chat) -> None:
    anna, visitor, key = await chat.manager("anna"), chat.visitor(), str(uuid4())
    await visitor.come()

    statuses = [await send_file(chat, visitor, b"%PDF", name="../../etc/па\u202eспорт.pdf", key=key) for _ in range(2)]

    assert statuses == [201, 201]
    (conversation,) = await anna.conversations()
    (said,) = await anna.said(conversation["id"])
    assert [(file["name"], file["size"]) for file in said["attachments"]] == [("паспорт.pdf", 4)]


async def test_files_too_large_empty_or_of_nobody_are_refused(chat: Chat) -> None:
    visitor = chat.visitor()
    await visitor.come()

    assert await send_file(chat, visitor, b"") == 422
    assert await send_file(chat, visitor, b"x" * (10 * 1024 * 1024 + 1)) == 413
    visitor.token = "nonsense"
    assert await send_file(chat, visitor, b"x") == 401


async def test_a_file_is_fetched_by_its_visitor_alone(chat: Chat) -> None:
    visitor, stranger = chat.visitor(), chat.visitor()
    await visitor.come()
    await stranger.come()
    await send_file(chat, visitor, b"<script>alert(1)</script>")
    (file,) = (await visitor.next("message"))["files"]

    async def fetch(who: Visitor) -> tuple[int, bytes, str]:
        headers = {"Origin": ORIGIN, "Authorization": f"Visitor {who.token}"}
        address = f"{chat.url}/chat/files/{file['id']}?site={SITE_KEY}"
        async with aiohttp.request("GET", address, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers.get("Content-Disposition", "")

    assert (await fetch(stranger))[0] == 404
    status, data, disposition = await fetch(visitor)
    assert (status, data) == (200, b"<script>alert(1)</script>")
    assert disposition.startswith("attachment")


async def test_who_asks_to_be_called_is_a_lead_with_a_promise_and_with_what_brought_them(chat: Chat) -> None:
    anna = await chat.manager("anna")
    visit = {"page": "https://tours.example/hainan", "tags": {"utm_source": "instagram"}}
    visitor = chat.visitor(visit=visit)
    await visitor.come()

    answer = await visitor.ask("reach", {"name": "Бахыт", "phone": "8 701 123-45-67", "call": "now", "note": "Хайнань"})

    assert answer == {"status": "noted"}
    (lead,) = (await anna.get("/leads"))["items"]
    assert (lead["source"], lead["name"]) == ("WEBCHAT", "Бахыт")
    assert lead["campaign"] == {"page": "https://tours.example/hainan", "utm_source": "instagram"}
    (promise,) = (await anna.get("/callbacks"))["items"]
    assert promise["lead_id"] == lead["id"]


async def test_a_wish_that_names_nobody_to_reach_is_refused_with_the_reason(chat: Chat) -> None:
    visitor = chat.visitor()
    await visitor.come()

    assert (await visitor.ask("reach", {"name": "Бахыт"}))["code"] == "lead_nobody"
    assert (await visitor.ask("reach", {"email": "b@example.com", "call": "now"}))["code"] == "phone_required"
    assert (await visitor.ask("reach", {"phone": "12"}))["code"] == "contact_point_rejected"


async def test_what_was_withdrawn_or_is_a_note_never_reaches_the_visitor(chat: Chat) -> None:
    anna, visitor = await chat.manager("anna"), chat.visitor()
    await visitor.come()
    await visitor.say("Алло?")
    (conversation,) = await anna.conversations()
    await anna.post(f"/conversations/{conversation['id']}/notes", {"text": "Трудный клиент"})
    held = await anna.answer(conversation["id"], "Не то", send_after_s=3600)

    async with anna.session.delete(f"{chat.url}/api/v1/messages/{held['id']}") as answer:
        assert answer.status == 204
    await anna.answer(conversation["id"], "То")

    await visitor.next("message")
    assert (await visitor.next("message"))["text"] == "То"
    assert [message["text"] for message in (await visitor.ask("enter", {}))["messages"]] == ["Алло?", "То"]


async def test_what_the_visitor_has_seen_is_read_and_what_is_anothers_is_not(chat: Chat) -> None:
    anna, visitor, stranger = await chat.manager("anna"), chat.visitor(), chat.visitor()
    await visitor.come()
    await stranger.come()
    await visitor.say("Алло?")
    (conversation,) = await anna.conversations()
    sent = await anna.answer(conversation["id"], "Да")
    await visitor.next("message")
    await visitor.next("message")

    async def state() -> str:
        return str((await anna.said(conversation["id"]))[-1]["state"])

    await stranger.ask("seen", {"ids": [sent["id"]], "state": "read"})
    assert await state() == "sent"
    await visitor.ask("seen", {"ids": [sent["id"]], "state": "delivered"})
    assert await state() == "delivered"
    await visitor.ask("seen", {"ids": [sent["id"]], "state": "read"})
    assert await state() == "read"


async def test_a_manager_sees_from_which_page_and_campaign_a_visitor_writes(chat: Chat) -> None:
    anna = await chat.manager("anna")
    came = {"page": "https://tours.example/", "title": "Туры", "tags": {"utm_source": "instagram"}}
    visitor = chat.visitor(visit=came | {"referrer": "https://search.example/", "language": "ru"})
    await visitor.come()
    await visitor.say("Алло?")
    await visitor.leave()
    visitor.visit = {"page": "https://tours.example/hainan", "title": "Хайнань"}
    await visitor.come()
    await visitor.say("А Хайнань?")

    (conversation,) = await anna.conversations()
    assert (await anna.get(f"/conversations/{conversation['id']}"))["visit"] == {
        "page": "https://tours.example/hainan",
        "title": "Хайнань",
        "referrer": "https://search.example/",
        "language": "ru",
        "tags": {"utm_source": "instagram"},
    }
