"""To whom a promise or a lead is given, of everybody who is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from crm_core.domain.distribution import Choice
from crm_core.domain.needs import Wanted
from crm_core.store.candidates import Field


def choose(
    field: Field,
    wanted: Wanted,
    at: datetime,
    *,
    lost: Mapping[UUID, datetime],
    talked: Mapping[UUID, datetime],
) -> Choice:
    """Who shall have it. ``lost``: who had this very one, until when; ``talked``: who knows its client."""
    terms = field.terms_of(wanted.team_id)
    return field.everybody.choose(wanted.need(at), terms.strategy, limits=terms.limits, lost=lost, talked=talked)
