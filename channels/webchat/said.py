"""What a visitor's browser may tell us, and what it may not."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_core.actions.forms import FormIn
from crm_core.inputs import InputModel, Line, Prose

#: Characters of one message: with room to spare in the largest frame we read.
LONGEST_TEXT = 4_000


class ComeIn(InputModel):
    """Said once, on connecting. ``visit`` is whatever the page says of itself."""

    site: Annotated[str, Field(max_length=64)]
    token: Annotated[str, Field(max_length=200)] | None = None
    identity: Annotated[str, Field(max_length=5_000)] | None = None
    visit: object = None


class EarlierIn(InputModel):
    """What was said before this message; null: the last."""

    before: UUID | None = None


class SayIn(InputModel):
    """``key`` names the message; told again under it, it is the same."""

    key: UUID
    text: Annotated[Prose, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]


class SeenIn(InputModel):
    """Messages of ours that have come, or were looked at."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    state: Literal["delivered", "read"]


class TypingIn(InputModel):
    """Are they writing."""

    typing: bool


class ReachIn(InputModel):
    """How to reach them, and when to call: now, at a time on the company's clock, or not at all."""

    name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    note: Prose | None = None
    call: Annotated[str, StringConstraints(max_length=40)] | None = None

    def as_form(self, told: dict[str, str]) -> FormIn:
        """The same as a form on a site says it; ``told``: the page and its campaign."""
        return FormIn.model_validate(
            {
                "name": self.name,
                "phone": self.phone,
                "email": self.email,
                "message": self.note or None,
                "call_me_now": self.call == "now",
                "call_me_at": None if self.call == "now" else self.call,
                **told,
            }
        )
