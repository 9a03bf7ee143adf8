"""The doctor at a PBX: each way it can be wrong is told in words of its own, with what to change in which file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.telephony.checkup.observations import Observation
from channels.telephony.checkup.rights import NEEDED
from channels.telephony.doctor import examine
from config.settings import Settings
from crm_core.actions import users
from crm_core.actions.links import record_link
from crm_core.actions.raw_inputs import RawEvents, record_raw_events
from crm_core.actions.users import NewUser
from crm_core.domain.findings import Severity
from crm_core.domain.people import Role
from crm_core.store.database import Database
from crm_core.store.locks import holding
from tests.integration.ami_peer import AmiPeer, Heard, a_list, ami_peer, frame, refusal, success
from tests.lab.asterisk import Asterisk

#: A PBX on which all is well, as far as one connection tells.
ENOUGH = dict.fromkeys(NEEDED, "does it")
TIMED = frame(Event="QueueMemberStatus", Privilege="agent,all", Timestamp="1795308428.67")
UNTIMED = frame(Event="QueueMemberStatus", Privilege="agent,all")


def settings_of(port: int, tmp_path: Path, **more: object) -> Settings:
    pbx = {"name": "main", "host": "127.0.0.1", "port": port, "username": "crm", "secret": "s3cret", **more}
    return Settings(pbx=[pbx], data_dir=tmp_path, limits={"ami_connect_s": 1, "ami_answer_s": 1})


@asynccontextmanager
async def healthy(**answers: object) -> AsyncIterator[AmiPeer]:
    """A PBX as it should be; ``answers`` is what differs."""
    peer = AmiPeer(
        answers={
            "ListCommands": lambda heard: success(heard, **ENOUGH) + TIMED,
            "CoreSettings": lambda heard: success(heard, AsteriskVersion="22.10.1"),
            "Ping": lambda heard: success(heard, Ping="Pong", Timestamp=f"{time.time():.6f}"),
            "ShowDialPlan": lambda heard: refusal(heard, f"Did not find extension x@{heard['Context']}"),
            "CoreShowChannels": lambda heard: a_list(heard, "CoreShowChannel", end="CoreShowChannelsComplete"),
            "BridgeList": lambda heard: a_list(heard, "BridgeListItem", end="BridgeListComplete"),
            "QueueStatus": _queue_of("1001"),
            "DeviceStateList": _devices(("PJSIP/1001", "NOT_INUSE")),
            **answers,
        }
    )
    async with ami_peer(peer):
        yield peer


def _queue_of(*extensions: str):
    members = [
        {"Queue": "sales", "Name": extension, "Location": f"PJSIP/{extension}", "Paused": "0", "Status": "1"}
        for extension in extensions
    ]
    return lambda heard: a_list(heard, "QueueMember", *members, end="QueueStatusComplete")


def _devices(*states: tuple[str, str]):
    items = [{"Device": device, "State": state} for device, state in states]
    return lambda heard: a_list(heard, "DeviceStateChange", *items, end="DeviceStateListComplete")


def named(found: list[Observation], code: str) -> Observation:
    """The one of this code."""
    matching = [one for one in found if one.code == code]
    assert matching, [one.code for one in found]
    return matching[0]


def faults(found: list[Observation]) -> set[str]:
    return {one.code for one in found if one.severity is Severity.FAULT}


async def at(peer: AmiPeer, tmp_path: Path, database: Database | None = None, **more: object) -> list[Observation]:
    settings = settings_of(peer.port, tmp_path, **more)
    return await examine(settings.pbx[0], settings, database)


async def test_a_pbx_as_it_should_be_has_no_fault(tmp_path: Path) -> None:
    async with healthy() as peer:
        found = await at(peer, tmp_path, outbound_context="from-crm")

    assert faults(found) == set()
    assert named(found, "logged_in").facts["user"] == "crm"
    assert str(named(found, "version").facts["version"]) == "22.10"
    for code in ("rights_enough", "clock_agrees", "timestamps_on", "outbound_exists", "spool_empty"):
        assert named(found, code).severity is Severity.FINE


# Connecting and logging in


async def test_a_closed_port_a_silent_one_and_another_program_are_told_apart(tmp_path: Path) -> None:
    async with ami_peer(AmiPeer(greeting=b"")) as silent, ami_peer(AmiPeer(greeting=b"SSH-2.0-x\r\n")) as other:
        (says_nothing,) = faults(await at(silent, tmp_path))
        of_the_other = await at(other, tmp_path)
        closed_port = silent.port
    (closed,) = faults(await at(AmiPeer(port=closed_port), tmp_path))

    assert (closed, says_nothing) == ("door_closed", "says_nothing")
    assert "SSH-2.0" in str(named(of_the_other, "no_manager").facts["said"])


async def test_tls_where_there_is_none_is_said_so(tmp_path: Path) -> None:
    async with healthy() as peer:
        found = await at(peer, tmp_path, tls=True)

    assert faults(found) == {"tls_failed"}


async def test_a_refused_login_names_the_address_that_must_be_permitted(tmp_path: Path) -> None:
    async with healthy(Login=lambda heard: refusal(heard, "Authentication failed")) as peer:
        refused = named(await at(peer, tmp_path), "login_refused")

    assert refused.change is not None
    assert refused.change.file == "manager.conf"
    assert refused.change.lines[0] == "[crm]"
    assert refused.change.lines[-1] == "permit = 127.0.0.1/255.255.255.255"


async def test_a_user_who_may_log_in_only_once_is_known_by_asterisks_words(tmp_path: Path) -> None:
    async with healthy(Login=lambda heard: refusal(heard, "Login Already In Use")) as peer:
        in_use = named(await at(peer, tmp_path), "login_in_use")

    assert in_use.change is not None
    assert "allowmultiplelogin = yes" in in_use.change.lines


# Rights, clock, events


async def test_missing_rights_are_named_with_the_classes_that_give_them(tmp_path: Path) -> None:
    allowed = {name: "does it" for name in NEEDED if name not in {"Originate", "QueuePause"}}
    async with healthy(ListCommands=lambda heard: success(heard, **allowed) + TIMED) as peer:
        missing = named(await at(peer, tmp_path), "rights_missing")

    assert missing.facts["actions"] == ["QueuePause", "Originate"]
    assert missing.facts["classes"] == ["agent", "originate"]
    assert missing.change is not None
    assert "write = call,agent,originate,reporting" in missing.change.lines


async def test_rights_that_hand_over_the_pbx_are_a_fault(tmp_path: Path) -> None:
    root = {**ENOUGH, "Command": "x", "UpdateConfig": "x", "ModuleLoad": "x"}
    async with healthy(ListCommands=lambda heard: success(heard, **root) + TIMED) as peer:
        dangerous = named(await at(peer, tmp_path), "rights_dangerous")

    assert dangerous.facts["classes"] == ["system", "command", "config"]


async def test_a_clock_that_is_a_minute_off_is_found_without_any_call(tmp_path: Path) -> None:
    def slow(heard: Heard) -> bytes:
        return success(heard, Ping="Pong", Timestamp=f"{time.time() - 60:.6f}")

    async with healthy(Ping=slow) as peer:
        apart = named(await at(peer, tmp_path), "clock_apart")

    assert 59 < float(str(apart.facts["seconds"])) < 62


async def test_events_without_a_time_are_a_fault_with_the_line_that_mends_it(tmp_path: Path) -> None:
    async with healthy(ListCommands=lambda heard: success(heard, **ENOUGH) + UNTIMED) as peer:
        off = named(await at(peer, tmp_path), "timestamps_off")

    assert off.change is not None
    assert off.change.lines == ("[general]", "timestampevents = yes")


async def test_a_pbx_that_says_nothing_is_no_fault_but_proves_nothing(tmp_path: Path, database: Database) -> None:
    async with healthy(ListCommands=lambda heard: success(heard, **ENOUGH)) as peer:
        found = await at(peer, tmp_path, database)

    assert named(found, "events_quiet").severity is Severity.ADVICE


async def test_a_kind_of_event_that_no_call_brought_was_filtered_out(tmp_path: Path, database: Database) -> None:
    heard = ("Newchannel", "Hangup", "DialBegin", "DialEnd", "BridgeEnter", "BridgeLeave")
    await remember(database, *(list(heard) for _ in range(3)))
    async with healthy() as peer:
        missing = named(await at(peer, tmp_path, database), "events_missing")

    assert missing.facts["names"] == ["Newstate"]
    assert missing.change is not None
    assert missing.change.lines == ("[crm]", "eventfilter(action(include),name(Newstate)) =")


async def test_an_old_asterisk_is_told_to_name_recordings_in_the_cdr(tmp_path: Path) -> None:
    async with healthy(CoreSettings=lambda heard: success(heard, AsteriskVersion="18.24.1")) as peer:
        found = await at(peer, tmp_path)

    assert named(found, "version_filters_old").severity is Severity.ADVICE


# People, queues, lines


async def test_phones_people_and_members_that_do_not_know_each_other_are_named(
    tmp_path: Path, database: Database
) -> None:
    await person(database, "anna", extension="1001")
    await person(database, "boris", extension="1009")
    await person(database, "clara")
    devices = _devices(("PJSIP/1001", "UNAVAILABLE"), ("PJSIP/1002", "NOT_INUSE"), ("Queue:sales", "NOT_INUSE"))
    async with healthy(QueueStatus=_queue_of("1001", "1002"), DeviceStateList=devices) as peer:
        found = await at(peer, tmp_path, database)

    assert named(found, "members_unknown").facts["members"] == ["PJSIP/1002"]
    assert named(found, "people_without_phone").facts["people"] == ["clara"]
    assert named(found, "phones_unknown").facts["extensions"] == ["1009"]
    assert named(found, "phones_unreachable").facts["extensions"] == ["1001"]
    assert named(found, "extensions_unmapped").facts["extensions"] == ["1002"]


async def test_a_queue_that_only_one_side_knows_is_named(tmp_path: Path, database: Database) -> None:
    await person(database, "anna", extension="1001", queues=("old",))

    def queues(heard: Heard) -> bytes:
        return a_list(heard, "QueueParams", {"Queue": "new"}, {"Queue": "default"}, end="QueueStatusComplete")

    async with healthy(QueueStatus=queues) as peer:
        found = await at(peer, tmp_path, database)

    assert named(found, "queues_unknown").facts["queues"] == ["new"]
    assert "old" in str(named(found, "queues_gone").facts["queues"])


async def test_a_line_that_the_settings_do_not_name_is_not_taken_for_a_phone(
    tmp_path: Path, database: Database
) -> None:
    await remember(database, ["Newchannel"], channel="PJSIP/megafon-00000001")
    async with healthy() as peer:
        found = await at(peer, tmp_path, database, trunk_prefixes=["PJSIP/trunk"])

    strange = named(found, "trunks_strange")
    assert strange.facts["devices"] == ["PJSIP/megafon"]
    assert strange.change is not None
    assert strange.change.lines[-1] == 'trunk_prefixes = ["PJSIP/trunk", "PJSIP/megafon"]'


async def test_an_outbound_context_that_does_not_exist_is_a_fault(tmp_path: Path) -> None:
    async with healthy(ShowDialPlan=lambda heard: refusal(heard, "Did not find context nowhere")) as peer:
        found = await at(peer, tmp_path, outbound_context="nowhere")

    assert named(found, "outbound_missing").facts["context"] == "nowhere"


# Places and listeners


async def test_files_that_cannot_be_read_and_a_full_spool_are_named(tmp_path: Path) -> None:
    spool = tmp_path / "spool" / "main"
    spool.mkdir(parents=True)
    (spool / "1.spool").write_bytes(b"x" * 950)
    async with healthy() as peer:
        settings = settings_of(
            peer.port, tmp_path, recordings=str(tmp_path), queue_log=tmp_path / "no", cdr_url="file:///no/cdr.csv"
        )
        settings = settings.model_copy(update={"limits": settings.limits.model_copy(update={"ami_spool_bytes": 1000})})
        found = await examine(settings.pbx[0], settings, None)

    assert [str(one.facts["path"]) for one in found if one.code == "path_unreadable"] == [
        "/no/cdr.csv",
        str(tmp_path / "no"),
    ]
    assert named(found, "path_readable").facts["path"] == tmp_path
    assert named(found, "spool_full").facts["percent"] == "95%"


async def test_records_are_read_as_the_mending_would(tmp_path: Path) -> None:
    nonsense, log = tmp_path / "nonsense.csv", tmp_path / "queue_log"
    nonsense.write_text("a,b\n" * 5)
    log.write_text("")
    async with healthy() as peer:
        found = await at(peer, tmp_path, cdr_url=f"file://{nonsense}", queue_log=log)
        away = await at(peer, tmp_path, cdr_url="postgresql://nobody@127.0.0.1:1/cdr")

    assert named(found, "records_read").facts["sources"] == ("queue_log",)
    assert faults(found) == faults(away) == {"records_unreadable"}


async def test_whoever_holds_the_link_is_told_and_whether_it_hears(tmp_path: Path, database: Database) -> None:
    async with healthy() as peer:
        nobody = await at(peer, tmp_path, database)
        async with holding(database, "pbx:main"):
            deaf = await at(peer, tmp_path, database)
            async with database.begin() as tx:
                await record_link(tx, pbx="main", state="up", since=datetime.now(UTC))
            heard = await at(peer, tmp_path, database)

    assert named(nobody, "nobody_listens").severity is Severity.ADVICE
    assert named(deaf, "listener_deaf").severity is Severity.FAULT
    assert named(heard, "listened_to").severity is Severity.FINE


async def test_many_checks_at_once_leave_no_connection_behind(tmp_path: Path) -> None:
    async with healthy() as peer:
        await asyncio.gather(*(at(peer, tmp_path) for _ in range(5)))
        await peer.until(lambda peer: peer.is_alone)


@pytest.mark.lab
async def test_a_real_asterisk_with_our_own_configuration_has_nothing_wrong(
    asterisk: Asterisk, tmp_path: Path, database: Database
) -> None:
    login = asterisk.product_login
    settings = Settings(
        pbx=[
            {
                "name": "main",
                "host": asterisk.host,
                "port": asterisk.ami_port,
                "username": login.username,
                "secret": login.secret,
                "outbound_context": "from-crm",
                "recordings": str(asterisk.recordings),
                "queue_log": asterisk.queue_log,
            }
        ],
        data_dir=tmp_path,
    )
    await person(database, "anna", extension="1001")

    found = await examine(settings.pbx[0], settings, database)

    assert faults(found) <= {"timestamps_off"}  # on a silent PBX nothing tells it
    for code in ("logged_in", "version", "rights_enough", "clock_agrees", "outbound_exists", "path_readable"):
        assert named(found, code).severity is Severity.FINE
    assert "1002" in str(named(found, "extensions_unmapped").facts["extensions"])


async def person(database: Database, login: str, *, extension: str | None = None, queues: tuple[str, ...] = ()) -> None:
    new = NewUser(login=login, name=login.title(), role=Role.AGENT, extension=extension, queues=queues)
    async with database.begin() as tx:
        await users.add_user(tx, new, None, by=None)


async def remember(database: Database, *calls: list[str], channel: str = "PJSIP/1001-00000001") -> None:
    """Calls that the log has heard, each as the names of its events."""
    async with database.begin() as tx:
        for place, names in enumerate(calls):
            first = tx.now - timedelta(minutes=place)
            events = [(first, {"Event": name, "Channel": channel, "Timestamp": "1795308428.67"}) for name in names]
            await record_raw_events(tx, "main", "boot", first, RawEvents({f"{place}.1": events}))
