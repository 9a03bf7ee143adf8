"""A talk is heard again from any place of it, by those who may, and the hearing leaves a trace."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_core.domain.people import Role
from tests.acceptance.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


_BOTH_WERE_HEARD_OUT = """() => {
    const players = Array.from(document.querySelectorAll('audio'))
    return players.length > 1 && players.every((player) => player.ended)
}"""


async def test_a_recording_plays_from_its_middle_for_its_manager_and_for_no_colleague(house: House) -> None:
    extension = "1092"

    async with (
        house.desk(extension) as anna,
        house.desk("1093", "Борис Ким") as boris,
        house.lab.soft_phone(extension) as phone,
    ):
        call = await house.lab.call(house.lab.office.direct_did(extension), caller="87010000661")
        talk = await phone.ringing()
        await talk.answer()
        await talk.packets(50)  # a second of the client's voice
        await call.hang_up()
        ended = await house.call_of("+77010000661", state="wrap_up")

        async def found() -> bool:
            return (await house.call_of("+77010000661")).recordings[0].available

        await eventually(found)
        [recording] = (await house.call_of("+77010000661")).recordings
        address = f"/api/v1/recordings/{recording.id}/audio"
        whole = await anna.context.request.get(address)
        middle = await anna.context.request.get(address, headers={"Range": "bytes=4000-4999"})
        beyond = await anna.context.request.get(address, headers={"Range": "bytes=99999999-"})
        colleagues = await boris.context.request.get(address)
        sound, piece = await whole.body(), await middle.body()
        async with house.database.read() as db:
            heard = await db.fetch("SELECT user_id FROM audit_log WHERE action = 'recording.heard'")

    assert (whole.status, whole.headers["content-type"], sound[:4]) == (200, "audio/wav", b"RIFF")
    assert (middle.status, piece) == (206, sound[4000:5000])
    assert middle.headers["content-range"] == f"bytes 4000-4999/{len(sound)}"
    assert (beyond.status, colleagues.status) == (416, 404)
    assert [row["user_id"] for row in heard] == [anna.person.user_id]
    assert ended.talk_s is not None
    assert recording.duration_s == pytest.approx(ended.talk_s, abs=1.0)


async def test_a_talk_in_two_pieces_is_handed_on_and_its_consultation_stays_private(house: House) -> None:
    caller, second = "87010000662", "2026/second-of-662.wav"

    async with (
        house.desk("1051", "Анна Ли") as anna,
        house.desk("1052", "Борис Ким") as boris,
        house.desk(None, "Вера Цой", role=Role.SUPERVISOR) as vera,
        house.lab.soft_phone("1051") as annas,
        house.lab.soft_phone("1052") as boriss,
    ):
        call = await house.lab.call(house.lab.office.direct_did("1051"), caller=caller)
        talk = await annas.ringing()
        await talk.answer()
        await talk.packets(50)
        await house.lab.record_on(caller, second)
        await talk.packets(50)
        await talk.hold()
        aside = await annas.dial("51052")
        beside = await boriss.ringing()
        await beside.answer()
        await aside.answered()
        await beside.packets(50)
        await talk.join_to(aside)
        await beside.packets(50)
        await call.hang_up()
        ended = await house.call_of("+77010000662", state="wrap_up")

        async def found() -> bool:
            known = (await house.call_of("+77010000662")).recordings
            return len(known) == 3 and all(one.available for one in known)

        await eventually(found, patience_s=30)
        recordings = (await house.call_of("+77010000662")).recordings
        first, again, private = sorted(recordings, key=lambda one: (one.consultation, one.started_at))
        # She listens on the call's page: the second piece follows the first by itself, and after it nothing does.
        await anna.page.goto(f"/calls?call={ended.id}")
        await anna.page.get_by_role("button", name="Слушать").first.click()
        await anna.page.wait_for_function(_BOTH_WERE_HEARD_OUT, timeout=30_000)
        listened = [await listenings(house, one.id) for one in (first, again, private)]
        heard = {
            (who.person.user_id, one.id): (await who.context.request.get(f"/api/v1/recordings/{one.id}/audio")).status
            for who in (anna, boris, vera)
            for one in recordings
        }

    lengths = [one.duration_s or 0.0 for one in (first, again, private)]
    assert [one.consultation for one in (first, again, private)] == [False, False, True]
    assert set(private.agent_ids) == {anna.person.user_id, boris.person.user_id}
    assert set(heard.values()) == {200}
    assert listened == [1, 1, 0]
    assert min(lengths) >= 0.5  # of a second of voice; a recorder that gets no processor begins late
    # The client's recorder went on while the client waited, and after Boris had taken over.
    assert again.started_at > first.started_at
    assert lengths[0] + lengths[1] >= (ended.talk_s or 0.0) - 1.5


async def listenings(house: House, recording_id: UUID) -> int:
    """How often a recording was listened to in a player, which asks for the sound in pieces and for its picture."""
    async with house.database.read() as db:
        return await db.fetchval(
            """SELECT count(*) FROM audit_log
               WHERE action = 'recording.heard' AND subject_id = $1 AND details ? 'listening'""",
            recording_id,
        )
