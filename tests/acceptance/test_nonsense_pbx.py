"""A PBX that speaks nonsense, and callers whose names are an attack: calls are told, nothing runs."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from channels.telephony.recording_format import load
from crm_core.store.database import Database
from gateway.app import Process
from tests.acceptance.program import PASSWORD, browser, hire, in_line, listen_for_complaints, serving, settings_for
from tests.failure.program import call_in, log_of
from tests.integration.ami_peer import AmiPeer, Heard, a_list, ami_peer
from tests.integration.realtime.severed import severable
from tests.people import add_agent

_FIXTURES = Path(__file__).parents[1] / "fixtures" / "ami"
_CALLER = "+77012223344"  # of the recorded call, which rings 1007

NONSENSE = (
    b"no colon in this line\r\n\r\n",
    b"Event\r\n\r\n",
    b": a value without a name\r\n\r\n",
    b"\xff\xfe\x00\x01\r\n\r\n",
    b"\r\n\r\n\r\n\r\n",
    b"Event: Newchannel\r\n\r\n",
    b"Event: Newstate\r\nUniqueid: 1.1\r\nChannelState: many\r\nTimestamp: yesterday\r\n\r\n",
    b"Event: Hangup\r\nUniqueid: never-heard-of\r\nLinkedid: neither\r\nCause: NaN\r\n\r\n",
    b"Event: SomethingNew\r\nPrivilege: call,all\r\nMeaning: unknown\r\n\r\n",
    b"Response: Success\r\nActionID: nobody-asked\r\n\r\n",
    b"Event: VarSet\r\nVariable: X\r\nValue: " + b"A" * 1_000_000 + b"\r\n\r\n",
    b"Event: Newchannel\r\nChannel: " + b"B" * 1_000_000 + b"\r\n\r\n",
)

HOSTILE_NAMES = (
    '<img src=x onerror="window.ran=1"><script>window.ran=1</script>',
    "${SHELL(reboot)}&PJSIP/1001",
    "Анна\u202egnp.exe\u0000 \u200f\x1b[31m",
    "{{constructor.constructor('window.ran=1')()}}",
)


def _quiet_pbx() -> AmiPeer:
    return AmiPeer(
        answers={
            "CoreShowChannels": lambda heard: a_list(heard, "CoreShowChannel", end="CoreShowChannelsComplete"),
            "BridgeList": lambda heard: a_list(heard, "BridgeListItem", end="BridgeListComplete"),
            "QueueStatus": lambda heard: a_list(heard, "QueueMember", end="QueueStatusComplete"),
        }
    )


@asynccontextmanager
async def _whole_program(peer: AmiPeer, database: Database, data_dir: Path) -> AsyncIterator[Process]:
    pbx = {"name": "main", "host": "127.0.0.1", "port": peer.port, "username": "u", "secret": "s"}
    pbx |= {"trunk_prefixes": ["PJSIP/trunk"], "outbound_context": "from-crm"}
    async with serving(settings_for(data_dir, [pbx]), database) as process:
        yield process


def _frames(*, caller_name: str = "<unknown>", number: str = _CALLER, call: int = 0) -> list[bytes]:
    """A direct call to 1007 that is answered and ends, as Asterisk wrote it; ``call`` makes it another one."""
    return [
        b"".join(_header(name, value, caller_name, number, call) for name, value in frame.headers) + b"\r\n"
        for frame in load(_FIXTURES / "direct_answered.ami.jsonl").frames
        if frame.event not in {"", "FullyBooted"}
    ]


def _typed(name: str) -> str:
    """As a person would write it down: without what no keyboard has."""
    return "".join(letter for letter in name if unicodedata.category(letter) != "Cc")


def _header(name: str, value: str, caller_name: str, number: str, call: int) -> bytes:
    if name.lower().endswith(("uniqueid", "linkedid")):
        value = f"{value}{call}"
    if name == "CallerIDName" and value == "<unknown>":
        value = caller_name
    return f"{name}: {value.replace(_CALLER, number)}\r\n".encode()


async def test_nonsense_between_the_frames_of_a_call_costs_neither_the_call_nor_the_link(
    database: Database, tmp_path: Path
) -> None:
    anna = await add_agent(database, "anna", extension="1007", present=False)

    async with ami_peer(_quiet_pbx()) as peer, _whole_program(peer, database, tmp_path) as process:
        for number, frame in enumerate(_frames()):
            peer.say(NONSENSE[number % len(NONSENSE)] + frame)
            await asyncio.sleep(0)
        ended = await call_in(database, _CALLER, "closed")
        [room] = process.rooms

        assert (ended.outcome, ended.agent_id, ended.complete) == ("answered", anna, True)
        assert len(await log_of(database)) == 1
        assert (peer.connections, room.link.state.error) == (1, None)
        assert room.link.counts.malformed > 0


@pytest.mark.lab
async def test_a_hostile_name_is_shown_as_text_and_runs_nothing(database: Database, tmp_path: Path) -> None:
    await hire(database, "anna", "Анна Ли", extension="1007")

    async with (
        ami_peer(_quiet_pbx()) as peer,
        _whole_program(peer, database, tmp_path) as process,
        browser() as chrome,
    ):
        context = await chrome.new_context(base_url=process.settings.public_url)
        complaints = listen_for_complaints(context)
        context.set_default_timeout(10_000)
        await context.request.post("/api/v1/session", data={"login": "anna", "password": PASSWORD})
        page = await context.new_page()
        await page.goto("/")
        await in_line(page)
        slot = page.locator("#slot")
        for number, name in enumerate(HOSTILE_NAMES):
            frames = _frames(caller_name=name, number=f"+7701000088{number}", call=number)
            answer = next(index for index, frame in enumerate(frames) if b"ChannelStateDesc: Up" in frame)
            peer.say(b"".join(frames[:answer]))
            await slot.get_by_text("Звонит вам").wait_for()
            await slot.get_by_text("подпись: ").wait_for()
            await slot.get_by_label("Имя, фамилия или телефон").fill(_typed(name))
            await slot.get_by_role("button", name="Новый клиент").click()
            await slot.get_by_text("Номер не знаком").wait_for(state="detached")
            peer.say(b"".join(frames[answer:]))
            await slot.get_by_text("Вопрос решён").click()
            await slot.get_by_role("button", name="Сохранить").click()
            await slot.get_by_text("Звонок появится здесь.").wait_for()
        for path in ("/calls", "/clients", "/today"):
            await page.goto(path)
            await in_line(page)
        ran = await page.evaluate("window.ran")
        calls = sorted(await log_of(database), key=lambda call: call.client_address or "")

    assert (ran, complaints) == (None, [])
    assert [call.caller_name for call in calls] == [name.replace("\0", "\ufffd") for name in HOSTILE_NAMES]
    assert [call.client_name for call in calls] == [_typed(name) for name in HOSTILE_NAMES]


async def test_a_database_lost_between_the_pbx_and_its_pauses_ends_nothing(database: Database, tmp_path: Path) -> None:
    async with severable(database.url) as (wire, near_url), Database(near_url) as near:
        peer = _quiet_pbx()
        lists_members = peer.answers["QueueStatus"]
        cutting: list[asyncio.Task[None]] = []

        def cut_and_list(heard: Heard) -> bytes:
            cutting.append(asyncio.ensure_future(wire.cut()))
            return lists_members(heard)

        async with ami_peer(peer), _whole_program(peer, near, tmp_path):
            peer.answers["QueueStatus"] = cut_and_list
            peer.drop()
            await peer.until(lambda peer: peer.count("QueueStatus") == 2)
            await asyncio.gather(*cutting)
            peer.answers["QueueStatus"] = lists_members
            await wire.mend()
            for frame in _frames():
                peer.say(frame)

            assert (await call_in(database, _CALLER, "closed")).outcome == "answered"
