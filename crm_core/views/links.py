"""Which PBXs we hear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crm_core.store.database import Reader
from crm_core.store.links import IS_ALIVE
from crm_core.views.model import WireModel

_LIST = f"""
SELECT link.pbx AS name, link.state = 'up' AND {IS_ALIVE} AS up, link.heard_at, link.version
FROM pbx_links link
WHERE link.pbx = ANY($1::text[])
ORDER BY link.pbx
"""  # noqa: S608  (a condition of our own)


class PbxLink(WireModel):
    """Whether some process of ours hears this PBX now; ``heard_at``: its last sign of life, null when it gave none."""

    name: str
    up: bool
    heard_at: datetime | None
    version: int


class PbxLinks(WireModel):
    """Those of the settings that were tried at least once."""

    items: list[PbxLink]


async def list_links(db: Reader, pbxs: Sequence[str]) -> list[PbxLink]:
    """Of these PBXs, by name; one that was never tried is not among them."""
    return [PbxLink.model_validate(dict(row)) for row in await db.fetch(_LIST, list(pbxs))]
