"""Scenes of clients who are passed on."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import phone_leg, transferred_call
from tests.lab.scenes.stage import first_ring, floor, moment, sales


async def blind_transfer_answered(lab: Lab) -> list[ExpectedCall]:
    """The agent sends the client on to a colleague without asking; the colleague answers."""
    async with floor(lab, "sales") as phones, lab.soft_phone("1007") as colleague:
        call = await lab.call(sales(lab).did, caller="+77018880011")
        ring = await first_ring(phones)
        await moment(0.8)
        await ring.answer()
        await moment(1.5)
        await ring.transfer_to("1007")
        second = await colleague.ringing()
        await moment(1.0)
        await second.answer()
        await moment(1.5)
        client = await call.hang_up()
        await second.ended()
    return [transferred_call(lab, client, ring.side, second.side, "transfer_blind")]


async def blind_transfer_to_queue(lab: Lab) -> list[ExpectedCall]:
    """The agent sends the client on to the hotline queue; an agent there answers."""
    async with floor(lab, "sales") as phones, floor(lab, "hotline") as hotline:
        call = await lab.call(sales(lab).did, caller="+77018880022")
        ring = await first_ring(phones)
        await moment(0.8)
        await ring.answer()
        await moment(1.5)
        await ring.transfer_to(lab.office.queue("hotline").transfer_extension)
        second, slower = [await phone.ringing() for phone in hotline]
        await moment(1.0)
        await second.answer()
        await slower.ended()
        await moment(1.5)
        client = await call.hang_up()
        await second.ended()
    told = transferred_call(lab, client, ring.side, second.side, "queue", queue="hotline")
    return [replace(told, legs=(*told.legs, phone_leg(lab, slower.side, "queue", "answered_elsewhere")))]


async def attended_transfer_answered(lab: Lab) -> list[ExpectedCall]:
    """The agent holds the client, asks a colleague on a second line and connects the two."""
    async with floor(lab, "sales") as phones, lab.soft_phone("1007") as colleague:
        call = await lab.call(sales(lab).did, caller="+77018880033")
        ring = await first_ring(phones)
        await moment(0.8)
        await ring.answer()
        await moment(1.2)
        await ring.hold()
        consultation = await ring.phone.dial("1007")
        second = await colleague.ringing()
        await moment(0.8)
        await second.answer()
        await consultation.answered()
        await moment(1.2)
        await ring.join_to(consultation)
        await moment(1.5)
        client = await call.hang_up()
        await second.ended()
    return [transferred_call(lab, client, ring.side, second.side, "transfer_attended")]
