"""What people and pages may send by mistake or on purpose: a clear answer, and nothing done or lost."""

from __future__ import annotations

import pytest
import socketio
from socketio.exceptions import ConnectionError as SocketRefused

from tests.acceptance.house import House
from tests.acceptance.program import PASSWORD

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]

NOT_NUMBERS = (
    "+77010000671&PJSIP/1001",
    "${SHELL(reboot)}",
    "+7701000\r\nAction: Command",
    "call me",
    "*72+77010000671",
    "Local/s@default",
    "٧٧٠١٠٠٠٠٦٧١/n",
    "1" * 64,
)


async def test_what_is_no_number_is_refused_and_never_reaches_the_pbx(house: House) -> None:
    async with house.desk("1122") as anna, house.lab.soft_phone("1122") as phone:
        heard = len(house.lab.witness.frames)
        answers = [await anna.asks("POST", "/calls", {"number": text}) for text in NOT_NUMBERS]
        asked = [frame for frame in house.lab.witness.frames[heard:] if "1122" in (frame.get("Channel") or "")]

    assert {status for status, _ in answers} == {422}
    assert {str(body["code"]) for _, body in answers} <= {"number_not_diallable", "invalid_request", "input_rejected"}
    assert (asked, phone.calls) == ([], [])
    async with house.database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM pbx_commands WHERE kind = 'originate'") == 0


async def test_unknown_fields_and_other_peoples_things_are_refused(house: House) -> None:
    extension = "1123"
    async with house.desk(extension) as anna, house.desk(None, "Борис Ким") as boris, house.lab.soft_phone(extension):
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000672")
        await anna.pops("+7 701 000 06 72")
        interaction = (await house.call_of("+77010000672")).id
        unknown, _ = await anna.asks("POST", "/clients", {"name": "Анна", "is_admin": True})
        seen, _ = await boris.asks("GET", f"/interactions/{interaction}")
        declined, _ = await boris.asks("POST", f"/calls/{interaction}/decline")
        disposed, _ = await boris.asks("PUT", f"/interactions/{interaction}/disposition", {"code": "SALE"})
        still_rings = await anna.sees("Звонит вам")
        await call.hang_up()
        await anna.is_idle()

    assert unknown == 422
    assert (seen, declined, disposed) == (404, 404, 404)
    assert still_rings


async def test_a_session_that_ends_under_an_open_page_asks_to_sign_in_and_loses_nothing(house: House) -> None:
    extension = "1091"
    await house.client("Салтанат Ибраева", "+77010000673")
    async with house.desk(extension) as anna, house.lab.soft_phone(extension) as phone:
        page = anna.page
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000673")
        await (await phone.ringing()).answer()
        await anna.shows("Разговор")
        await call.hang_up()
        await anna.shows("Постобработка")
        await anna.slot.get_by_text("Вопрос решён").click()
        await anna.slot.get_by_label("Заметка").fill("Просила напомнить про паспорт")
        async with house.database.begin() as tx:
            login = await tx.fetchval("SELECT login FROM users WHERE id = $1", anna.person.user_id)
            await tx.execute("DELETE FROM sessions WHERE user_id = $1", anna.person.user_id)

        await anna.slot.get_by_role("button", name="Сохранить").click()
        await page.get_by_label("Логин").fill(login)
        await page.get_by_label("Пароль").fill(PASSWORD)
        await page.get_by_role("button", name="Войти").click()
        await anna.shows("Постобработка")
        kept = await anna.slot.get_by_label("Заметка").input_value()
        await anna.slot.get_by_role("button", name="Сохранить").click()
        closed = await house.call_of("+77010000673", state="closed")

    assert kept == "Просила напомнить про паспорт"
    assert closed.disposition is not None
    assert closed.disposition.note == kept


async def test_a_socket_from_a_foreign_page_is_refused(house: House) -> None:
    async with house.desk(None) as anna:
        [session] = [one for one in await anna.context.cookies() if one["name"] == "perezvon_session"]
        cookie = f"perezvon_session={session['value']}"
        refused, welcome = socketio.AsyncClient(reconnection=False), socketio.AsyncClient(reconnection=False)

        with pytest.raises(SocketRefused):
            await _connect(refused, house, cookie, origin="https://evil.example")
        await _connect(welcome, house, cookie, origin=house.settings.public_url)
        connected = welcome.connected
        await welcome.disconnect()

    assert connected


async def _connect(client: socketio.AsyncClient, house: House, cookie: str, *, origin: str) -> None:
    headers = {"Cookie": cookie, "Origin": origin}
    await client.connect(
        house.settings.public_url, headers=headers, namespaces=["/desk"], transports=["websocket"], retry=False
    )
