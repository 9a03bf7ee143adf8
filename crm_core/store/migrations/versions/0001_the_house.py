"""Everything the first release stores.

A *before* migration: nothing runs on an empty database yet.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
phase = "before"


def upgrade() -> None:
    sql = Path(__file__).with_suffix(".sql").read_text("utf-8")
    # The driver prepares one statement at a time; ours never hold a semicolon inside a literal.
    for statement in sql.split(";\n"):
        if statement.strip():
            op.execute(statement)
