"""A migration written as SQL, in a file beside its revision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alembic import op


def run_beside(revision: str) -> None:
    """Run the ``.sql`` of the same name as the module at ``revision``."""
    sql = Path(revision).with_suffix(".sql").read_text("utf-8")
    for statement in _statements(sql):
        op.execute(statement)


def _statements(sql: str) -> Iterator[str]:
    """The driver prepares one at a time. A semicolon at the end of a line ends it, but in the body of a function."""
    statement = ""
    for piece in sql.split(";\n"):
        statement += piece
        if statement.count("$$") % 2:
            statement += ";\n"
        elif statement.strip():
            yield statement
            statement = ""
