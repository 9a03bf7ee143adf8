"""The doctor's page and the writer's: what an administrator's browser is told, and that nobody else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from channels.telephony import doctor, trial_call
from crm_core.domain.people import Role
from crm_core.store.database import Database
from crm_core.store.locks import holding
from tests.integration.ami_peer import AmiPeer, Heard, a_list, ami_peer, frame, refusal, success
from tests.integration.http.house import House, open_house

CASE = {"our_address": "10.0.0.5", "secret": "a-long-enough-secret", "trunks": ["megafon"], "locale": "en"}


@asynccontextmanager
async def house_on(peer: AmiPeer, database: Database, tmp_path: Path) -> AsyncIterator[House]:
    pbx = {"name": "main", "host": "127.0.0.1", "port": peer.port, "username": "crm", "secret": "s3cret"}
    limits = {"ami_connect_s": 1, "ami_answer_s": 1}
    async with open_house(database, static=tmp_path, pbx=[pbx], data_dir=tmp_path, limits=limits) as house:
        yield house


class LiftedPhone:
    """As a phone that is picked up at once, at a PBX whose eventfilter swallows Newstate."""

    def __init__(self) -> None:
        self._up: list[dict[str, str]] = []
        self.answers = {"Originate": self.ring, "Hangup": self.hang_up, "CoreShowChannels": self.channels}

    def ring(self, heard: Heard) -> bytes:
        call = {"Uniqueid": heard["ChannelId"], "Linkedid": heard["ChannelId"], "Channel": f"{heard['Channel']}-1"}
        self._up.append(call | {"ChannelState": "6"})
        answered = frame(Event="OriginateResponse", ActionID=heard["ActionID"], Response="Success", **call)
        return success(heard, Message="queued") + frame(Event="Newchannel", **call) + answered

    def hang_up(self, heard: Heard) -> bytes:
        self._up.clear()
        return success(heard, Message="Channel Hungup")

    def channels(self, heard: Heard) -> bytes:
        return a_list(heard, "CoreShowChannel", *self._up, end="CoreShowChannelsComplete")


async def test_the_page_is_told_what_the_terminal_is_in_its_own_language(database: Database, tmp_path: Path) -> None:
    refusing = AmiPeer(answers={"Login": lambda heard: refusal(heard, "Authentication failed")})
    async with ami_peer(refusing) as peer, house_on(peer, database, tmp_path) as house:
        admin = await house.browser("anna", Role.ADMIN)

        english = await admin.post("/api/v1/pbx/main/check?locale=en")
        russian = await admin.post("/api/v1/pbx/main/check?locale=ru")

    refused = english.body["findings"][0]
    assert (english.status, refused["code"], refused["severity"]) == (200, "login_refused", "fault")
    assert refused["change"]["lines"][-1] == "permit = 127.0.0.1/255.255.255.255"
    assert "refuses our user crm" in refused["says"]
    assert "не пускает пользователя crm" in russian.body["findings"][0]["says"]
    assert "s3cret" not in english.content.decode()


async def test_a_test_call_is_told_step_by_step_and_audited(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LOGGED_WITHIN_S", 0.1)  # nobody hears this PBX, so nobody will write the call down
    monkeypatch.setattr(trial_call, "ECHO_S", 0.1)
    async with ami_peer(AmiPeer(answers=LiftedPhone().answers)) as peer, house_on(peer, database, tmp_path) as house:
        owner = await house.browser("anna", Role.OWNER, extension="1001")

        answer = await owner.post("/api/v1/pbx/main/test-call", {"locale": "en"})

        async with database.read() as db:
            audited = await db.fetch("SELECT details FROM audit_log WHERE action = 'pbx.test_call'")
    steps = [orjson.loads(line) for line in answer.content.splitlines()]
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert [step["code"] for step in steps[:2]] == ["call_asked", "call_accepted"]
    assert "PJSIP/1001" in steps[0]["says"]
    assert {"call_rings_unheard", "call_answered", "call_untimed", "call_not_logged"} <= {
        step["code"] for step in steps
    }
    assert [row["details"] for row in audited] == [{"pbx": "main", "extension": "1001"}]
    asked = next(heard for heard in peer.heard if heard["Action"] == "Originate")
    assert (asked["Application"], "Context" in asked) == ("Echo", False)


async def test_only_one_test_call_at_a_time(database: Database, tmp_path: Path) -> None:
    async with ami_peer() as peer, house_on(peer, database, tmp_path) as house:
        admin = await house.browser("anna", Role.ADMIN)
        async with holding(database, "test-call:main"):
            answer = await admin.post("/api/v1/pbx/main/test-call", {"extension": "1001"})

    assert [orjson.loads(line)["code"] for line in answer.content.splitlines()] == ["call_busy"]
    assert peer.count("Originate") == 0


@pytest.mark.parametrize("extension", ["1001&PJSIP/trunk", "${SHELL(id)}", "1001/n", "a b"])
async def test_what_is_no_extension_never_reaches_the_pbx(database: Database, tmp_path: Path, extension: str) -> None:
    async with ami_peer() as peer, house_on(peer, database, tmp_path) as house:
        admin = await house.browser("anna", Role.ADMIN)

        answer = await admin.post("/api/v1/pbx/main/test-call", {"extension": extension})

    assert [orjson.loads(line)["code"] for line in answer.content.splitlines()] == ["call_not_dialled"]
    assert peer.count("Originate") == 0


async def test_somebody_without_a_phone_must_name_one(database: Database, tmp_path: Path) -> None:
    async with ami_peer() as peer, house_on(peer, database, tmp_path) as house:
        admin = await house.browser("anna", Role.ADMIN)

        unnamed = await admin.post("/api/v1/pbx/main/test-call", {})
        unknown = await admin.post("/api/v1/pbx/nowhere/check")

    assert (unnamed.status, unnamed.code) == (409, "no_extension")
    assert unknown.status == 404


async def test_the_writer_gives_the_files_and_keeps_nothing(house: House) -> None:
    admin = await house.browser("anna", Role.ADMIN)

    answer = await admin.post("/api/v1/pbx/configuration", CASE)
    made_up = await admin.post("/api/v1/pbx/configuration", {"our_address": "10.0.0.5"})

    files = {file["name"]: file["text"] for file in answer.body["files"]}
    assert "permit = 10.0.0.5/255.255.255.255" in files["manager.conf"]
    assert 'trunk_prefixes = ["PJSIP/megafon"]' in files["perezvon.toml"]
    assert "secret = " in made_up.body["files"][0]["text"]


async def test_a_word_that_may_not_stand_in_a_file_is_refused_with_its_field(house: House) -> None:
    admin = await house.browser("anna", Role.ADMIN)

    answer = await admin.post("/api/v1/pbx/configuration", {**CASE, "user": "x]\n[root"})
    version = await admin.post("/api/v1/pbx/configuration", {**CASE, "version": "newest"})

    assert (answer.status, answer.code, answer.body["field"]) == (422, "case_rejected", "user")
    assert (version.status, version.body["field"]) == (422, "version")


async def test_a_supervisor_neither_checks_nor_calls_nor_writes(house: House) -> None:
    supervisor = await house.browser("sveta", Role.SUPERVISOR)

    answers = await asyncio.gather(
        supervisor.get("/api/v1/pbx"),
        supervisor.post("/api/v1/pbx/main/check"),
        supervisor.post("/api/v1/pbx/main/test-call", {}),
        supervisor.post("/api/v1/pbx/configuration", CASE),
    )

    assert {answer.status for answer in answers} == {403}
