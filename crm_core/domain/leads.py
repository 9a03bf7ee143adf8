"""A lead: somebody who may become a client, given to one person who must accept it in time."""

from __future__ import annotations

from enum import StrEnum


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


class LeadReason(StrEnum):
    """Why a lead came to its owner."""

    CREATED = "created"
    GIVEN = "given"
    NOT_ACCEPTED = "not_accepted"
    TAKEN = "taken"
    MOVED = "moved"
    ABSENCE = "absence"
    UNDONE = "undone"
