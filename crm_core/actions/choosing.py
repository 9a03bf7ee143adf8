"""To whom a promise or a lead is given, of everybody who is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from crm_core.domain.distribution import UNCAPPED, Choice, Strategy
from crm_core.domain.needs import Wanted
from crm_core.store.candidates import Field


def choose(
    field: Field,
    wanted: Wanted,
    at: datetime,
    *,
    lost: Mapping[UUID, datetime],
    talked: Mapping[UUID, datetime],
    capped: bool = True,
) -> Choice:
    """Who shall have it. ``lost``: who had this very one, until when; ``talked``: who knows its client.

    Whom a queue names as its people answers for it, whatever team they are of. Not ``capped``: it is new work that
    comes all day, and no storm of what others have left.
    """
    terms = field.terms_of(wanted.team_id)
    strategy = Strategy.LEAST_LOADED if wanted.only and terms.strategy is Strategy.TEAM else terms.strategy
    limits = terms.limits if capped else replace(terms.limits, hourly_cap=UNCAPPED)
    return field.everybody.choose(wanted.need(at), strategy, limits=limits, lost=lost, talked=talked)
