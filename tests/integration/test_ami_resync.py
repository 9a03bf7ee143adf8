"""After a login the link asks Asterisk what is alive, and believes it."""

from __future__ import annotations

import pytest

from channels.telephony.ami import LinkStatus
from channels.telephony.resync import QueueMember, ask_standing
from crm_core.domain.errors import PeerUnavailable
from tests.integration.ami_link import PATIENT, link_to
from tests.integration.ami_peer import AmiPeer, Heard, a_list, ami_peer, frame, refusal, success

RINGING = {"Channel": "PJSIP/1001-01", "Uniqueid": "1790000000.2", "Linkedid": "1790000000.1", "BridgeId": ""}
TALKING = {"Channel": "PJSIP/trunk-00", "Uniqueid": "1790000000.1", "Linkedid": "1790000000.1", "BridgeId": "b-1"}


def _channels(heard: Heard) -> bytes:
    return a_list(heard, "CoreShowChannel", TALKING, RINGING, end="CoreShowChannelsComplete")


def _queues(heard: Heard) -> bytes:
    action_id = heard["ActionID"]
    return (
        success(heard, EventList="start", Message="Queue status will follow")
        + frame(Event="QueueParams", ActionID=action_id, Queue="sales", Calls="1")
        + frame(
            Event="QueueMember",
            ActionID=action_id,
            Queue="sales",
            Name="Anna",
            Location="PJSIP/1001",
            StateInterface="PJSIP/1001",
            Membership="static",
            InCall="0",
            Status="6",
            Paused="1",
            PausedReason="LUNCH",
        )
        + frame(Event="QueueEntry", ActionID=action_id, Queue="sales", Uniqueid="1790000000.1", Wait="12")
        + frame(Event="QueueStatusComplete", ActionID=action_id, EventList="Complete", ListItems="3")
    )


def _bridges(heard: Heard) -> bytes:
    named = {"BridgeUniqueid": "b-1", "BridgeNumChannels": "2"}
    unnamed = {"BridgeUniqueid": "b-2", "BridgeNumChannels": "1"}
    empty = {"BridgeUniqueid": "b-3", "BridgeNumChannels": "0"}
    return a_list(heard, "BridgeListItem", named, unnamed, empty, end="BridgeListComplete")


def _bridge(heard: Heard) -> bytes:
    return a_list(heard, "BridgeInfoChannel", {"Uniqueid": RINGING["Uniqueid"]}, end="BridgeInfoComplete")


LISTS = {"CoreShowChannels": _channels, "QueueStatus": _queues, "BridgeList": _bridges, "BridgeInfo": _bridge}


async def test_channels_bridges_queues_and_members_are_told():
    async with ami_peer(AmiPeer(answers=dict(LISTS))) as peer, link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)

        standing = await ask_standing(link)

    assert [(channel["Uniqueid"], channel["BridgeId"]) for channel in standing.alive.channels] == [
        ("1790000000.1", "b-1"),
        ("1790000000.2", "b-2"),
    ]
    assert [caller["Wait"] for caller in standing.alive.queue_callers] == ["12"]
    assert standing.queues == ("sales",)
    assert standing.members == (
        QueueMember(
            queue="sales",
            interface="PJSIP/1001",
            name="Anna",
            paused=True,
            paused_reason="LUNCH",
            device_state=6,
            in_call=False,
            from_configuration=True,
        ),
    )
    assert standing.complete
    assert [heard["BridgeUniqueid"] for heard in peer.heard if heard["Action"] == "BridgeInfo"] == ["b-2"]


async def test_a_list_that_may_not_be_read_is_empty_and_said_to_be():
    answers = {**LISTS, "QueueStatus": lambda heard: refusal(heard, "Permission denied")}
    async with ami_peer(AmiPeer(answers=answers)) as peer, link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)

        standing = await ask_standing(link)

    assert len(standing.alive.channels) == 2
    assert standing.members == ()
    assert not standing.complete


async def test_a_link_lost_while_asking_is_no_empty_pbx():
    def vanish(heard: Heard) -> bytes:
        peer.drop()
        return b""

    peer = AmiPeer(answers={**LISTS, "QueueStatus": vanish})
    async with ami_peer(peer), link_to(peer.port, timings=PATIENT) as (link, told):
        await told.until_status(LinkStatus.UP)

        with pytest.raises(PeerUnavailable):
            await ask_standing(link)
