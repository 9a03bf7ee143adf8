"""The people of a scene in which a client is passed on, and what they noted of it.

Every scene has people, a number and a caller of its own, so that all of them
can be played at once on one Asterisk. Whoever steers the phones also writes
down when who had the client: that is the truth its recording is judged by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from tests.lab.exchange import OFFICE
from tests.lab.expected import ExpectedCall, ExpectedLeg, ExpectedStop, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import Who, linkedid
from tests.lab.scenes.stage import moment
from tests.lab.sipp import SippCall
from tests.lab.softphone import PhoneCall, SoftPhone
from tests.lab.truth import Side

#: Digits pressed before the PBX asks for them are heard by the other side, and lost.
_ANNOUNCEMENT_S = 0.6

Kind = Literal["agent", "queue", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays: a client, and up to three of ours, by extension; ``queue`` when the client calls one."""

    caller: str
    people: tuple[str, ...]
    queue: str | None = None

    @property
    def did(self) -> str:
        return OFFICE.queue(self.queue).did if self.queue else OFFICE.direct_did(self.people[0])


@dataclass(slots=True)
class Had:
    """One who had the client, by the clock of whoever steered the phones."""

    kind: Kind
    name: str
    start: datetime
    end: datetime | None = None


@dataclass(slots=True)
class Notes:
    """What the scene saw, as it went."""

    lab: Lab
    cast: Cast
    phones: Sequence[SoftPhone]
    call: SippCall
    had: list[Had] = field(default_factory=list)

    def has(self, name: str, *, kind: Kind = "agent") -> None:
        """From now on the client is with ``name``."""
        self.had.append(Had(kind, name, datetime.now(UTC)))

    def alone(self) -> None:
        """From now on nobody has the client."""
        for one in self.had:
            one.end = one.end or datetime.now(UTC)

    def passes_to(self, name: str, *, kind: Kind = "agent") -> None:
        self.alone()
        self.has(name, kind=kind)

    def joins(self, name: str) -> None:
        """Besides whoever has the client, ``name`` is there as well."""
        self.has(name)

    def leaves(self, name: str) -> None:
        next(one for one in reversed(self.had) if one.name == name).end = datetime.now(UTC)

    def told(
        self,
        client: Side,
        legs: Sequence[ExpectedLeg],
        *,
        ended_by: Who,
        hold_s: float | None = None,
        agent: str | None = None,
        cause: int = 16,
    ) -> ExpectedCall:
        """The call as it should be told; ``agent`` had the client last, if not whoever got them last.

        ``hold_s`` None: how much of a consultation is hold differs between PBX and phone.
        """
        self.alone()
        people = [one for one in self.had if one.kind == "agent"]
        had_s = sum(seconds(one.start, one.end) for one in people)
        queues = [one.name for one in self.had if one.kind == "queue"]
        return ExpectedCall(
            external_id=linkedid(self.lab, caller=self.cast.caller, dialled=client.number),
            direction="inbound",
            outcome="answered",
            queue=queues[-1] if queues else None,
            client_address=client.party,
            our_address=client.number,
            agent=f"PJSIP/{agent or people[-1].name}",
            legs=tuple(legs),
            path=tuple(_stop(one) for one in self.had),
            wait_s=seconds(client.began_at, people[0].start),
            talk_s=round(had_s - (hold_s or 0.0), 3),
            hold_s=hold_s or 0.0,
            ended_by=ended_by,
            hangup_cause=cause,
            unclaimed=("talk_s", "hold_s") if hold_s is None else (),
        )


def _stop(one: Had) -> ExpectedStop:
    name = f"PJSIP/{one.name}" if one.kind == "agent" else one.name
    return ExpectedStop(kind=one.kind, name=name, duration_s=seconds(one.start, one.end))


@asynccontextmanager
async def answered(lab: Lab, cast: Cast, *, talk_s: float = 1.2) -> AsyncIterator[tuple[Notes, PhoneCall]]:
    """The client has called, the first of the people has answered, and they have talked a little."""
    async with AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(lab.soft_phone(extension)) for extension in cast.people]
        notes = Notes(lab, cast, phones, await lab.call(cast.did, caller=cast.caller))
        if cast.queue:
            notes.has(cast.queue, kind="queue")
        ring = await phones[0].ringing()
        await moment(0.8)
        await ring.answer()
        notes.passes_to(cast.people[0])
        await moment(talk_s)
        yield notes, ring


async def by_code(call: PhoneCall, code: str, number: str) -> None:
    """Press a feature code, listen to the announcement, and dial."""
    await call.press(code)
    await moment(_ANNOUNCEMENT_S)
    await call.press(number)
