"""A PBX that runs exactly what the page "Connect a PBX" writes: every feature works, and not one right is too many."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from channels.telephony import doctor
from channels.telephony.checkup.observations import Observation
from channels.telephony.configuration.case import Case, QueueCase
from channels.telephony.configuration.writer import write
from channels.telephony.room import PbxRoom
from channels.telephony.trial_call import CallOrder
from channels.telephony.versions import AsteriskVersion
from config.settings import Settings
from crm_core.actions import dialling, users
from crm_core.actions.users import NewUser
from crm_core.domain.findings import Severity
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.callbacks import Callback, CallbackFilters, list_callbacks
from tests.acceptance.pbx import EVERYBODY, hearing, pbx_settings, the_call
from tests.lab.asterisk import Asterisk
from tests.lab.exchange import PRODUCT_LOGIN, WITNESS_LOGIN
from tests.lab.laboratory import Lab
from tests.lab.plugin import installed_asterisk
from tests.lab.softphone import SoftPhone
from tests.waiting import eventually

pytestmark = pytest.mark.lab

CASE = Case(
    user=PRODUCT_LOGIN.username,
    secret=PRODUCT_LOGIN.secret,
    our_address="127.0.0.1",
    version=AsteriskVersion(22, 10),
    trunks=("trunk",),
    queues=(QueueCase(name="sales", number="77272000001", members=("1001",)),),
    cel="csv",
)
CALLER, CALLED, ASKING = "+77010000901", "+77015550142", "+77990000902"
MENU = "77272000009"

#: What only the laboratory has: addresses of its own, the trunk's context, a witness.
GLUE = {
    "manager.conf": """
[general](+)
webenabled = no
bindaddr = {pbx}

[{witness.username}]
secret = {witness.secret}
read = all
write = all
""",
    "extensions.conf": """
[from-trunk]
include => perezvon-in
; a menu as somebody writes it
exten => 77272000009,1,Answer()
 same => n,Read(KEY,,1,,1,10)
 same => n,GotoIf($["${{KEY}}"="1"]?ask)
 same => n,Hangup()
 same => n(ask),Gosub(perezvon-callback,s,1(sales,600))
 same => n,Hangup()

[internal]
include => from-crm
""",
}


@pytest.fixture
def as_written() -> Iterator[Asterisk]:
    asterisk = installed_asterisk()
    written = {file.name: file.text for file in write(CASE) if file.name not in {"modules.conf", "perezvon.toml"}}
    pbx = asterisk.network.pbx
    glue = {name: text.format(pbx=pbx, witness=WITNESS_LOGIN) for name, text in GLUE.items()}
    asterisk.rewrite({name: text + glue.get(name, "") for name, text in written.items()})
    asterisk.start()
    yield asterisk
    asterisk.close()


async def test_calls_clicks_recordings_and_the_doctor_work_on_what_the_page_wrote(
    as_written: Asterisk, database: Database, tmp_path: Path
) -> None:
    async with (
        Lab(as_written) as lab,
        hearing(as_written, database, tmp_path) as room,
        lab.soft_phone("1001") as queue_phone,
        lab.soft_phone("1002") as clicking_phone,
        lab.soft_phone("1003") as tried_phone,
    ):
        settings = Settings(pbx=[pbx_settings(as_written)], data_dir=tmp_path)
        people = {extension: await hire(database, extension) for extension in ("1001", "1002", "1003")}

        _, _, promised, steps = await asyncio.gather(
            answer_the_queue(lab, queue_phone, database),
            call_with_a_click(clicking_phone, people["1002"], database),
            ask_in_the_menu(lab, database),
            try_the_phone(tried_phone, settings, database),
        )
        checked = await doctor.examine(settings.pbx[0], settings, database)
        refusals = await forbidden(room)

    assert (promised.queue, promised.address, promised.state) == ("sales", ASKING, "open")
    assert timedelta(minutes=9) < promised.due_at - promised.promised_at <= timedelta(minutes=10)
    assert ill(steps) == []
    assert {"call_rings", "call_answered", "call_ended", "call_events", "call_clock", "call_logged"} <= codes(steps)
    assert ill(checked) == []
    assert {"timestamps_on", "events_heard", "rights_enough", "trunks_seen", "outbound_exists"} <= codes(checked)
    assert set(refusals.values()) == {"Permission denied"}


async def answer_the_queue(lab: Lab, phone: SoftPhone, database: Database) -> None:
    call = await lab.call("77272000001", caller=CALLER)
    talk = await phone.ringing()
    await talk.answer()
    await talk.packets(50)
    await call.hang_up()
    told = await the_call(database, CALLER, state="closed")
    assert (told.direction, told.queue, told.outcome, len(told.recordings)) == ("inbound", "sales", "answered", 1)

    async def found() -> bool:
        return (await the_call(database, CALLER)).recordings[0].available

    await eventually(found)


async def call_with_a_click(phone: SoftPhone, boris: Viewer, database: Database) -> None:
    async with database.begin() as tx:
        await dialling.place_call(tx, boris, client_id=None, number=CALLED, country="KZ", dialling=["main"])
    talk = await phone.ringing()
    await talk.answer()
    told = await the_call(database, CALLED, state="active")
    async with database.begin() as tx:
        await dialling.hang_up(tx, told.id, boris)
    ended = await the_call(database, CALLED, state="closed")
    assert (told.direction, ended.outcome, len(ended.recordings)) == ("outbound", "answered", 1)


async def ask_in_the_menu(lab: Lab, database: Database) -> Callback:
    """A client presses 1; nobody at all speaks with them."""
    async with lab.client_phone() as phone:
        call = await phone.dial(MENU, caller=ASKING)
        await call.answered()
        await call.press("1")
        await call.ended()
    told = await the_call(database, ASKING, state="closed")
    async with database.read() as db:
        [promised] = (await list_callbacks(db, EVERYBODY, CallbackFilters())).items
    assert promised.promised_in == told.id
    return promised


async def try_the_phone(phone: SoftPhone, settings: Settings, database: Database) -> list[Observation]:
    steps: list[Observation] = []

    async def note(step: Observation) -> None:
        steps.append(step)

    async def pick_up() -> None:
        await (await phone.ringing()).answer()

    order = CallOrder(extension="1003")
    placed = doctor.place_test_call(settings.pbx[0], settings, database, order, tell=note, by=None)
    await asyncio.gather(placed, pick_up())
    return steps


async def forbidden(room: PbxRoom) -> dict[str, str]:
    """What the least rights must not allow, and what Asterisk says to it."""
    actions: tuple[dict[str, str], ...] = (
        {"Action": "Command", "Command": "core show version"},
        {"Action": "UpdateConfig", "SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
        {"Action": "GetConfig", "Filename": "manager.conf"},
        {"Action": "ModuleLoad", "LoadType": "reload"},
        {"Action": "Filter", "Operation": "Add", "Filter": "Event: VarSet"},
    )
    return {action["Action"]: (await room.link.request(action)).message for action in actions}


async def hire(database: Database, extension: str) -> Viewer:
    new = NewUser(login=f"person{extension}", name="Anna", role=Role.AGENT, extension=extension)
    async with database.begin() as tx:
        return Viewer(user_id=await users.add_user(tx, new, None, by=None), role=Role.AGENT, team_id=None)


def ill(found: list[Observation]) -> list[Observation]:
    return [one for one in found if one.severity is Severity.FAULT]


def codes(found: list[Observation]) -> set[str]:
    return {one.code for one in found}
