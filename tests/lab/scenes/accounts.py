"""What the parties of a scene saw, retold as the call Perezvon should know.

Every account is made of the parties' own sides; the only thing asked of AMI is
the name of the call, which no telephone ever hears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from tests.lab.expected import ExpectedCall, ExpectedLeg, Result, ScenesDisagree, in_order, leg, seconds
from tests.lab.laboratory import Lab
from tests.lab.truth import EndedBy, Side

Who = Literal["client", "agent", "system"]
Fates = Mapping[str, Result]  # by extension: what a phone cannot know of its own ring


def queued_call(
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
        external_id=linkedid(lab, caller=client.party, dialled=client.number, which=which),
        direction="inbound",
        outcome=outcome,
        queue=queue.name,
        client_address=None if anonymous else client.party,
        our_address=client.number,
        agent=f"PJSIP/{answered.party}" if answered else None,
        legs=tuple(
            phone_leg(lab, ring, "queue", last if ring is ordered[-1] and last else fates.get(ring.party))
            for ring in ordered
        ),
        wait_s=seconds(client.began_at, answered.answered_at if answered else client.ended_at),
        talk_s=round(seconds(answered.answered_at, answered.ended_at) - hold_s, 3) if answered else 0.0,
        hold_s=hold_s,
        ended_by=ended_by,
        hangup_cause=cause,
    )


def waited_call(lab: Lab, client: Side, rings: Sequence[Side]) -> ExpectedCall:
    """A call of a crowd, where nobody knew beforehand who would be served and who would lose patience."""
    answered = any(ring.answered_at for ring in rings)
    short = seconds(client.began_at, client.ended_at) < 5
    return queued_call(
        lab,
        client,
        rings,
        outcome="answered" if answered else "short_abandoned" if short else "abandoned",
        ended_by="client" if client.ended_by is EndedBy.PHONE else "agent",
        cause=16 if answered else 0,
        last=None if answered else "cancelled",
    )


def direct_call(
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
        external_id=linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome=outcome,
        client_address=client.party,
        our_address=client.number,
        agent=f"PJSIP/{ring.party}" if answered else None,
        legs=(phone_leg(lab, ring, "direct", result),),
        wait_s=seconds(client.began_at, ring.answered_at or client.ended_at),
        talk_s=seconds(ring.answered_at, ring.ended_at) if answered else 0.0,
        ended_by=ended_by,
        hangup_cause=cause,
        unclaimed=() if ended_by else ("ended_by",),
    )


def direct_call_to_nobody(lab: Lab, client: Side) -> ExpectedCall:
    """A call to one phone that could not be reached."""
    return ExpectedCall(
        external_id=linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome="failed",
        client_address=client.party,
        our_address=client.number,
        wait_s=seconds(client.began_at, client.ended_at),
        ended_by="system",
        unclaimed=("hangup_cause",),
    )


def internal_call(lab: Lab, caller: Side, called: Side) -> ExpectedCall:
    """Colleagues who talked to each other, which is nobody's client call."""
    return ExpectedCall(
        external_id=linkedid(lab, caller=caller.party, dialled=called.party),
        direction="internal",
        wait_s=seconds(caller.began_at, called.answered_at),
        talk_s=seconds(called.answered_at, called.ended_at),
        unclaimed=("outcome", "legs", "agent", "ended_by", "hangup_cause", "client_address", "our_address"),
    )


async def outbound_call(lab: Lab, agent: Side, *, outcome: str, ended_by: Who | None, cause: int) -> ExpectedCall:
    client = await lab.client_called(agent.number)
    return ExpectedCall(
        external_id=linkedid(lab, caller=agent.party, dialled=agent.number),
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


def transferred_call(
    lab: Lab, client: Side, first: Side, second: Side, role: str, *, queue: str = "sales"
) -> ExpectedCall:
    """A call that the first agent passed on; how long they consulted is not the client's talk."""
    return ExpectedCall(
        external_id=linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome="answered",
        queue=queue,
        client_address=client.party,
        our_address=client.number,
        agent=f"PJSIP/{second.party}",
        legs=(phone_leg(lab, first, "queue"), phone_leg(lab, second, role)),
        wait_s=seconds(client.began_at, first.answered_at),
        talk_s=round(seconds(first.answered_at, first.ended_at) + seconds(second.answered_at, second.ended_at), 3),
        ended_by="client",
        hangup_cause=16,
        unclaimed=("talk_s", "hold_s") if role == "transfer_attended" else (),
    )


def phone_leg(lab: Lab, ring: Side, role: str, result: Result | None = None) -> ExpectedLeg:
    return leg(ring, role, result, name=lab.office.agent(ring.party).name)


def linkedid(lab: Lab, *, caller: str, dialled: str, which: int = -1) -> str:
    """The name Asterisk gave to the call: asked of the witness, because no telephone ever hears it."""
    begun = [
        frame["Linkedid"]
        for frame in lab.witness.frames
        if frame.event == "Newchannel" and (frame["CallerIDNum"], frame["Exten"]) == (caller, dialled)
    ]
    return begun[which]


def _require_end(client: Side, ended_by: Who | None) -> None:
    """The scene says who ended the call; the caller's own phone must have seen the same."""
    if (client.ended_by is EndedBy.PHONE) is not (ended_by == "client"):
        raise ScenesDisagree(f"ended by {ended_by}, but the caller's side saw {client.ended_by}")
