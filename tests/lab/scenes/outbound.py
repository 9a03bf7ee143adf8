"""Scenes of agents who call clients: dialled on the phone, or by a click."""

from __future__ import annotations

import uuid

from tests.lab.exchange import (
    TRUNK_BUSY,
    TRUNK_HANGS_UP_AFTER_2S,
    TRUNK_NEVER_ANSWERS,
    TRUNK_OUT_OF_ORDER,
    TRUNK_UNKNOWN_NUMBER,
)
from tests.lab.expected import ExpectedCall, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import Who, outbound_call, phone_leg
from tests.lab.scenes.stage import moment


async def outbound_dialled_answered(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client on the phone; they talk until the client hangs up."""
    async with lab.soft_phone("1441") as phone:
        dialled = await phone.dial(f"+7701555{TRUNK_HANGS_UP_AFTER_2S}")
        await dialled.answered()
        await dialled.ended()
    return [await outbound_call(lab, dialled.side, outcome="answered", ended_by="client", cause=16)]


async def outbound_dialled_agent_hangs_up(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client the national way, with an eight; the agent hangs up."""
    async with lab.soft_phone("1442") as phone:
        dialled = await phone.dial("87015550199")
        await dialled.answered()
        await moment(1.8)
        await dialled.hang_up()
    return [await outbound_call(lab, dialled.side, outcome="answered", ended_by="agent", cause=16)]


async def outbound_dialled_busy(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client whose line is busy."""
    async with lab.soft_phone("1443") as phone:
        dialled = await phone.dial(f"+7701555{TRUNK_BUSY}")
        await dialled.ended()
    return [await outbound_call(lab, dialled.side, outcome="busy", ended_by=None, cause=17)]


async def outbound_dialled_no_answer(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client who does not answer, until the PBX gives up."""
    async with lab.soft_phone("1444") as phone:
        dialled = await phone.dial(f"+7701555{TRUNK_NEVER_ANSWERS}")
        await dialled.ended()
    return [await outbound_call(lab, dialled.side, outcome="no_answer", ended_by="system", cause=0)]


async def outbound_dialled_given_up(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client and hangs up before the client answers."""
    async with lab.soft_phone("1445") as phone:
        dialled = await phone.dial(f"+7701556{TRUNK_NEVER_ANSWERS}")
        await moment(3.0)
        await dialled.hang_up()
    return [await outbound_call(lab, dialled.side, outcome="no_answer", ended_by="agent", cause=127)]


async def click_to_call_answered(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the client answers, the agent hangs up."""
    return await click_to_call(lab, "1446", "+77015550142", talk_s=2.5, ended_by="agent", cause=16)


async def click_to_call_client_busy(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the client's line is busy."""
    return await click_to_call(lab, "1447", f"+7701557{TRUNK_BUSY}", outcome="busy", cause=17)


async def click_to_call_client_no_answer(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the client does not answer."""
    number = f"+7701557{TRUNK_NEVER_ANSWERS}"
    return await click_to_call(lab, "1448", number, outcome="no_answer", ended_by="system", cause=0)


async def click_to_call_invalid_number(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the network does not know the number (404)."""
    return await click_to_call(lab, "1449", f"+7701557{TRUNK_UNKNOWN_NUMBER}", outcome="failed", cause=1)


async def click_to_call_trunk_failed(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the trunk is out of order (503)."""
    return await click_to_call(lab, "1450", f"+7701557{TRUNK_OUT_OF_ORDER}", outcome="failed", cause=34)


async def click_to_call_agent_no_answer(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent does not lift the handset, the client is never called."""
    channel_id = str(uuid.uuid4())
    async with lab.soft_phone("1451") as phone:
        await lab.originate("1451", "+77015550143", channel_id=channel_id)
        ring = await phone.ringing()
        await ring.ended()
    own = phone_leg(lab, ring.side, "originate", "no_answer")
    return [
        ExpectedCall(
            external_id=channel_id,
            direction="outbound",
            outcome="failed",
            client_address="+77015550143",
            agent="PJSIP/1451",
            legs=(own,),
            wait_s=seconds(ring.began_at, ring.side.ended_at),
            unclaimed=("ended_by", "hangup_cause", "our_address"),
        )
    ]


async def click_to_call(
    lab: Lab,
    extension: str,
    number: str,
    *,
    outcome: str = "answered",
    talk_s: float = 0.0,
    ended_by: Who | None = None,
    cause: int,
    lifts_after_s: float = 1.0,
) -> list[ExpectedCall]:
    """The scene they all are: the agent's phone rings, is lifted, and the client is called."""
    channel_id = str(uuid.uuid4())
    async with lab.soft_phone(extension) as phone:
        await lab.originate(extension, number, channel_id=channel_id)
        ring = await phone.ringing()
        await moment(lifts_after_s)
        await ring.answer()
        if outcome == "answered":
            await lab.client_answered(number)
            await moment(talk_s)
            await ring.hang_up()
        await ring.ended()
    client = await lab.client_called(number)
    return [
        ExpectedCall(
            external_id=channel_id,
            direction="outbound",
            outcome=outcome,
            client_address=number,
            agent=f"PJSIP/{extension}",
            legs=(phone_leg(lab, ring.side, "originate"),),
            wait_s=seconds(ring.began_at, client.answered_at or ring.ended_at),
            talk_s=seconds(client.answered_at, ring.ended_at) if client.answered_at else 0.0,
            ended_by=ended_by,
            hangup_cause=cause,
            unclaimed=("our_address", *(() if ended_by else ("ended_by",))),
        )
    ]
