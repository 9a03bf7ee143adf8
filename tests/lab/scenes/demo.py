"""The calls the demo plays, at the pace of people who are not in a hurry."""

from __future__ import annotations

from tests.lab.exchange import TRUNK_NEVER_ANSWERS
from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import queued_call
from tests.lab.scenes.outbound import click_to_call
from tests.lab.scenes.stage import first_ring, floor, moment

_CLIENT = "+77015550100"


async def talk_the_client_ends(lab: Lab) -> list[ExpectedCall]:
    """The phone rings for a while, they talk, the client hangs up."""
    async with floor(lab, "unhurried") as phones:
        call = await lab.call(_number(lab), caller=_CLIENT)
        ring = await first_ring(phones)
        await moment(9.0)
        await ring.answer()
        await moment(42.0)
        client = await call.hang_up()
        await ring.ended()
    return [queued_call(lab, client, [ring.side], ended_by="client")]


async def talk_the_manager_ends(lab: Lab) -> list[ExpectedCall]:
    """The phone rings for a moment, a short talk, the manager hangs up."""
    async with floor(lab, "unhurried") as phones:
        call = await lab.call(_number(lab), caller=_CLIENT)
        ring = await first_ring(phones)
        await moment(7.0)
        await ring.answer()
        await moment(24.0)
        await ring.hang_up()
        client = await call.ended()
    return [queued_call(lab, client, [ring.side], ended_by="agent")]


async def given_up_while_ringing(lab: Lab) -> list[ExpectedCall]:
    """The client gives up while the phone rings."""
    async with floor(lab, "unhurried") as phones:
        call = await lab.call(_number(lab), caller=_CLIENT)
        ring = await first_ring(phones)
        await moment(10.0)
        client = await call.hang_up()
        await ring.ended()
    return [queued_call(lab, client, [ring.side], outcome="abandoned", ended_by="client", cause=0, last="cancelled")]


async def second_manager_answers(lab: Lab) -> list[ExpectedCall]:
    """The first manager does not answer, the second one does."""
    async with floor(lab, "unhurried") as phones:
        call = await lab.call(_number(lab), caller=_CLIENT)
        first = await first_ring(phones)
        await first.ended(timeout_s=30.0)
        second = await first_ring(phones)
        await moment(5.0)
        await second.answer()
        await moment(30.0)
        client = await call.hang_up()
        await second.ended()
    return [queued_call(lab, client, [first.side, second.side], ended_by="client")]


async def called_by_a_click(lab: Lab) -> list[ExpectedCall]:
    """The manager's phone rings, is lifted, the client answers, they talk."""
    return await click_to_call(lab, "1007", _CLIENT, talk_s=30.0, ended_by="agent", cause=16, lifts_after_s=3.0)


async def clicked_and_not_answered(lab: Lab) -> list[ExpectedCall]:
    """The manager's phone is lifted, the client does not answer."""
    number = f"+7701555{TRUNK_NEVER_ANSWERS}"
    return await click_to_call(lab, number, outcome="no_answer", ended_by="system", cause=0, lifts_after_s=2.5)


def _number(lab: Lab) -> str:
    return lab.office.queue("unhurried").did
