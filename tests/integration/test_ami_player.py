"""To its clients the player is an Asterisk; our own link is the first of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from channels.telephony import commands, player
from channels.telephony.ami import AmiLink, LinkStatus, utc_now
from channels.telephony.dialect import PbxDialect
from channels.telephony.frames import Event
from channels.telephony.player import AmiPlayer
from channels.telephony.recorder import record
from channels.telephony.recording_format import About, RecordedFrame, Recording, load
from channels.telephony.resync import ask_standing
from channels.telephony.retelling import Member, cast_of, members_of
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from tests.integration.ami_link import PATIENT, QUICK, Listener, link_to, pbx
from tests.integration.ami_peer import AmiPeer, ami_peer, refusal

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ami"


def scene(name: str) -> Recording:
    return load(FIXTURES / f"{name}.ami.jsonl")


QUEUE_CALL = scene("queue_answered_client_hangs_up")
CLICK_TO_CALL = scene("click_to_call_answered")


def until(event: str) -> Recording:
    """The call as far as to just before its first event of that name."""
    names = [frame.event for frame in QUEUE_CALL.frames]
    return Recording(about=QUEUE_CALL.about, frames=QUEUE_CALL.frames[: names.index(event)])


@asynccontextmanager
async def playing(**settings: object) -> AsyncIterator[tuple[AmiPlayer, AmiLink, Listener]]:
    """A player and a link of ours that is up."""
    settings.setdefault("speed", 50.0)
    async with AmiPlayer(**settings).listening() as ami, link_to(ami.port, timings=PATIENT) as (link, told):  # type: ignore[arg-type]
        await told.until_status(LinkStatus.UP)
        yield ami, link, told


def timeless(events: Iterable[Event]) -> list[Event]:
    """Without the time at which they were told."""
    return [{name: value for name, value in event.items() if name != "Timestamp"} for event in events]


def heard(told: Listener, name: str) -> list[Event]:
    return [event for event in told.events if event["Event"] == name]


async def test_anybody_is_let_in_and_told_what_asterisk_is_played():
    async with playing(about=About(asterisk="22.10.1", boot="2026-11-21 09:30:00")) as (ami, link, told):
        settings = await link.request({"Action": "CoreSettings"})
        await ami.wait_for_login()  # long over
        assert link.state.boot == "2026-11-21T09:30:00"
        assert settings.headers["AsteriskVersion"] == "22.10.1"
        assert told.events == []


async def test_a_recording_is_played_as_it_was_heard():
    async with playing() as (ami, _, told):
        await ami.start_as_recorded(QUEUE_CALL).over.wait()
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)

    recorded = [dict(frame.headers) for frame in QUEUE_CALL.frames if frame.event == "Newstate"]
    assert timeless(heard(told, "Newstate")) == timeless(recorded)


@pytest.mark.parametrize("speed", [0, 50.0])
async def test_a_recording_is_played_as_if_it_happened_now(speed: float) -> None:
    before = utc_now().timestamp()
    async with playing(speed=speed) as (ami, _, told):
        await ami.start_as_recorded(QUEUE_CALL).over.wait()
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)

    told_at = [float(event["Timestamp"]) for event in told.events if "Timestamp" in event]
    recorded = [float(frame.get("Timestamp")) for frame in QUEUE_CALL.frames if frame.get("Timestamp")]
    # As long as it was, ending now.
    assert told_at[-1] - told_at[0] == pytest.approx(recorded[-1] - recorded[0], abs=0.001)
    assert before < told_at[-1] <= utc_now().timestamp() + 0.1


async def test_a_retold_call_has_other_people_fresh_ids_and_the_time_of_now():
    cast = cast_of(QUEUE_CALL)
    before = utc_now().timestamp()
    async with playing() as (ami, _, told):
        replaced = {cast.client_number: "+77070000001", cast.client_name: "Ольга", "PJSIP/1001": "PJSIP/1004"}
        await asyncio.gather(*(ami.start(QUEUE_CALL, replace=replaced).over.wait() for _ in range(2)))
        await told.until(lambda told: len(heard(told, "Hangup")) == 4)

    said = str(told.events)
    assert cast.client_number not in said
    assert cast.linkedid not in said
    assert "PJSIP/1001" not in said
    assert {event["CallerIDName"] for event in heard(told, "QueueCallerJoin")} == {"Ольга"}
    assert {event["Interface"] for event in heard(told, "AgentCalled")} == {"PJSIP/1004"}
    assert len({event["Linkedid"] for event in heard(told, "Newchannel")}) == 2
    assert len({event["Uniqueid"] for event in heard(told, "Newchannel")}) == 4
    assert len({event["Channel"] for event in heard(told, "Newchannel")}) == 4
    assert len({event["BridgeUniqueid"] for event in heard(told, "BridgeEnter")}) == 2
    assert all(float(event["Timestamp"]) >= before for event in told.events)
    files = [event["Value"] for event in heard(told, "VarSet")]
    assert len(set(files)) == 2


async def test_what_is_alive_is_told_from_what_is_being_played():
    async with playing(speed=0.001, members=members_of([QUEUE_CALL])) as (ami, link, told):
        # At this pace nothing more happens after the first event.
        ami.start_as_recorded(QUEUE_CALL)
        await told.until(lambda told: len(heard(told, "Newchannel")) == 1)
        early = await ask_standing(link)

        assert [channel["Channel"] for channel in early.alive.channels] == ["PJSIP/trunk-00000000"]
        assert [member.interface for member in early.members] == ["PJSIP/1001"]
        assert early.queues == ("sales",)


async def test_a_caller_in_the_queue_and_two_talking_are_told():
    async with playing(speed=0) as (ami, link, told):
        await ami.start(until("QueueCallerLeave")).over.wait()
        await ami.start(until("HangupRequest")).over.wait()
        await told.until(lambda told: len(heard(told, "BridgeEnter")) == 2)
        standing = await ask_standing(link)
        bridges = await link.request_list({"Action": "BridgeList"})

    assert len(standing.alive.channels) == 4
    assert len(standing.alive.queue_callers) == 1
    assert [bridge["BridgeNumChannels"] for bridge in bridges] == ["2"]
    assert {channel["BridgeId"] for channel in standing.alive.channels} == {"", bridges[0]["BridgeUniqueid"]}


async def test_a_pause_is_remembered_and_said():
    members = [
        Member(queue="sales", interface="PJSIP/1001", name="Анна"),
        Member(queue="hotline", interface="PJSIP/1001", name="Анна"),
        Member(queue="sales", interface="PJSIP/1002", name="Борис"),
    ]
    async with playing(members=members) as (ami, link, told):
        pause = commands.pause("PJSIP/1001", paused=True, reason="LUNCH", now=utc_now())
        assert (await commands.send(link, pause, now=utc_now())).success
        await told.until(lambda told: len(heard(told, "QueueMemberPause")) == 2)
        paused = await ask_standing(link)
        assert ami.paused_interfaces == {"PJSIP/1001": "LUNCH"}

        ami.start_as_recorded(QUEUE_CALL)  # in which that member was not paused
        await told.until(lambda told: len(heard(told, "QueueMemberStatus")) >= 1)
        unpause = commands.pause("PJSIP/1001", paused=False, now=utc_now())
        assert (await commands.send(link, unpause, now=utc_now())).success
        nobody = commands.pause("PJSIP/9999", paused=True, now=utc_now())
        assert not (await commands.send(link, nobody, now=utc_now())).success

    assert [(m.queue, m.interface, m.paused, m.paused_reason) for m in paused.members] == [
        ("sales", "PJSIP/1001", True, "LUNCH"),
        ("sales", "PJSIP/1002", False, ""),
        ("hotline", "PJSIP/1001", True, "LUNCH"),
    ]
    assert heard(told, "QueueMemberStatus")[0]["PausedReason"] == "LUNCH"
    assert ami.paused_interfaces == {}


async def test_an_originate_plays_an_outbound_call_with_the_id_that_was_given():
    async with playing(outbound=[CLICK_TO_CALL]) as (_, link, told):
        command = commands.originate(
            PbxDialect(pbx="main"),
            extension="1004",
            number="+77070000001",
            channel_id="019a-my-call",
            outbound_context="from-crm",
            dial_format="e164",
            country="KZ",
            now=utc_now(),
        )
        assert (await commands.send(link, command, now=utc_now())).success
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)

    (response,) = heard(told, "OriginateResponse")
    assert (response["ActionID"], response["Uniqueid"]) == ("019a-my-call", "019a-my-call")
    assert {event["Linkedid"] for event in heard(told, "Newchannel")} == {"019a-my-call"}
    phone, trunk = heard(told, "Newchannel")
    assert phone["Uniqueid"] == "019a-my-call"
    assert phone["Channel"].startswith("PJSIP/1004-")
    assert trunk["Channel"].startswith("PJSIP/trunk-")
    assert heard(told, "DialBegin")[-1]["DestCallerIDNum"] == "+77070000001"


async def test_an_originate_without_an_outbound_recording_is_refused():
    async with playing() as (_, link, _told):
        refused = await link.request({"Action": "Originate", "Channel": "PJSIP/1001", "Exten": "+77070000001"})

    assert not refused.success


async def test_what_a_pbx_has_no_business_doing_is_refused():
    async with playing() as (_, link, _told):
        for action in ("Command", "GetConfig", "NoSuchAction", "Hangup", "BridgeInfo"):
            assert not (await link.request({"Action": action, "Channel": "PJSIP/1001-00000001"})).success


async def test_hanging_up_ends_the_played_call_for_everybody():
    async with playing() as (ami, link, told):
        call = ami.start(QUEUE_CALL)
        await told.until(lambda told: len(heard(told, "BridgeEnter")) == 2)
        trunk = heard(told, "Newchannel")[0]["Channel"]
        assert (await commands.send(link, commands.hang_up(trunk, now=utc_now()), now=utc_now())).success
        await call.over.wait()
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)
        standing = await ask_standing(link)

    assert [event["Channel"] for event in heard(told, "SoftHangupRequest")] == [trunk]
    assert [event["Cause"] for event in heard(told, "Hangup")] == ["16", "16"]
    assert len(heard(told, "BridgeLeave")) == 2
    assert standing.alive.channels == ()
    assert ami.busy_interfaces == set()


async def test_a_declined_phone_stops_ringing_and_the_caller_gives_up_after_a_while(monkeypatch):
    monkeypatch.setattr(player, "PATIENCE_AFTER_DECLINE_S", 0.001)
    async with playing(speed=1.0) as (ami, link, told):
        call = ami.start(QUEUE_CALL)
        await told.until(lambda told: any(event["ChannelStateDesc"] == "Ringing" for event in heard(told, "Newstate")))
        phone = heard(told, "AgentCalled")[0]["DestChannel"]
        await commands.send(link, commands.decline(phone, now=utc_now()), now=utc_now())
        await call.over.wait()
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)

    assert [(event["Channel"] == phone, event["Cause"]) for event in heard(told, "Hangup")] == [
        (True, "21"),
        (False, "16"),
    ]
    assert [event["DialStatus"] for event in heard(told, "DialEnd")] == ["NOANSWER"]
    assert len(heard(told, "QueueCallerAbandon")) == 1


async def test_a_call_that_the_recording_left_up_can_still_be_hung_up():
    async with playing(speed=0) as (ami, link, told):
        await ami.start(until("HangupRequest")).over.wait()
        await told.until(lambda told: len(heard(told, "BridgeEnter")) == 2)
        phone = heard(told, "Newchannel")[1]["Channel"]
        assert (await commands.send(link, commands.hang_up(phone, now=utc_now()), now=utc_now())).success
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)

    assert ami.busy_interfaces == set()


async def test_a_malformed_frame_is_played_as_the_bytes_it_was():
    broken = RecordedFrame(at=0, raw=b"Event: Hangup\r\nno header here")
    async with playing(speed=0) as (ami, link, told):
        ami.start_as_recorded(Recording(about=About(), frames=(broken,)))
        await told.until(lambda told: len(told.events) == 1)

    assert [frame.raw for frame in link.malformed] == [broken.raw]


async def test_calls_take_the_time_they_took():
    frames = tuple(RecordedFrame(at=at, headers=(("Event", "Hangup"),)) for at in (5.0, 5.2, 5.4))
    async with playing(speed=2.0) as (ami, _link, _told):
        begun = asyncio.get_running_loop().time()
        await ami.start_as_recorded(Recording(about=About(), frames=frames)).over.wait()
        took = asyncio.get_running_loop().time() - begun

    assert 0.2 <= took < 2


async def test_every_client_hears_the_classes_it_asked_for():
    async with playing() as (ami, _, told):
        reader, writer = await asyncio.open_connection("127.0.0.1", ami.port)
        assert (await reader.readline()).startswith(b"Asterisk Call Manager/")
        writer.write(b"Action: CoreShowChannels\r\nActionID: 1\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == (
            b"Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
        )
        writer.write(b"Action: Login\r\nUsername: x\r\nSecret: y\r\nEvents: agent\r\n\r\n")
        assert b"Success" in await reader.readuntil(b"\r\n\r\n")

        await ami.start(QUEUE_CALL).over.wait()
        await told.until(lambda told: len(heard(told, "Hangup")) == 2)
        writer.write(b"nonsense\r\n\r\nAction: Logoff\r\n\r\n")
        rest = await asyncio.wait_for(reader.read(), 5)
        writer.close()

    assert b"Event: AgentCalled" in rest
    assert b"Event: Newchannel" not in rest
    assert b"FullyBooted" not in rest
    assert rest.endswith(b"Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n")


async def test_files_are_served_one_after_another_to_whoever_logs_in(tmp_path: Path):
    plain = tmp_path / "session.ami"
    plain.write_bytes(
        b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n"
        b"Event: CoreShowChannel\r\nActionID: 2\r\nChannel: PJSIP/1001-00000001\r\n\r\n"
        b"Event: Hangup\r\nUniqueid: 9\r\nCause: 99\r\n\r\n"
    )
    files = [
        FIXTURES / "queue_answered_client_hangs_up.ami.jsonl",
        plain,
        FIXTURES / "click_to_call_answered.ami.jsonl",
    ]
    said: list[str] = []
    serving = asyncio.create_task(player.serve(files, speed=0, announce=said.append))
    while not said:  # noqa: ASYNC110
        await asyncio.sleep(0)
    port = int(said[0].rpartition(":")[2])

    async with link_to(port, timings=PATIENT) as (link, told):
        await told.until(lambda told: any(event["Cause"] == "99" for event in heard(told, "Hangup")))
        assert link.state.boot == QUEUE_CALL.about.boot.replace(" ", "T")
        await link.request({"Action": "Originate", "Channel": "PJSIP/1004", "Exten": "1", "ChannelId": "abc"})
        await told.until(lambda told: len(heard(told, "OriginateResponse")) == 1)
    async with link_to(port, timings=PATIENT) as (_, again):
        await again.until(lambda told: any(event["Cause"] == "99" for event in heard(told, "Hangup")))
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)

    assert said[0].startswith("listening on 127.0.0.1:")
    assert len(heard(told, "Hangup")) == 5
    assert [event["Uniqueid"] for event in heard(told, "OriginateResponse")] == ["abc"]


async def test_what_is_recorded_from_a_player_is_what_it_played(tmp_path: Path):
    path = tmp_path / "again.ami.jsonl"
    told = Listener()
    async with AmiPlayer(speed=0, about=QUEUE_CALL.about).listening() as ami:
        recording = asyncio.create_task(record(pbx(ami.port), path, story="again", on_state=told.note, timings=PATIENT))
        await told.until_status(LinkStatus.UP)
        await ami.start_as_recorded(QUEUE_CALL).over.wait()
        await ami.start(QUEUE_CALL).over.wait()
        while path.exists() is False or b"Hangup" not in path.read_bytes():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)

    again = load(path)
    played = [dict(frame.headers) for frame in QUEUE_CALL.frames if frame.event != "FullyBooted"]
    recorded = [dict(frame.headers) for frame in again.frames if frame.event != "FullyBooted"]
    assert (again.about.asterisk, again.about.story) == ("22.10.1", "again")
    assert timeless(recorded[: len(played)]) == timeless(played)


async def test_a_recorder_says_why_it_cannot_begin(tmp_path: Path):
    with pytest.raises(PeerUnavailable):
        await record(pbx(1), tmp_path / "x", timings=QUICK)


async def test_a_recorder_with_a_wrong_secret_says_so(tmp_path: Path):
    peer = AmiPeer(answers={"Login": lambda heard: refusal(heard, "Authentication failed")})
    async with ami_peer(peer):
        with pytest.raises(PeerRefused, match="Authentication failed"):
            await record(pbx(peer.port), tmp_path / "x", timings=QUICK)
