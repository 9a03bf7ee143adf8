"""The truth about one call, in the words of Perezvon's contract, as the laboratory knows it.

Built from what the parties themselves saw (their SIP messages and clocks) and
from what the scenario set out to do; never from the AMI events that Perezvon is
given. It stands beside each recording as ``NAME.expected.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from tests.lab.truth import EndedBy, Side

Result = Literal["answered", "no_answer", "busy", "declined", "answered_elsewhere", "cancelled", "failed"]
_CLAIMED_BY_FEW = ("path", "queues", "recordings")
#: So long a SIP message may be under way between a phone and a busy Asterisk.
_ON_THE_WAY_S = 0.3
_REFUSED: dict[int, Result] = {486: "busy", 603: "declined"}


class ScenesDisagree(Exception):
    """A witness contradicts what the scene says happened; nothing of it is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLeg:
    """One ring of one agent's phone.

    ``rang`` says whether it made a sound (and so is an offer); None: it was let go in the moment in which it began
    to, and only Asterisk knows whether it heard of that.
    """

    interface: str
    role: str
    result: Result
    rang: bool | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedStop:
    """One who had the client, and for how long."""

    kind: str
    name: str  # an agent's interface, a queue's name, a number outside
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCall:
    """What ``GET /interactions`` should say, but for the fields named in ``unclaimed``."""

    external_id: str  # the Linkedid
    direction: Literal["inbound", "outbound", "internal"]
    outcome: str | None = None
    queue: str | None = None
    client_address: str | None = None  # as the trunk sent it, or as it was dialled
    our_address: str | None = None
    agent: str | None = None  # the interface of who had the client last; outbound: of who placed the call
    legs: tuple[ExpectedLeg, ...] = ()
    path: tuple[ExpectedStop, ...] | None = None  # who had the client, in order; None: not claimed
    wait_s: float
    talk_s: float = 0.0
    hold_s: float = 0.0
    ended_by: Literal["client", "agent", "system"] | None = None
    hangup_cause: int | None = None
    # Claimed only by the scenes that are about them:
    queues: tuple[str, ...] | None = None
    recordings: int | None = None  # how many there are to hear
    unclaimed: tuple[str, ...] = ()  # where the laboratory cannot know, or the contract is silent

    def as_json(self) -> dict[str, object]:
        silent = {name for name in _CLAIMED_BY_FEW if getattr(self, name) is None}
        return {key: value for key, value in asdict(self).items() if key not in (*self.unclaimed, *silent, "unclaimed")}


def leg(side: Side, role: str, result: Result | None = None, *, name: str) -> ExpectedLeg:
    """An agent's phone's part; ``result`` is needed only where the phone itself cannot know it."""
    return ExpectedLeg(
        interface=f"PJSIP/{side.party}",
        role=role,
        result=result or _own_result(side),
        rang=_rang(side),
        name=name,
    )


def _rang(side: Side) -> bool | None:
    if side.rang_at is None:
        return False
    let_go = side.answered_at is None and side.ended_by is EndedBy.PBX and side.ended_at is not None
    return None if let_go and seconds(side.rang_at, side.ended_at) < _ON_THE_WAY_S else True


def _own_result(side: Side) -> Result:
    if side.answered_at is not None:
        return "answered"
    if side.refused_with is not None:
        return _REFUSED[side.refused_with]
    return "no_answer"


def in_order(legs: Iterable[Side]) -> list[Side]:
    return sorted(legs, key=lambda side: side.began_at)


def seconds(start: datetime | None, end: datetime | None) -> float:
    """The length of a stretch whose ends are known to have happened."""
    assert start is not None
    assert end is not None
    return round((end - start).total_seconds(), 3)
