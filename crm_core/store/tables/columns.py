"""What columns of every table have in common: names of constraints, moments, flags, words."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Double, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

NOW = text("now()")


def moment(
    name: str, *, required: bool = False, default_now: bool = False, comment: str | None = None
) -> Column[object]:
    return Column(
        name,
        DateTime(timezone=True),
        nullable=not (required or default_now),
        server_default=NOW if default_now else None,
        comment=comment,
    )


def version() -> Column[int]:
    return Column("version", Integer, nullable=False, server_default=text("1"))


def flag(name: str, *, default: bool, comment: str | None = None) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"), comment=comment)


def seconds(name: str) -> Column[float]:
    return Column(name, Double)


def one_of(column: str, words: type[StrEnum] | tuple[str, ...], *, name: str | None = None) -> CheckConstraint:
    allowed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({allowed})", name=name or column)
