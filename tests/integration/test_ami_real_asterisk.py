"""What our link and our commands believe of Asterisk, asked of a real one, with the least rights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels.telephony import commands
from channels.telephony.ami import AmiLink, LinkStatus, utc_now
from channels.telephony.dialect import PbxDialect
from channels.telephony.frames import Event
from channels.telephony.resync import ask_standing
from crm_core.domain.errors import PeerRefused
from tests.integration.ami_link import PATIENT, Listener, link_to
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab

pytestmark = pytest.mark.lab


@asynccontextmanager
async def linked(asterisk: Asterisk) -> AsyncIterator[tuple[AmiLink, Listener]]:
    login = asterisk.product_login
    async with link_to(
        asterisk.ami_port, timings=PATIENT, host=asterisk.host, username=login.username, secret=login.secret
    ) as (link, told):
        await told.until_status(LinkStatus.UP)
        yield link, told


def named(told: Listener, name: str) -> list[Event]:
    return [event for event in told.events if event["Event"] == name]


async def test_a_real_asterisk_tells_which_run_it_is_and_what_stands_in_it(lab: Lab):
    async with linked(lab.asterisk) as (link, told):
        standing = await ask_standing(link)

    assert link.state.boot is not None
    assert told.states[0].version
    assert standing.complete
    assert "sales" in standing.queues
    assert {"PJSIP/1001", "PJSIP/1002"} <= {member.interface for member in standing.members}
    assert link.counts.malformed == 0


async def test_a_ringing_phone_is_told_and_declined_as_by_its_own_button(lab: Lab):
    async with linked(lab.asterisk) as (link, told), lab.soft_phone("1001"):
        await lab.call(lab.office.queues[0].did, caller="+77011234567")
        await told.until(lambda told: bool(named(told, "AgentCalled")))
        standing = await ask_standing(link)
        ringing = named(told, "AgentCalled")[0]

        decline = commands.decline(ringing["DestChannel"], now=utc_now())
        assert (await commands.send(link, decline, now=utc_now())).success
        await told.until(
            lambda told: any(event["Channel"] == ringing["DestChannel"] for event in named(told, "Hangup"))
        )

    assert {channel["Channel"] for channel in standing.alive.channels} >= {ringing["Channel"], ringing["DestChannel"]}
    assert [caller["Uniqueid"] for caller in standing.alive.queue_callers] == [ringing["Uniqueid"]]
    assert next(event for event in named(told, "Hangup") if event["Channel"] == ringing["DestChannel"])["Cause"] == "21"


async def test_a_pause_and_its_reason_stand_in_the_queue(lab: Lab):
    phone = "PJSIP/1001"
    async with linked(lab.asterisk) as (link, told):
        pause = commands.pause(phone, paused=True, reason="LUNCH", now=utc_now())
        assert (await commands.send(link, pause, now=utc_now())).success
        await told.until(lambda told: bool(named(told, "QueueMemberPause")))
        paused = await reasons_of_pauses(link, phone)

        unpause = commands.pause(phone, paused=False, now=utc_now())
        assert (await commands.send(link, unpause, now=utc_now())).success
        still = await reasons_of_pauses(link, phone)
        nobody = commands.pause("PJSIP/9999", paused=True, now=utc_now())
        assert not (await commands.send(link, nobody, now=utc_now())).success

    assert paused == {"LUNCH"}
    assert still == set()


async def reasons_of_pauses(link: AmiLink, phone: str) -> set[str]:
    """Why one phone is paused; the other phones of this Asterisk belong to other stories."""
    members = (await ask_standing(link)).members
    return {member.paused_reason for member in members if member.interface == phone and member.paused}


async def test_click_to_call_bears_the_id_it_was_given(lab: Lab):
    command = commands.originate(
        PbxDialect(pbx="main"),
        extension="1001",
        number="+77015550142",
        channel_id="019a0000-0000-7000-8000-00000000c0de",
        outbound_context="from-crm",
        dial_format="e164",
        country="KZ",
        caller_name="Айгүл",
        now=utc_now(),
    )
    async with linked(lab.asterisk) as (link, told), lab.soft_phone("1001"):
        assert (await commands.send(link, command, now=utc_now())).success
        await told.until(lambda told: bool(named(told, "Newchannel")))

    assert named(told, "Newchannel")[0]["Uniqueid"] == "019a0000-0000-7000-8000-00000000c0de"
    assert named(told, "Newchannel")[0]["Channel"].startswith("PJSIP/1001-")


async def test_what_this_user_may_not_do_is_refused(lab: Lab):
    async with linked(lab.asterisk) as (link, _):
        command = await link.request({"Action": "Command", "Command": "core show version"})
        with pytest.raises(PeerRefused):
            await link.request_list({"Action": "GetConfigJSON", "Filename": "manager.conf"})

    assert not command.success


async def test_a_wrong_secret_is_refused_by_a_real_asterisk(lab: Lab):
    settings = {"host": lab.asterisk.host, "username": "perezvon", "secret": "wrong"}
    async with link_to(lab.asterisk.ami_port, timings=PATIENT, **settings) as (_, told):
        refused = await told.until_status(LinkStatus.REFUSED)

    assert refused.error == "login refused: Authentication failed"
