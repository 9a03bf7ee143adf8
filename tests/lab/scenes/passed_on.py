"""Scenes of clients who are passed on in every other way, and of colleagues who are only asked."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.lab.exchange import OFFICE
from tests.lab.expected import ExpectedCall, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import internal_call, phone_leg
from tests.lab.scenes.passing import Cast, answered, by_code
from tests.lab.scenes.stage import moment


async def blind_transfer_by_code(lab: Lab) -> list[ExpectedCall]:
    """The agent presses #1 and a colleague's number; the colleague answers."""
    cast = Cast(caller="+77018880101", people=("1011", "1012"), queue="q01")
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "#1", "1012")
        second = await notes.phones[1].ringing()
        notes.alone()
        await moment(0.8)
        await second.answer()
        notes.has("1012")
        await moment(1.5)
        client = await notes.call.hang_up()
        await second.ended()
        legs = [phone_leg(lab, ring.side, "queue"), phone_leg(lab, second.side, "transfer_blind")]
        # While the digits are pressed the PBX itself holds the client.
        return [notes.told(client, legs, ended_by="client")]


async def blind_transfer_to_queue_by_code(lab: Lab) -> list[ExpectedCall]:
    """The agent presses #1 and the number of another queue; an agent there answers and ends the call."""
    cast = Cast(caller="+77018880102", people=("1021", "1031"), queue="q02")
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "#1", OFFICE.queue("q03").transfer_extension)
        second = await notes.phones[1].ringing()
        notes.passes_to("q03", kind="queue")
        await moment(1.0)
        await second.answer()
        notes.passes_to("1031")
        await moment(1.5)
        await second.hang_up()
        client = await notes.call.ended()
        legs = [phone_leg(lab, ring.side, "queue"), phone_leg(lab, second.side, "queue")]
        return [notes.told(client, legs, ended_by="agent")]


async def blind_transfer_returned(lab: Lab) -> list[ExpectedCall]:
    """Nobody answers where the client was sent, so the one who sent them is rung again, and answers."""
    cast = Cast(caller="+77018880103", people=("1041", "1042"))
    async with answered(lab, cast) as (notes, ring):
        await ring.transfer_to("91042")
        notes.alone()
        absent = await notes.phones[1].ringing()
        back = await notes.phones[0].ringing()
        await moment(0.6)
        await back.answer()
        notes.has("1041")
        await moment(1.2)
        client = await notes.call.hang_up()
        await back.ended()
        legs = [
            phone_leg(lab, ring.side, "direct"),
            phone_leg(lab, absent.side, "transfer_blind"),
            phone_leg(lab, back.side, "transfer_blind"),
        ]
        return [notes.told(client, legs, ended_by="client", hold_s=0.0)]


async def blind_transfer_unanswered(lab: Lab) -> list[ExpectedCall]:
    """The client is sent to a colleague who does not answer, and gives up."""
    cast = Cast(caller="+77018880104", people=("1043", "1051"))
    async with answered(lab, cast) as (notes, ring):
        await ring.transfer_to("1051")
        notes.alone()
        absent = await notes.phones[1].ringing()
        await moment(1.8)
        client = await notes.call.hang_up()
        await absent.ended()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, absent.side, "transfer_blind", "cancelled")]
        return [notes.told(client, legs, ended_by="client", hold_s=0.0)]


async def attended_transfer_by_code(lab: Lab) -> list[ExpectedCall]:
    """The agent presses *2, asks a colleague, and hangs up: the colleague has the client."""
    cast = Cast(caller="+77018880105", people=("1061", "1062"), queue="q06")
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "*2", "1062")
        second = await notes.phones[1].ringing()
        await moment(0.8)
        await second.answer()
        await moment(1.5)
        await ring.hang_up()
        notes.passes_to("1062")
        await moment(1.5)
        client = await notes.call.hang_up()
        await second.ended()
        legs = [phone_leg(lab, ring.side, "queue"), phone_leg(lab, second.side, "transfer_attended")]
        return [notes.told(client, legs, ended_by="client")]


async def consultation_ended(lab: Lab) -> list[ExpectedCall]:
    """The agent asks a colleague on a second line, thanks them, and goes on with the client."""
    cast = Cast(caller="+77018880106", people=("1052", "1053"))
    async with answered(lab, cast) as (notes, ring):
        await ring.hold()
        held_at = datetime.now(UTC)
        consultation = await ring.phone.dial("1053")
        second = await notes.phones[1].ringing()
        await moment(0.6)
        await second.answer()
        await consultation.answered()
        await moment(1.2)
        await consultation.hang_up()
        await second.ended()
        await ring.unhold()
        hold_s = seconds(held_at, datetime.now(UTC))
        await moment(1.2)
        client = await notes.call.hang_up()
        await ring.ended()
        legs = [phone_leg(lab, ring.side, "direct")]
        asked = internal_call(lab, consultation.side, second.side)
        return [notes.told(client, legs, ended_by="client", hold_s=hold_s), asked]


async def consultation_ended_by_code(lab: Lab) -> list[ExpectedCall]:
    """The agent presses *2 and asks a colleague; the colleague hangs up, and the agent is with the client again."""
    cast = Cast(caller="+77018880107", people=("1063", "1071"))
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "*2", "1071")
        second = await notes.phones[1].ringing()
        await moment(0.6)
        await second.answer()
        await moment(1.2)
        await second.hang_up()
        await moment(1.5)
        client = await notes.call.hang_up()
        await ring.ended()
        legs = [phone_leg(lab, ring.side, "direct")]
        return [notes.told(client, legs, ended_by="client")]


async def blonde_transfer_answered(lab: Lab) -> list[ExpectedCall]:
    """The agent calls a colleague on a second line and connects the client while it still rings; they answer."""
    cast = Cast(caller="+77018880108", people=("1072", "1073"))
    async with answered(lab, cast) as (notes, ring):
        await ring.hold()
        consultation = await ring.phone.dial("1073")
        second = await notes.phones[1].ringing()
        await consultation.alerting()
        await moment(0.8)
        await ring.join_to(consultation)
        notes.alone()
        await moment(0.8)
        await second.answer()
        notes.has("1073")
        await moment(1.5)
        client = await notes.call.hang_up()
        await second.ended()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, second.side, "transfer_attended")]
        return [notes.told(client, legs, ended_by="client")]


async def blonde_transfer_declined(lab: Lab) -> list[ExpectedCall]:
    """Connected while it still rings, the colleague declines: nobody has the client any more."""
    cast = Cast(caller="+77018880109", people=("1081", "1082"))
    async with answered(lab, cast) as (notes, ring):
        await ring.hold()
        consultation = await ring.phone.dial("1082")
        second = await notes.phones[1].ringing()
        await consultation.alerting()
        await moment(0.8)
        await ring.join_to(consultation)
        notes.alone()
        await moment(1.0)
        second.refuse(603)
        client = await notes.call.ended()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, second.side, "transfer_attended")]
        return [notes.told(client, legs, ended_by="system", cause=21)]


async def blonde_transfer_by_code_answered(lab: Lab) -> list[ExpectedCall]:
    """The agent presses *2 and a number and hangs up while it rings; the colleague answers."""
    cast = Cast(caller="+77018880110", people=("1083", "1091"))
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "*2", "1091")
        second = await notes.phones[1].ringing()
        await moment(0.8)
        await ring.hang_up()
        notes.alone()
        await moment(0.8)
        await second.answer()
        notes.has("1091")
        await moment(1.5)
        client = await notes.call.hang_up()
        await second.ended()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, second.side, "transfer_attended")]
        return [notes.told(client, legs, ended_by="client")]


async def blonde_transfer_by_code_returned(lab: Lab) -> list[ExpectedCall]:
    """The agent presses *2 and a number and hangs up while it rings; nobody answers, and the agent is rung again."""
    cast = Cast(caller="+77018880111", people=("1092", "1093"))
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "*2", "1093")
        absent = await notes.phones[1].ringing()
        await moment(0.8)
        await ring.hang_up()
        notes.alone()
        back = await notes.phones[0].ringing()
        await moment(0.6)
        await back.answer()
        notes.has("1092")
        await moment(1.2)
        client = await notes.call.hang_up()
        await back.ended()
        legs = [
            phone_leg(lab, ring.side, "direct"),
            phone_leg(lab, absent.side, "transfer_attended", "cancelled"),
            phone_leg(lab, back.side, "transfer_attended"),
        ]
        return [notes.told(client, legs, ended_by="client")]


async def redirected_from_outside(lab: Lab) -> list[ExpectedCall]:
    """Another program sends the client from the agent they talk to on to a colleague."""
    cast = Cast(caller="+77018880112", people=("1101", "1102"))
    async with answered(lab, cast) as (notes, ring):
        await lab.redirect(cast.caller, "1102")
        await ring.ended()
        notes.alone()
        second = await notes.phones[1].ringing()
        await moment(0.8)
        await second.answer()
        notes.has("1102")
        await moment(1.5)
        await second.hang_up()
        client = await notes.call.ended()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, second.side, "transfer_blind")]
        return [notes.told(client, legs, ended_by="agent", hold_s=0.0)]


async def three_way_by_code(lab: Lab) -> list[ExpectedCall]:
    """The agent asks a colleague by *2, joins all three by *3, and leaves the client to the colleague."""
    cast = Cast(caller="+77018880113", people=("1103", "1111"))
    async with answered(lab, cast) as (notes, ring):
        await by_code(ring, "*2", "1111")
        second = await notes.phones[1].ringing()
        await moment(0.6)
        await second.answer()
        await moment(1.0)
        await ring.press("*3")
        notes.joins("1111")
        await moment(1.5)
        await ring.hang_up()
        notes.leaves("1103")
        await moment(1.2)
        client = await notes.call.hang_up()
        await second.ended()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, second.side, "transfer_attended")]
        return [notes.told(client, legs, ended_by="client")]


async def conference_room(lab: Lab) -> list[ExpectedCall]:
    """Client and agent are moved into a conference room, a colleague dials in and leaves; the agent ends it."""
    cast = Cast(caller="+77018880114", people=("1112", "1113"))
    async with answered(lab, cast) as (notes, ring):
        await lab.redirect(cast.caller, "6114", together_with="1112")
        await moment(0.8)
        dialled = await notes.phones[1].dial("6114")
        await dialled.answered()
        notes.joins("1113")
        await moment(1.2)
        await dialled.hang_up()
        notes.leaves("1113")
        await moment(0.8)
        client = await notes.call.hang_up()
        await ring.hang_up()
        legs = [phone_leg(lab, ring.side, "direct"), phone_leg(lab, dialled.side, "transfer_attended")]
        return [notes.told(client, legs, ended_by="client", agent="1112")]


async def held_again_and_again(lab: Lab) -> list[ExpectedCall]:
    """The agent puts the client on hold three times, once twice in a row, and ends the call."""
    cast = Cast(caller="+77018880115", people=("1121",))
    async with answered(lab, cast) as (notes, ring):
        hold_s = 0.0
        for held_s in (0.8, 1.2, 0.6):
            await ring.hold()
            held_at = datetime.now(UTC)
            await moment(held_s)
            await ring.hold()
            await ring.unhold()
            hold_s += seconds(held_at, datetime.now(UTC))
            await moment(0.7)
        await ring.hang_up()
        client = await notes.call.ended()
        return [notes.told(client, [phone_leg(lab, ring.side, "direct")], ended_by="agent", hold_s=round(hold_s, 3))]


async def passed_on_twice(lab: Lab) -> list[ExpectedCall]:
    """The client is sent on by REFER, and from there on after a consultation by *2."""
    cast = Cast(caller="+77018880116", people=("1122", "1123", "1007"))
    async with answered(lab, cast) as (notes, ring):
        await ring.transfer_to("1123")
        notes.alone()
        second = await notes.phones[1].ringing()
        await moment(0.6)
        await second.answer()
        notes.has("1123")
        await moment(1.2)
        await by_code(second, "*2", "1007")
        third = await notes.phones[2].ringing()
        await moment(0.6)
        await third.answer()
        await moment(1.0)
        await second.hang_up()
        notes.passes_to("1007")
        await moment(1.2)
        await third.hang_up()
        client = await notes.call.ended()
        legs = [
            phone_leg(lab, ring.side, "direct"),
            phone_leg(lab, second.side, "transfer_blind"),
            phone_leg(lab, third.side, "transfer_attended"),
        ]
        return [notes.told(client, legs, ended_by="agent")]


PASSED_ON = (
    blind_transfer_by_code,
    blind_transfer_to_queue_by_code,
    blind_transfer_returned,
    blind_transfer_unanswered,
    attended_transfer_by_code,
    consultation_ended,
    consultation_ended_by_code,
    blonde_transfer_answered,
    blonde_transfer_declined,
    blonde_transfer_by_code_answered,
    blonde_transfer_by_code_returned,
    redirected_from_outside,
    three_way_by_code,
    conference_room,
    held_again_and_again,
    passed_on_twice,
)
