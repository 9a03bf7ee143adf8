"""A lead: somebody who may become a client, given to one person who must accept it in time.

Until somebody has accepted it a lead is new; from then on its stage is what its
owner says it is. Who leaves the same wish twice, because a page hung or nobody
called, is one lead, told twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from crm_core.domain.contact_points import ContactPointKind, address
from crm_core.domain.errors import DecisionRefused, InputRejected

#: The same wish left again within this joins the open lead.
JOINS_WITHIN = timedelta(hours=24)
#: For so long a lead does not come back to somebody who did not accept it, or gave it back.
COOLDOWN = timedelta(hours=24)
#: When neither the source nor the team says how soon a lead is accepted.
USUAL_ACCEPTANCE = timedelta(minutes=5)

_LONGEST_NOTE = 10_000


class LeadStage(StrEnum):
    """How far it has come; the last two close it."""

    NEW = "new"
    IN_WORK = "in_work"
    OFFER = "offer"
    WON = "won"
    LOST = "lost"

    @property
    def is_closed(self) -> bool:
        return self in {LeadStage.WON, LeadStage.LOST}


#: Where a lead may be while somebody follows it.
OpenStage = Literal[LeadStage.IN_WORK, LeadStage.OFFER]


class LeadReason(StrEnum):
    """Why a lead came to its owner, or to nobody."""

    CREATED = "created"
    GIVEN = "given"
    NOT_ACCEPTED = "not_accepted"
    TAKEN = "taken"
    MOVED = "moved"
    RELEASED = "released"
    ABSENCE = "absence"
    UNDONE = "undone"


class LeadClosed(DecisionRefused):
    """This lead is won or lost already."""

    code = "lead_closed"


class LeadTaken(DecisionRefused):
    """Somebody else has this lead."""

    code = "lead_taken"


class LeadNotAccepted(DecisionRefused):
    """Accept the lead first: until then it has no stage."""

    code = "lead_not_accepted"


class LeadStageRejected(InputRejected):
    """A lead is new only until somebody has accepted it."""

    code = "lead_stage_rejected"


class LostReasonRequired(InputRejected):
    """Say why it was lost."""

    code = "lost_reason_required"


class LeadNobody(InputRejected):
    """A lead is somebody: give a client, a number or a mail address."""

    code = "lead_nobody"


class SourceUnknown(InputRejected):
    """There is no such source of leads, or it is switched off."""

    code = "source_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """Where a lead goes, as a person wants it."""

    stage: LeadStage
    lost_reason: str | None = None


def check_stage(change: StageChange, *, accepted: bool) -> None:
    """Refuse a stage this lead cannot have; what is closed as lost says why, and closing needs no acceptance.

    Raises:
        LeadStageRejected, LeadNotAccepted, LostReasonRequired: in this order.
    """
    if change.stage is LeadStage.NEW:
        raise LeadStageRejected
    if not change.stage.is_closed and not accepted:
        raise LeadNotAccepted
    if change.stage is LeadStage.LOST and not change.lost_reason:
        raise LostReasonRequired


def lead_address(typed: str, country: str) -> str:
    """The E.164 number or lower-case mail address that was typed.

    Raises:
        ContactPointRejected: it is neither.
    """
    return address(kind_of_address(typed), typed, country)


def kind_of_address(typed: str) -> ContactPointKind:
    return ContactPointKind.EMAIL if "@" in typed else ContactPointKind.PHONE


def joined_note(note: str | None, more: Iterable[str | None]) -> str | None:
    """A note with what was said again; what stands there already, or does not fit any more, is not added."""
    lines = [note] if note else []
    for said in more:
        known = "\n".join(lines)
        if said and said not in known and len(known) + len(said) < _LONGEST_NOTE:
            lines.append(said)
    return "\n".join(lines) or None
