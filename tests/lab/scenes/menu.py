"""Scenes of clients who speak with nobody but a menu."""

from __future__ import annotations

from tests.lab.expected import ExpectedCall, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import linkedid
from tests.lab.scenes.stage import moment


async def asks_to_be_called_back(lab: Lab) -> list[ExpectedCall]:
    """A client presses 1 in the menu to be called back, and the PBX ends the call."""
    async with lab.client_phone() as phone:
        call = await phone.dial(lab.office.line("menu").did, caller="+77991660001")
        await call.answered()
        await moment(1.0)
        await call.press("1")
        await call.ended()
    client = call.side
    return [
        ExpectedCall(
            external_id=linkedid(lab, caller="+77991660001", dialled=client.number),
            direction="inbound",
            client_address="+77991660001",
            our_address=client.number,
            wait_s=seconds(client.began_at, client.ended_at),
            ended_by="system",
            unclaimed=("outcome", "hangup_cause"),
        )
    ]
