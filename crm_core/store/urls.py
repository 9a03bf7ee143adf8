"""One spelling of a database's address for everyone who connects to it."""

from __future__ import annotations

from sqlalchemy import URL, make_url

_DRIVER = "postgresql+asyncpg"


def sqlalchemy_url(url: str) -> URL:
    """``postgresql://`` or ``postgres://`` as SQLAlchemy's asyncpg dialect wants it."""
    head, separator, rest = url.partition("://")
    if separator and head in {"postgres", "postgresql", _DRIVER}:
        return make_url(f"{_DRIVER}://{rest}")
    raise ValueError("a database address begins with postgresql://")
