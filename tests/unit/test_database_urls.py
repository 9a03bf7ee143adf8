"""The address of a database, as operators write it and as the driver wants it."""

from __future__ import annotations

import pytest

from crm_core.store.urls import sqlalchemy_url


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_every_spelling_names_our_driver(scheme: str) -> None:
    address = sqlalchemy_url(f"{scheme}://crm:p%40ss@db.example:6432/crm")

    assert address.drivername == "postgresql+asyncpg"
    assert (address.username, address.password, address.host) == ("crm", "p@ss", "db.example")
    assert (address.port, address.database) == (6432, "crm")


def test_a_socket_directory_is_kept() -> None:
    address = sqlalchemy_url("postgresql://perezvon:pw@/perezvon?host=/run/perezvon-1")

    assert address.host is None
    assert address.query["host"] == "/run/perezvon-1"


def test_the_encryption_libpq_asks_for_is_asked_of_our_driver() -> None:
    address = sqlalchemy_url("postgresql://db.example/crm?sslmode=verify-full")

    assert dict(address.query) == {"ssl": "verify-full"}


@pytest.mark.parametrize("url", ["mysql://db.example/crm", "db.example/crm", ""])
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        sqlalchemy_url(url)
