"""The link to Asterisk holds, whatever the other side does.

Each defect of panoramisk that our protocol exists for has a test here, and
beside it, marked ``plain``, the proof that plain panoramisk still has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from panoramisk import Manager
from panoramisk.actions import Action as PanoramiskAction
from structlog.testing import capture_logs

from channels.telephony.actions import ActionRejected
from channels.telephony.ami import AmiLink, LinkStatus, LinkTimings, utc_now
from channels.telephony.inbox import Inbox
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from tests.integration.ami_link import MILLISECOND, PATIENT, link_to, pbx
from tests.integration.ami_peer import AmiPeer, a_list, ami_peer, frame, refusal, silence, success

HANGUP = frame(Event="Hangup", Channel="PJSIP/1001-0000002a", Cause="16")
ORIGINATE = {"Action": "Originate", "Channel": "PJSIP/1001", "Exten": "+77011234567", "Async": "true"}


@asynccontextmanager
async def plain_panoramisk(port: int, **config: object) -> AsyncIterator[Manager]:
    manager = Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=port,
        username="crm",
        secret="s3cret",
        **config,
    )
    manager.reconnect_timeout = 0.01
    await manager.connect()
    try:
        yield manager
    finally:
        manager.close()
        manager.connect = manager.connection_lost = lambda *_: None  # it would come back for ever


async def test_a_link_comes_up_knows_its_peer_and_hears():
    async with ami_peer() as peer, link_to(peer.port) as (_link, told):
        up = await told.until_status(LinkStatus.UP)
        peer.say(frame(Event="RTCPSent", SSRC="0x1") + HANGUP)
        await told.until(lambda told: len(told.events) == 1)

    assert (up.version, up.boot, up.error, up.deaf_since) == ("11.0.0", "2026-11-21T09:30:00", None, None)
    assert told.events == [{"Event": "Hangup", "Channel": "PJSIP/1001-0000002a", "Cause": "16"}]
    login = peer.heard[0]
    assert (login["Username"], login["Secret"], login["Events"]) == (
        "crm",
        "s3cret",
        "system,call,agent,dialplan,cdr,user",
    )


async def test_a_request_gets_its_own_answer_and_a_list_all_its_items():
    peer = AmiPeer(
        answers={
            "QueuePause": lambda heard: refusal(heard, "Interface not found"),
            "QueueStatus": lambda heard: a_list(
                heard, "QueueMember", {"Name": "Anna"}, {"Name": "Boris"}, end="QueueStatusComplete"
            ),
            "BridgeList": lambda heard: a_list(heard, "BridgeListItem", end="BridgeListComplete"),
        }
    )
    async with ami_peer(peer), link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)
        members, no_bridges, answer = await asyncio.gather(
            link.request_list({"Action": "QueueStatus"}),
            link.request_list({"Action": "BridgeList"}),
            link.request({"Action": "QueuePause", "Interface": "PJSIP/9"}),
        )

    assert [member["Name"] for member in members] == ["Anna", "Boris"]
    assert no_bridges == []
    assert (answer.success, answer.message) == (False, "Interface not found")
    assert told.events == []


async def test_a_refused_list_is_an_error_at_once():
    async with ami_peer() as peer, link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)

        with pytest.raises(PeerRefused, match="Invalid/unknown command"):
            await link.request_list({"Action": "QueueStatus"})


async def test_an_action_without_an_answer_ends_at_its_deadline_and_a_late_answer_is_passed_over():
    peer = AmiPeer(answers={"QueueStatus": silence})
    async with ami_peer(peer), link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)

        with pytest.raises(PeerUnavailable, match="no answer to QueueStatus"):
            await link.request_list({"Action": "QueueStatus"}, timeout=10 * MILLISECOND)

        peer.say(a_list(peer.heard[-1], "QueueMember", {"Name": "Anna"}, end="QueueStatusComplete") + HANGUP)
        await told.until(lambda told: len(told.events) == 1)
        assert (await link.request({"Action": "Ping"})).success


async def test_without_a_link_a_request_fails_at_once_and_says_why():
    async with ami_peer() as peer:
        port = peer.port
    async with link_to(port) as (link, told):
        await told.until_status(LinkStatus.DOWN)

        with pytest.raises(PeerUnavailable, match="No link to the telephone system"):
            await link.request({"Action": "Ping"})


@pytest.mark.parametrize("cut", range(1, 12))
async def test_a_character_cut_between_two_reads_stays_whole(cut: int):
    name = frame(Event="Newchannel", CallerIDName="Айгүл")
    start = name.index("Айгүл".encode())
    async with ami_peer() as peer, link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)
        protocol = link._protocol
        assert protocol is not None
        protocol.data_received(name[: start + cut])
        protocol.data_received(name[start + cut :])

    assert [event["CallerIDName"] for event in told.events] == ["Айгүл"]


async def test_a_line_break_in_a_value_never_reaches_the_socket():
    hostile = {**ORIGINATE, "CallerID": "x\r\nApplication: System\r\nData: id"}
    async with ami_peer() as peer, link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)

        with pytest.raises(ActionRejected):
            await link.request(hostile)
        await link.request({"Action": "Ping"})

    assert b"System" not in peer.received
    assert peer.count("Originate") == 0


async def test_plain_a_line_break_in_a_value_adds_headers():
    assert "\r\nApplication: System\r\n" in str(PanoramiskAction({"CallerID": "x\r\nApplication: System\r\nData: id"}))


async def test_an_originate_whose_answer_was_lost_is_not_said_again():
    peer = AmiPeer(answers={"Originate": silence})
    async with ami_peer(peer), link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)
        asked = asyncio.create_task(link.request(ORIGINATE))
        await peer.until(lambda peer: peer.count("Originate") == 1)

        peer.drop()
        with pytest.raises(PeerUnavailable, match="the link was lost"):
            await asked
        await told.until_status(LinkStatus.UP, times=2)
        await link.request({"Action": "Ping"})

    assert peer.count("Login") == 2
    assert peer.count("Originate") == 1


async def test_plain_an_originate_whose_answer_was_lost_is_said_again():
    peer = AmiPeer(answers={"Originate": silence})
    async with ami_peer(peer), plain_panoramisk(peer.port) as manager:
        await peer.until(lambda peer: peer.count("Login") == 1)
        manager.send_action(dict(ORIGINATE))
        await peer.until(lambda peer: peer.count("Originate") == 1)

        peer.drop()
        await peer.until(lambda peer: peer.count("Originate") == 2)


async def test_actions_in_flight_at_a_disconnect_end_with_it():
    peer = AmiPeer(answers={"Status": silence})
    peer.answers["QueueStatus"] = lambda heard: (
        success(heard, EventList="start") + frame(Event="QueueMember", ActionID=heard["ActionID"])
    )
    async with ami_peer(peer), link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)
        asked = [
            asyncio.create_task(link.request({"Action": "Status"})),
            asyncio.create_task(link.request_list({"Action": "QueueStatus"})),
        ]
        await peer.until(lambda peer: peer.count("QueueStatus") == 1)

        peer.drop()
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 2)

    assert all(isinstance(answer, PeerUnavailable) for answer in answers)


async def test_plain_actions_in_flight_at_a_disconnect_hang():
    peer = AmiPeer(answers={})
    peer.answers["QueueStatus"] = lambda heard: (
        success(heard, EventList="start") + frame(Event="QueueMember", ActionID=heard["ActionID"])
    )
    async with ami_peer(peer), plain_panoramisk(peer.port) as manager:
        await peer.until(lambda peer: peer.count("Login") == 1)
        answer = manager.send_action({"Action": "QueueStatus"}, as_list=True)
        await peer.until(lambda peer: peer.count("QueueStatus") == 1)

        peer.drop()
        await peer.until(lambda peer: peer.count("Login") == 2)

        assert not answer.done()
        answer.cancel()


async def test_a_raising_listener_loses_nothing_but_its_own_event():
    async with ami_peer() as peer, link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)
        told.fault = RuntimeError("a bug of ours")
        with capture_logs() as logs:
            peer.say(HANGUP * 10)
            await told.until(lambda told: len(told.events) == 10)
        told.fault = None
        assert (await link.request({"Action": "Ping"})).success

    assert peer.connections == 1
    assert len(link.quarantine) == 10
    assert [line["action"] for line in logs] == ["ami_listener_failed"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
async def test_plain_a_raising_listener_closes_the_link():
    def fail(manager: Manager, event: object) -> None:
        raise RuntimeError("a bug of ours")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with ami_peer() as peer, plain_panoramisk(peer.port) as manager:
        await peer.until(lambda peer: peer.count("Login") == 1)
        manager.register_event("Hangup", fail)

        peer.say(HANGUP)
        await peer.until(lambda peer: peer.connections == 2)


async def test_a_half_open_link_is_noticed():
    async with ami_peer() as peer, link_to(peer.port) as (_link, told):
        await told.until_status(LinkStatus.UP)

        peer.answers["Ping"] = silence
        lost = await told.until_status(LinkStatus.DOWN)
        peer.answers["Ping"] = success
        back = await told.until_status(LinkStatus.UP, times=2)

    assert lost.error == "no answer to Ping within 0.1 s"
    assert back.deaf_since is not None
    assert lost.deaf_since == back.deaf_since <= lost.since


def test_by_default_a_dead_link_is_noticed_within_fifteen_seconds():
    assert LinkTimings().ping + LinkTimings().answer <= timedelta(seconds=15)


async def test_plain_a_half_open_link_is_not_noticed():
    peer = AmiPeer(answers={"Ping": silence})
    async with ami_peer(peer), plain_panoramisk(peer.port, ping_delay=0, ping_interval=0) as manager:
        await peer.until(lambda peer: peer.count("Ping") >= 50)

        assert manager._connected


async def test_a_slow_consumer_costs_neither_memory_nor_order(tmp_path: Path):
    inbox = Inbox(tmp_path, size=100, spool_bytes=1_000_000)
    link_up = asyncio.Event()
    async with ami_peer() as peer:
        link = AmiLink(
            pbx(peer.port),
            on_event=lambda event: inbox.put(event, utc_now()),
            on_state=lambda state: link_up.set(),
            timings=PATIENT,
        )
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(inbox.run())]
        await link_up.wait()
        for batch in range(50):
            peer.say(b"".join(frame(Event="Hangup", Number=str(batch * 20 + number)) for number in range(20)))
            await link.request({"Action": "Ping"})  # answered after them
            while inbox.waiting > 120:  # the disk takes its time
                await link.request({"Action": "Ping"})

        taken: list[str] = []
        while len(taken) < 1000:
            taken += [arrival.event["Number"] for arrival in await inbox.take()]
        await inbox.done()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert taken == [str(number) for number in range(1000)]
    assert (inbox.dropped, peer.connections) == (0, 1)


async def test_plain_a_slow_consumer_piles_up_tasks_without_bound():
    released = asyncio.Event()

    async def consume(manager: Manager, event: object) -> None:
        await released.wait()

    async with ami_peer() as peer, plain_panoramisk(peer.port) as manager:
        await peer.until(lambda peer: peer.count("Login") == 1)
        manager.register_event("Hangup", consume)
        before = len(asyncio.all_tasks())
        peer.say(HANGUP * 1000)
        await asyncio.wait_for(manager.send_action({"Action": "Ping"}), 5)

        assert len(asyncio.all_tasks()) - before >= 1000
        released.set()


async def test_a_queue_member_is_added_and_the_answer_comes():
    peer = AmiPeer(answers={"QueueAdd": lambda heard: success(heard, Message="Added interface to queue")})
    async with ami_peer(peer), link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)

        answer = await link.request({"Action": "QueueAdd", "Queue": "sales", "Interface": "PJSIP/1001"})

    assert answer.success


async def test_plain_a_queue_member_is_added_and_the_answer_never_comes():
    peer = AmiPeer(answers={"QueueAdd": lambda heard: success(heard, Message="Added interface to queue")})
    async with ami_peer(peer), plain_panoramisk(peer.port) as manager:
        await peer.until(lambda peer: peer.count("Login") == 1)
        answer = manager.send_action({"Action": "QueueAdd", "Queue": "sales", "Interface": "PJSIP/1001"})
        await asyncio.wait_for(manager.send_action({"Action": "Ping"}), 2)  # answered after it

        assert not answer.done()
        answer.cancel()


def _originated(heard: dict[str, str]) -> bytes:
    """Asterisk's answer, and the phone that was not picked up."""
    queued = success(heard, Message="Originate successfully queued")
    return queued + frame(Event="OriginateResponse", ActionID=heard["ActionID"], Response="Failure", Reason="3")


async def test_the_fate_of_an_originate_is_heard():
    peer = AmiPeer(answers={"Originate": _originated})
    async with ami_peer(peer), link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)

        answer = await link.request({**ORIGINATE, "ActionID": "call-0001"})
        await told.until(lambda told: len(told.events) == 1)

    assert answer.success
    assert told.events[0]["Event"] == "OriginateResponse"
    assert (told.events[0]["ActionID"], told.events[0]["Reason"]) == ("call-0001", "3")


async def test_plain_the_fate_of_an_originate_is_invisible():
    heard: list[str] = []
    peer = AmiPeer(answers={"Originate": _originated})
    async with ami_peer(peer), plain_panoramisk(peer.port) as manager:
        await peer.until(lambda peer: peer.count("Login") == 1)
        manager.register_event("*", lambda manager, event: heard.append(event["Event"]))
        await manager.send_action(dict(ORIGINATE))
        await asyncio.wait_for(manager.send_action({"Action": "Ping"}), 2)

    assert "OriginateResponse" not in heard


async def test_a_wrong_secret_is_a_state_not_a_storm():
    peer = AmiPeer(answers={"Login": lambda heard: refusal(heard, "Authentication failed")})
    with capture_logs() as logs:
        async with ami_peer(peer), link_to(peer.port) as (_link, told):
            refused = await told.until_status(LinkStatus.REFUSED)
            await peer.until(lambda peer: peer.is_alone)

    assert refused.error == "login refused: Authentication failed"
    assert peer.count("Login") == 1
    assert [line["action"] for line in logs] == ["ami_login_refused"]
    assert "s3cret" not in str(logs)


async def test_plain_a_wrong_secret_is_tried_without_end():
    def refuse(heard: dict[str, str]) -> bytes:
        asyncio.get_running_loop().call_soon(peer.drop)  # as Asterisk does
        return refusal(heard, "Authentication failed")

    peer = AmiPeer(answers={"Login": refuse})
    async with ami_peer(peer), plain_panoramisk(peer.port):
        await peer.until(lambda peer: peer.count("Login") >= 5)


async def test_one_line_when_the_link_is_lost_and_one_with_the_gap_when_it_is_back():
    async with ami_peer() as peer, link_to(peer.port) as (_link, told):
        await told.until_status(LinkStatus.UP)
        with capture_logs() as logs:
            peer.answers["Login"] = silence  # several attempts in vain
            peer.drop()
            await peer.until(lambda peer: peer.count("Login") == 3)
            peer.answers["Login"] = success
            await told.until_status(LinkStatus.UP, times=2)

    assert [line["action"] for line in logs if line["log_level"] != "debug"] == ["ami_link_lost", "ami_link_up"]
    assert 0 < logs[-1]["gap_s"] < 5


async def test_a_pbx_that_is_not_there_is_tried_ever_more_slowly_up_to_half_a_minute():
    link = AmiLink(pbx(1), on_event=lambda event: None, jitter=lambda: 1.0)

    pauses = [link._next_pause().total_seconds() for _ in range(9)]

    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


async def test_an_asterisk_that_is_still_loading_says_so_when_it_is_done():
    peer = AmiPeer(answers={"Login": success})  # no FullyBooted yet
    async with ami_peer(peer), link_to(peer.port) as (_link, told):
        await told.until_status(LinkStatus.UP)
        peer.say(frame(Event="FullyBooted", Status="Fully Booted"))
        await told.until(lambda told: len(told.events) == 1)

    assert told.events[0]["Event"] == "FullyBooted"


async def test_a_user_who_may_not_read_core_status_still_has_a_link():
    peer = AmiPeer(answers={"CoreStatus": lambda heard: refusal(heard, "Permission denied")})
    async with ami_peer(peer), link_to(peer.port) as (_link, told):
        up = await told.until_status(LinkStatus.UP)

    assert up.boot == "unknown"


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (b"220 mail.example.com ESMTP\r\n", "ESMTP"),
        (b"\x00\xff\x17\x03 random bytes", "no Asterisk manager is there"),
        (b"\r\n\r\n", "no Asterisk manager is there"),
        (b"Asterisk Call Manager/" + b"9" * 5000, "no Asterisk manager is there"),
        (b"", "nothing is said within 0.05 s"),
        (b"Asterisk Call", "nothing is said within 0.05 s"),
    ],
)
async def test_a_peer_that_is_no_asterisk_is_a_clear_state(greeting: bytes, words: str):
    timings = LinkTimings(connect=50 * MILLISECOND, retry_first=timedelta(seconds=30))
    async with ami_peer(AmiPeer(greeting=greeting)) as peer, link_to(peer.port, timings=timings) as (_link, told):
        down = await told.until_status(LinkStatus.DOWN)

    assert words in (down.error or "")


async def test_nonsense_after_the_login_is_counted_and_the_link_stays():
    async with ami_peer() as peer, link_to(peer.port) as (link, told):
        await told.until_status(LinkStatus.UP)
        with capture_logs() as logs:
            peer.say(b"\xff\xfe\x00\r\n\r\nno header here\r\n\r\n")
            peer.say(b"Event: Hangup\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n")
            peer.say(HANGUP)
            await told.until(lambda told: len(told.events) == 1)
        assert (await link.request({"Action": "Ping"})).success

    assert (link.counts.malformed, link.counts.oversized) == (2, 1)
    assert link.malformed[0].raw == b"\xff\xfe\x00"
    assert [line["action"] for line in logs] == ["ami_frame_malformed"]
    assert peer.connections == 1


async def test_a_host_name_that_is_none_is_a_clear_state():
    async with link_to(5038, host="..") as (_link, told):
        down = await told.until_status(LinkStatus.DOWN)

    assert down.error


async def test_tls_to_a_peer_without_it_is_a_clear_state():
    async with ami_peer() as peer, link_to(peer.port, tls=True) as (_link, told):
        down = await told.until_status(LinkStatus.DOWN)

    assert down.error


async def test_a_peer_that_does_not_read_gets_no_more_to_read():
    async with ami_peer() as peer, link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)
        protocol = link._protocol
        assert protocol is not None

        protocol.pause_writing()
        with pytest.raises(PeerUnavailable):
            await link.request({"Action": "Ping"})
        protocol.resume_writing()

        assert (await link.request({"Action": "Ping"})).success
