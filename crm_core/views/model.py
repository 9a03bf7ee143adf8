"""The ground of every read model: what leaves here is whole, typed and nothing more."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    """Sent to others as it stands; an undeclared field is a bug found at construction, not on the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)
