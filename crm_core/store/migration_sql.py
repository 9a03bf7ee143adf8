"""A migration written as SQL, in a file beside its revision."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_beside(revision: str) -> None:
    """Run the ``.sql`` of the same name as the module at ``revision``."""
    sql = Path(revision).with_suffix(".sql").read_text("utf-8")
    # The driver prepares one statement at a time; ours never hold a semicolon inside a literal.
    for statement in sql.split(";\n"):
        if statement.strip():
            op.execute(statement)
