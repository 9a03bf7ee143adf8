"""${message}

Say here what kind it is: *before* (the old code still runs beside it) or *after*.
"""

from __future__ import annotations

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
phase = "before"


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
