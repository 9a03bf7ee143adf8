"""The calls the recordings are made of: each a small scene with people in it.

A scene is a function that plays itself on the bench and returns what its
parties saw, as ``ExpectedCall``; its docstring is the story the recording tells.
The moments people take to answer and to talk are real ones.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from tests.lab.exchange import (
    TRUNK_BUSY,
    TRUNK_HANGS_UP_AFTER_2S,
    TRUNK_NEVER_ANSWERS,
    TRUNK_OUT_OF_ORDER,
    TRUNK_UNKNOWN_NUMBER,
    Queue,
)
from tests.lab.expected import ExpectedCall, ExpectedLeg, Result, ScenesDisagree, in_order, leg, seconds
from tests.lab.laboratory import Lab
from tests.lab.sipp import SippParty
from tests.lab.sipp_scenarios import Answers, Manner, NeverAnswers, Refuses
from tests.lab.softphone import PhoneCall, SoftPhone
from tests.lab.truth import EndedBy, Side

Scene = Callable[[Lab], Awaitable[list[ExpectedCall]]]
Who = Literal["client", "agent", "system"]
Fates = Mapping[str, Result]  # by extension: what a phone cannot know of its own ring


async def queue_answered_client_hangs_up(lab: Lab) -> list[ExpectedCall]:
    """A client calls sales, an agent answers, they talk, the client hangs up."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="+77011234567", caller_name="Сәуле Ахметова")
        ring = await _first_ring(phones)
        await _moment(1.2)
        await ring.answer()
        await _moment(3.0)
        client = await call.hang_up()
        await ring.ended()
    return [_queued(lab, client, [ring.side], ended_by="client")]


async def queue_answered_agent_hangs_up(lab: Lab) -> list[ExpectedCall]:
    """A client calls sales, an agent answers, they talk, the agent hangs up."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="+77772345678", caller_name="Ержан Қасымов")
        ring = await _first_ring(phones)
        await _moment(1.5)
        await ring.answer()
        await _moment(2.5)
        await ring.hang_up()
        client = await call.ended()
    return [_queued(lab, client, [ring.side], ended_by="agent")]


async def queue_abandoned(lab: Lab) -> list[ExpectedCall]:
    """Nobody answers; after six seconds and two phones the client gives up."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="+77053456789")
        first = await _first_ring(phones)
        await first.ended()
        second = await _first_ring(phones)
        await _moment(1.7)
        client = await call.hang_up()
        await second.ended()
    legs = [first.side, second.side]
    return [_queued(lab, client, legs, outcome="abandoned", ended_by="client", cause=0, last="cancelled")]


async def queue_short_abandoned(lab: Lab) -> list[ExpectedCall]:
    """The client thinks better of it two seconds after dialling."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="+77471112233")
        ring = await _first_ring(phones)
        await _moment(1.9)
        client = await call.hang_up()
        await ring.ended()
    return [_queued(lab, client, [ring.side], outcome="short_abandoned", ended_by="client", cause=0, last="cancelled")]


async def queue_first_no_answer_second_answers(lab: Lab) -> list[ExpectedCall]:
    """The first agent lets it ring, the second answers, the client hangs up."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="+77014445566", caller_name="Ольга Ветрова")
        first = await _first_ring(phones)
        await first.ended()
        second = await _first_ring(phones)
        await _moment(1.0)
        await second.answer()
        await _moment(2.0)
        client = await call.hang_up()
        await second.ended()
    return [_queued(lab, client, [first.side, second.side], ended_by="client")]


async def queue_busy_then_declined_then_answered(lab: Lab) -> list[ExpectedCall]:
    """The first phone is busy, the second agent declines, the third answers and hangs up."""
    manners: tuple[Manner, ...] = (
        Refuses(status=486),
        Refuses(status=603, after_s=0.9),
        Answers(after_s=1.1, talk_s=2.0),
    )
    queue = lab.office.queue("q04")
    async with _scripted(lab, queue, manners) as phones:
        client = await (await lab.call(queue.did, caller="+77078889900")).ended()
    return [_queued(lab, client, _rings(phones, client.party), ended_by="agent")]


async def queue_all_busy(lab: Lab) -> list[ExpectedCall]:
    """Every phone of the queue is busy until the queue gives up."""
    queue = lab.office.queue("q07")
    async with _scripted(lab, queue, [Refuses(status=486)] * 3) as phones:
        client = await (await lab.call(queue.did, caller="+77019990011")).ended()
    rings = _rings(phones, client.party)
    return [_queued(lab, client, rings, outcome="busy", ended_by="system", cause=16)]


async def queue_timeout_nobody(lab: Lab) -> list[ExpectedCall]:
    """Phones ring and nobody answers until the queue gives up after six seconds."""
    queue = lab.office.queue("q08")
    async with _scripted(lab, queue, [NeverAnswers()] * 3) as phones:
        client = await (await lab.call(queue.did, caller="+77025557788")).ended()
    rings = _rings(phones, client.party)
    return [_queued(lab, client, rings, outcome="no_answer", ended_by="system", cause=16)]


async def ringall_one_answers(lab: Lab) -> list[ExpectedCall]:
    """Both hotline phones ring; one agent is faster, the other phone stops."""
    async with _floor(lab, "hotline") as phones:
        call = await lab.call(lab.office.queue("hotline").did, caller="+79161234567", caller_name="Мария Соколова")
        slow, fast = [await phone.ringing() for phone in phones]
        await _moment(1.3)
        await fast.answer()
        await slow.ended()
        await _moment(2.2)
        await fast.hang_up()
        client = await call.ended()
    fates: Fates = {slow.side.party: "answered_elsewhere"}
    return [_queued(lab, client, [slow.side, fast.side], ended_by="agent", fates=fates)]


async def direct_answered(lab: Lab) -> list[ExpectedCall]:
    """A client calls an agent's own number and is answered."""
    async with lab.soft_phone("1007") as phone:
        call = await lab.call(lab.office.direct_did("1007"), caller="+77012223344")
        ring = await phone.ringing()
        await _moment(1.4)
        await ring.answer()
        await _moment(2.0)
        client = await call.hang_up()
        await ring.ended()
    return [_direct(lab, client, ring.side, outcome="answered", ended_by="client", cause=16)]


async def direct_no_answer(lab: Lab) -> list[ExpectedCall]:
    """An agent's own number rings unanswered until the PBX gives up."""
    async with lab.soft_phone("1008") as phone:
        call = await lab.call(lab.office.direct_did("1008"), caller="+77012223355")
        ring = await phone.ringing()
        client = await call.ended()
        await ring.ended()
    return [_direct(lab, client, ring.side, outcome="no_answer", ended_by="system", cause=16)]


async def direct_abandoned(lab: Lab) -> list[ExpectedCall]:
    """A client calls an agent's own number and gives up before the PBX does, after more than five seconds."""
    async with lab.soft_phone("1008") as phone:
        call = await lab.call(lab.office.direct_did("1008"), caller="+77012223366")
        ring = await phone.ringing()
        await _moment(5.4)
        client = await call.hang_up()
        await ring.ended()
    return [_direct(lab, client, ring.side, outcome="abandoned", ended_by="client", cause=127, result="cancelled")]


async def direct_busy(lab: Lab) -> list[ExpectedCall]:
    """An agent's own number is busy."""
    async with lab.phone("1009", Refuses(status=486)) as phone:
        call = await lab.call(lab.office.direct_did("1009"), caller="+77012223377")
        client = await call.ended()
    return [_direct(lab, client, phone.sides[0], outcome="busy", ended_by=None, cause=17)]


async def anonymous_queue_answered(lab: Lab) -> list[ExpectedCall]:
    """A caller who hides the number is answered like anybody else."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="anonymous", anonymous=True)
        ring = await _first_ring(phones)
        await _moment(1.1)
        await ring.answer()
        await _moment(2.0)
        client = await call.hang_up()
        await ring.ended()
    return [_queued(lab, client, [ring.side], ended_by="client", anonymous=True)]


async def number_formats(lab: Lab) -> list[ExpectedCall]:
    """One client calls four times; every time the trunk spells the numbers differently."""
    did = _sales(lab).did
    told = []
    for caller, dialled in (
        ("+77011234567", f"+{did}"),
        ("87011234567", did),
        ("77011234567", did),
        ("7011234567", f"8{did[1:]}"),
    ):
        async with _floor(lab, "sales") as phones:
            call = await lab.call(dialled, caller=caller)
            ring = await _first_ring(phones)
            await _moment(0.6)
            await ring.answer()
            await _moment(1.0)
            client = await call.hang_up()
            await ring.ended()
        await lab.everything_is_over()
        told.append(_queued(lab, client, [ring.side], ended_by="client"))
    return told


async def same_caller_twice(lab: Lab) -> list[ExpectedCall]:
    """Two calls from one number at the same time, answered by two agents."""
    async with _floor(lab, "sales") as phones:
        pairs = []
        for _ in range(2):
            call = await lab.call(_sales(lab).did, caller="+77770001122", caller_name="Бақыт Жұмабаев")
            ring = await _first_ring(phones)
            await _moment(0.7)
            await ring.answer()
            pairs.append((call, ring))
        await _moment(2.0)
        told = []
        for call, ring in pairs:
            await ring.hang_up()
            told.append((await call.ended(), ring.side))
    return [
        _queued(lab, client, [ring], ended_by="agent", which=which)
        for which, (client, ring) in zip((-2, -1), told, strict=True)
    ]


async def twenty_calls(lab: Lab) -> list[ExpectedCall]:
    """Twenty clients call at once, four agents answer them one after another, some clients lose patience."""
    queue = _sales(lab)
    manners = [Answers(after_s=0.5, talk_s=talk_s) for talk_s in (1.0, 1.3, 1.6, 1.9)]
    async with _scripted(lab, queue, manners) as phones:
        calls = [
            await lab.call(
                queue.did, caller=f"+770123450{number:02}", talk_s=4.5 + number / 10 if number % 3 == 0 else None
            )
            for number in range(20)
        ]
        clients = [await call.ended(60) for call in calls]
        return [_waited(lab, client, _rings(phones, client.party)) for client in clients]


async def utf8_names(lab: Lab) -> list[ExpectedCall]:
    """Names in Cyrillic and Kazakh letters, then one with quotes, markup and something like a header."""
    told = []
    for number, name in (
        ("+77013334455", "Гүлжаһан Әбдірәсілқызы Ұлықпанова"),
        ("+77013334466", r"<b>ТОО \"Көк-Төбе\"</b> Action: Originate & ${EXTEN}; é 🧭"),
    ):
        async with _floor(lab, "sales") as phones:
            call = await lab.call(_sales(lab).did, caller=number, caller_name=name)
            ring = await _first_ring(phones)
            await _moment(0.5)
            await ring.answer()
            await _moment(1.5)
            await ring.hang_up()
            client = await call.ended()
        await lab.everything_is_over()
        told.append(_queued(lab, client, [ring.side], ended_by="agent"))
    return told


async def hold_unhold(lab: Lab) -> list[ExpectedCall]:
    """The agent puts the client on hold for two seconds to look something up."""
    async with _floor(lab, "sales") as phones:
        call = await lab.call(_sales(lab).did, caller="+77016667788", caller_name="Динара Тілеуова")
        ring = await _first_ring(phones)
        await _moment(0.8)
        await ring.answer()
        await _moment(1.5)
        await ring.hold()
        held_at = datetime.now(UTC)
        await _moment(2.0)
        await ring.unhold()
        hold_s = seconds(held_at, datetime.now(UTC))
        await _moment(1.0)
        await ring.hang_up()
        client = await call.ended()
    return [_queued(lab, client, [ring.side], ended_by="agent", hold_s=hold_s)]


async def outbound_dialled_answered(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client on the phone; they talk until the client hangs up."""
    async with lab.soft_phone("1007") as phone:
        dialled = await phone.dial(f"+7701555{TRUNK_HANGS_UP_AFTER_2S}")
        await dialled.answered()
        await dialled.ended()
    return [_outbound(lab, dialled.side, outcome="answered", ended_by="client", cause=16)]


async def outbound_dialled_agent_hangs_up(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client the national way, with an eight; the agent hangs up."""
    async with lab.soft_phone("1007") as phone:
        dialled = await phone.dial("87015550199")
        await dialled.answered()
        await _moment(1.8)
        await dialled.hang_up()
    return [_outbound(lab, dialled.side, outcome="answered", ended_by="agent", cause=16)]


async def outbound_dialled_busy(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client whose line is busy."""
    async with lab.soft_phone("1007") as phone:
        dialled = await phone.dial(f"+7701555{TRUNK_BUSY}")
        await dialled.ended()
    return [_outbound(lab, dialled.side, outcome="busy", ended_by=None, cause=17)]


async def outbound_dialled_no_answer(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client who does not answer, until the PBX gives up."""
    async with lab.soft_phone("1007") as phone:
        dialled = await phone.dial(f"+7701555{TRUNK_NEVER_ANSWERS}")
        await dialled.ended()
    return [_outbound(lab, dialled.side, outcome="no_answer", ended_by="system", cause=0)]


async def outbound_dialled_given_up(lab: Lab) -> list[ExpectedCall]:
    """An agent dials a client and hangs up before the client answers."""
    async with lab.soft_phone("1007") as phone:
        dialled = await phone.dial(f"+7701556{TRUNK_NEVER_ANSWERS}")
        await _moment(3.0)
        await dialled.hang_up()
    return [_outbound(lab, dialled.side, outcome="no_answer", ended_by="agent", cause=127)]


async def click_to_call_answered(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the client answers, the agent hangs up."""
    return await _click_to_call(lab, "+77015550142", talk_s=2.5, ended_by="agent", cause=16)


async def click_to_call_client_busy(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the client's line is busy."""
    return await _click_to_call(lab, f"+7701555{TRUNK_BUSY}", outcome="busy", cause=17)


async def click_to_call_client_no_answer(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the client does not answer."""
    number = f"+7701555{TRUNK_NEVER_ANSWERS}"
    return await _click_to_call(lab, number, outcome="no_answer", ended_by="system", cause=0)


async def click_to_call_invalid_number(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the network does not know the number (404)."""
    return await _click_to_call(lab, f"+7701555{TRUNK_UNKNOWN_NUMBER}", outcome="failed", cause=1)


async def click_to_call_trunk_failed(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent lifts the handset, the trunk is out of order (503)."""
    return await _click_to_call(lab, f"+7701555{TRUNK_OUT_OF_ORDER}", outcome="failed", cause=34)


async def click_to_call_agent_no_answer(lab: Lab) -> list[ExpectedCall]:
    """Click-to-call: the agent does not lift the handset, the client is never called."""
    channel_id = str(uuid.uuid4())
    async with lab.soft_phone("1007") as phone:
        await lab.originate("1007", "+77015550143", channel_id=channel_id)
        ring = await phone.ringing()
        await ring.ended()
    own = _leg(lab, ring.side, "originate", "no_answer")
    return [
        ExpectedCall(
            external_id=channel_id,
            direction="outbound",
            outcome="failed",
            client_address="+77015550143",
            agent="PJSIP/1007",
            legs=(own,),
            wait_s=seconds(ring.began_at, ring.side.ended_at),
            unclaimed=("ended_by", "hangup_cause", "our_address"),
        )
    ]


async def internal_answered(lab: Lab) -> list[ExpectedCall]:
    """One agent calls another; the caller hangs up."""
    async with lab.soft_phone("1007") as caller, lab.soft_phone("1008") as called:
        dialled = await caller.dial("1008")
        ring = await called.ringing()
        await _moment(1.0)
        await ring.answer()
        await dialled.answered()
        await _moment(1.5)
        await dialled.hang_up()
        await ring.ended()
    await lab.everything_is_over()
    return [
        ExpectedCall(
            external_id=_linkedid(lab, caller="1007", dialled="1008"),
            direction="internal",
            wait_s=seconds(dialled.began_at, ring.answered_at),
            talk_s=seconds(ring.answered_at, ring.side.ended_at),
            unclaimed=("outcome", "legs", "agent", "ended_by", "hangup_cause", "client_address", "our_address"),
        )
    ]


async def blind_transfer_answered(lab: Lab) -> list[ExpectedCall]:
    """The agent sends the client on to a colleague without asking; the colleague answers."""
    async with _floor(lab, "sales") as phones, lab.soft_phone("1007") as colleague:
        call = await lab.call(_sales(lab).did, caller="+77018880011")
        ring = await _first_ring(phones)
        await _moment(0.8)
        await ring.answer()
        await _moment(1.5)
        await ring.transfer_to("1007")
        second = await colleague.ringing()
        await _moment(1.0)
        await second.answer()
        await _moment(1.5)
        client = await call.hang_up()
        await second.ended()
    return [_transferred(lab, client, ring.side, second.side, "transfer_blind")]


async def blind_transfer_to_queue(lab: Lab) -> list[ExpectedCall]:
    """The agent sends the client on to the hotline queue; an agent there answers."""
    async with _floor(lab, "sales") as phones, _floor(lab, "hotline") as hotline:
        call = await lab.call(_sales(lab).did, caller="+77018880022")
        ring = await _first_ring(phones)
        await _moment(0.8)
        await ring.answer()
        await _moment(1.5)
        await ring.transfer_to(lab.office.queue("hotline").transfer_extension)
        second, slower = [await phone.ringing() for phone in hotline]
        await _moment(1.0)
        await second.answer()
        await slower.ended()
        await _moment(1.5)
        client = await call.hang_up()
        await second.ended()
    told = _transferred(lab, client, ring.side, second.side, "queue", queue="hotline")
    return [replace(told, legs=(*told.legs, _leg(lab, slower.side, "queue", "answered_elsewhere")))]


async def attended_transfer_answered(lab: Lab) -> list[ExpectedCall]:
    """The agent holds the client, asks a colleague on a second line and connects the two."""
    async with _floor(lab, "sales") as phones, lab.soft_phone("1007") as colleague:
        call = await lab.call(_sales(lab).did, caller="+77018880033")
        ring = await _first_ring(phones)
        await _moment(0.8)
        await ring.answer()
        await _moment(1.2)
        await ring.hold()
        consultation = await ring.phone.dial("1007")
        second = await colleague.ringing()
        await _moment(0.8)
        await second.answer()
        await consultation.answered()
        await _moment(1.2)
        await ring.join_to(consultation)
        await _moment(1.5)
        client = await call.hang_up()
        await second.ended()
    return [_transferred(lab, client, ring.side, second.side, "transfer_attended")]


async def heavy(lab: Lab) -> list[ExpectedCall]:
    """A minute of a busy call centre: four calls a second, forty agents, some clients without patience."""
    queue = lab.office.load_queue
    patient = [f"+7707100{number:04}" for number in range(210)]
    hasty = [f"+7707200{number:04}" for number in range(30)]
    async with (
        lab.call_centre(Answers(after_s=0.6, talk_s=1.8)) as agents,
        lab.crowd(queue.did, patient, per_second=3.5) as served,
        lab.crowd(queue.did, hasty, per_second=0.5, talk_s=0.4) as lost,
    ):
        await served.sipp.ended(90)
        await lost.sipp.ended(90)
        clients = in_order([*served.sides, *lost.sides])
        rings = agents.sides
    return [_waited(lab, client, [ring for ring in rings if ring.number == client.party]) for client in clients]


SCENES: tuple[Scene, ...] = (
    queue_answered_client_hangs_up,
    queue_answered_agent_hangs_up,
    queue_abandoned,
    queue_short_abandoned,
    queue_first_no_answer_second_answers,
    queue_busy_then_declined_then_answered,
    queue_all_busy,
    queue_timeout_nobody,
    ringall_one_answers,
    direct_answered,
    direct_no_answer,
    direct_abandoned,
    direct_busy,
    anonymous_queue_answered,
    number_formats,
    same_caller_twice,
    twenty_calls,
    utf8_names,
    hold_unhold,
    outbound_dialled_answered,
    outbound_dialled_agent_hangs_up,
    outbound_dialled_busy,
    outbound_dialled_no_answer,
    outbound_dialled_given_up,
    click_to_call_answered,
    click_to_call_agent_no_answer,
    click_to_call_client_busy,
    click_to_call_client_no_answer,
    click_to_call_invalid_number,
    click_to_call_trunk_failed,
    internal_answered,
    blind_transfer_answered,
    blind_transfer_to_queue,
    attended_transfer_answered,
)
LOADS: tuple[Scene, ...] = (heavy,)


async def _click_to_call(
    lab: Lab,
    number: str,
    *,
    outcome: str = "answered",
    talk_s: float = 0.0,
    ended_by: Who | None = None,
    cause: int,
) -> list[ExpectedCall]:
    channel_id = str(uuid.uuid4())
    async with lab.soft_phone("1007") as phone:
        await lab.originate("1007", number, channel_id=channel_id)
        ring = await phone.ringing()
        await _moment(1.0)
        await ring.answer()
        if outcome == "answered":
            await lab.client_answered(number)
            await _moment(talk_s)
            await ring.hang_up()
        await ring.ended()
    await lab.everything_is_over()
    client = lab.trunk.sides[-1]
    return [
        ExpectedCall(
            external_id=channel_id,
            direction="outbound",
            outcome=outcome,
            client_address=number,
            agent="PJSIP/1007",
            legs=(_leg(lab, ring.side, "originate"),),
            wait_s=seconds(ring.began_at, client.answered_at or ring.ended_at),
            talk_s=seconds(client.answered_at, ring.ended_at) if client.answered_at else 0.0,
            ended_by=ended_by,
            hangup_cause=cause,
            unclaimed=("our_address", *(() if ended_by else ("ended_by",))),
        )
    ]


def _queued(
    lab: Lab,
    client: Side,
    rings: Sequence[Side],
    *,
    ended_by: Who,
    outcome: str = "answered",
    cause: int = 16,
    last: Result | None = None,
    fates: Fates = MappingProxyType({}),
    anonymous: bool = False,
    hold_s: float = 0.0,
    which: int = -1,
) -> ExpectedCall:
    """A call into a queue, told by the caller's side and the phones that rang; ``last`` is the last ring's fate."""
    _require_end(client, ended_by)
    queue = next(queue for queue in lab.office.every_queue if queue.did[1:] in client.number)
    answered = next((ring for ring in rings if ring.answered_at), None)
    ordered = in_order(rings)
    return ExpectedCall(
        external_id=_linkedid(lab, caller=client.party, dialled=client.number, which=which),
        direction="inbound",
        outcome=outcome,
        queue=queue.name,
        client_address=None if anonymous else client.party,
        our_address=client.number,
        agent=f"PJSIP/{answered.party}" if answered else None,
        legs=tuple(
            _leg(lab, ring, "queue", last if ring is ordered[-1] and last else fates.get(ring.party))
            for ring in ordered
        ),
        wait_s=seconds(client.began_at, answered.answered_at if answered else client.ended_at),
        talk_s=round(seconds(answered.answered_at, answered.ended_at) - hold_s, 3) if answered else 0.0,
        hold_s=hold_s,
        ended_by=ended_by,
        hangup_cause=cause,
    )


def _waited(lab: Lab, client: Side, rings: Sequence[Side]) -> ExpectedCall:
    """A call of a crowd, where nobody knew beforehand who would be served and who would lose patience."""
    answered = any(ring.answered_at for ring in rings)
    short = seconds(client.began_at, client.ended_at) < 5
    return _queued(
        lab,
        client,
        rings,
        outcome="answered" if answered else "short_abandoned" if short else "abandoned",
        ended_by="client" if client.ended_by is EndedBy.PHONE else "agent",
        cause=16 if answered else 0,
        last=None if answered else "cancelled",
    )


def _direct(
    lab: Lab,
    client: Side,
    ring: Side,
    *,
    outcome: str,
    ended_by: Who | None,
    cause: int,
    result: Result | None = None,
) -> ExpectedCall:
    _require_end(client, ended_by)
    answered = ring.answered_at is not None
    return ExpectedCall(
        external_id=_linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome=outcome,
        client_address=client.party,
        our_address=client.number,
        agent=f"PJSIP/{ring.party}" if answered else None,
        legs=(_leg(lab, ring, "direct", result),),
        wait_s=seconds(client.began_at, ring.answered_at or client.ended_at),
        talk_s=seconds(ring.answered_at, ring.ended_at) if answered else 0.0,
        ended_by=ended_by,
        hangup_cause=cause,
        unclaimed=() if ended_by else ("ended_by",),
    )


def _outbound(lab: Lab, agent: Side, *, outcome: str, ended_by: Who | None, cause: int) -> ExpectedCall:
    client = lab.trunk.sides[-1]
    return ExpectedCall(
        external_id=_linkedid(lab, caller=agent.party, dialled=agent.number),
        direction="outbound",
        outcome=outcome,
        client_address=agent.number,
        agent=f"PJSIP/{agent.party}",
        wait_s=seconds(agent.began_at, client.answered_at or agent.ended_at),
        talk_s=seconds(client.answered_at, agent.ended_at) if client.answered_at else 0.0,
        ended_by=ended_by,
        hangup_cause=cause,
        unclaimed=("legs", "our_address", *(() if ended_by else ("ended_by",))),
    )


def _transferred(lab: Lab, client: Side, first: Side, second: Side, role: str, *, queue: str = "sales") -> ExpectedCall:
    """A call that the first agent passed on; how long they consulted is not the client's talk."""
    return ExpectedCall(
        external_id=_linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome="answered",
        queue=queue,
        client_address=client.party,
        our_address=client.number,
        agent=f"PJSIP/{second.party}",
        legs=(_leg(lab, first, "queue"), _leg(lab, second, role)),
        wait_s=seconds(client.began_at, first.answered_at),
        talk_s=round(seconds(first.answered_at, first.ended_at) + seconds(second.answered_at, second.ended_at), 3),
        ended_by="client",
        hangup_cause=16,
        unclaimed=("talk_s", "hold_s") if role == "transfer_attended" else (),
    )


def _leg(lab: Lab, ring: Side, role: str, result: Result | None = None) -> ExpectedLeg:
    return leg(ring, role, result, name=lab.office.agent(ring.party).name)


def _require_end(client: Side, ended_by: Who | None) -> None:
    """The scene says who ended the call; the caller's own phone must have seen the same."""
    if (client.ended_by is EndedBy.PHONE) is not (ended_by == "client"):
        raise ScenesDisagree(f"ended by {ended_by}, but the caller's side saw {client.ended_by}")


def _linkedid(lab: Lab, *, caller: str, dialled: str, which: int = -1) -> str:
    """The name Asterisk gave to the call: asked of the witness, because no telephone ever hears it."""
    begun = [
        frame["Linkedid"]
        for frame in lab.witness.frames
        if frame.event == "Newchannel" and (frame["CallerIDNum"], frame["Exten"]) == (caller, dialled)
    ]
    return begun[which]


def _rings(phones: Sequence[SippParty], caller: str) -> list[Side]:
    return in_order(side for phone in phones for side in phone.sides if side.number == caller)


@asynccontextmanager
async def _floor(lab: Lab, queue: str) -> AsyncIterator[list[SoftPhone]]:
    """All the phones of a queue, in the scene's own hands."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(lab.soft_phone(agent.extension))
            for agent in lab.office.queue(queue).members
        ]


@asynccontextmanager
async def _scripted(lab: Lab, queue: Queue, manners: Sequence[Manner]) -> AsyncIterator[list[SippParty]]:
    """All the phones of a queue, each with a manner of its own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(lab.phone(agent.extension, manner))
            for agent, manner in zip(queue.members, manners, strict=True)
        ]


async def _first_ring(phones: Sequence[SoftPhone]) -> PhoneCall:
    """The next call on whichever phone rings first."""
    waits = [asyncio.ensure_future(phone.ringing()) for phone in phones]
    done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waiting:
        wait.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    [ring] = [wait.result() for wait in done]
    return ring


def _sales(lab: Lab) -> Queue:
    return lab.office.queue("sales")


async def _moment(seconds: float) -> None:
    """People take their time."""
    await asyncio.sleep(seconds)
