"""The rules for promises that are not kept, each as its newest version has it.

A promise lives under the version of the day it was made; an older one stands
with those promises and is not listed.
"""

from __future__ import annotations

from typing import Literal

from crm_core.store.database import Reader
from crm_core.views.model import WireModel
from crm_core.views.paging import Page

# By primary key.
_LIST = """
SELECT DISTINCT ON (name) name, version, rule, enabled
FROM callback_policies
ORDER BY name, version DESC
"""


class CallbackPolicy(WireModel):
    """``grace_s`` and ``takeover_after_s`` count from the promise's ``due_at``; null limits concern everybody."""

    name: str
    warn_before_s: float | None = None
    grace_s: float
    action: Literal["move", "unlock", "notify"]
    takeover_after_s: float | None = None
    max_moves: int | None = None
    cooldown_s: float | None = None
    working_time: bool = False
    team: str | None = None
    service_class: str | None = None
    lead_state: str | None = None
    enabled: bool
    version: int


async def list_callback_policies(db: Reader) -> Page[CallbackPolicy]:
    """By name, all on one page."""
    rows = await db.fetch(_LIST)
    items = [
        CallbackPolicy.model_validate(
            {**row["rule"], "name": row["name"], "enabled": row["enabled"], "version": row["version"]}
        )
        for row in rows
    ]
    return Page[CallbackPolicy](items=items, next=None)
