"""One spelling of a database's address for everyone who connects to it."""

from __future__ import annotations

from sqlalchemy import URL, make_url

_DRIVER = "postgresql+asyncpg"


def sqlalchemy_url(url: str) -> URL:
    """``postgresql://`` or ``postgres://`` as SQLAlchemy's asyncpg dialect wants it.

    libpq's ``sslmode`` becomes asyncpg's ``ssl``, which takes the same words.
    """
    head, separator, rest = url.partition("://")
    if not separator or head not in {"postgres", "postgresql", _DRIVER}:
        raise ValueError("a database address begins with postgresql://")
    address = make_url(f"{_DRIVER}://{rest}")
    if "sslmode" in address.query:
        mode = address.query["sslmode"]
        address = address.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return address
