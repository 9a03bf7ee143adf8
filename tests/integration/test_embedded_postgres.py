"""The embedded PostgreSQL: what it is like, who shares it, and what it says when it cannot be used."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
import structlog.testing
from sqlalchemy.ext.asyncio import create_async_engine

from config.settings import Settings
from crm_core.store.default_database import default_database
from crm_core.store.embedded import (
    DataDirectoryUnusable,
    EmbeddedPostgres,
    OtherMajorVersion,
    ServerDidNotStart,
)
from crm_core.store.embedded.binaries import find_bin_dir
from crm_core.store.embedded.locks import FileLock
from crm_core.store.trigrams import finds_cyrillic_trigrams
from crm_core.store.urls import sqlalchemy_url
from tests.embedded_users import Place, any_user_may_enter, ask, is_alive, owner, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")


@pytest.fixture
def place() -> Iterator[Place]:
    with any_user_may_enter() as found:
        yield found


@pytest.fixture(scope="module")
def made() -> Iterator[Place]:
    """A place whose cluster is made once; it is copied where a test spoils it."""
    with any_user_may_enter() as found:
        asyncio.run(_visit(found.server()))
        yield found


@pytest.fixture
def used(made: Place, place: Place) -> Place:
    """A place in which a server has been before."""
    shutil.copytree(made.data_dir, place.data_dir, copy_function=shutil.copy2)
    owner = (made.home / "cluster").stat()
    for path in [place.home / "cluster", *(place.home / "cluster").rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)
    return place


async def _visit(server: EmbeddedPostgres) -> None:
    async with server:
        pass


async def test_its_address_serves_our_driver_and_postgresqls_own_programs(made: Place) -> None:
    async with made.server() as server:
        engine = create_async_engine(sqlalchemy_url(server.url))
        async with engine.connect() as connection:
            through_sqlalchemy = (await connection.exec_driver_sql("SELECT current_database()")).scalar_one()
        await engine.dispose()
        dumped = await asyncio.to_thread(
            subprocess.run, [server.bin_dir / "pg_dump", server.url], capture_output=True, text=True, check=True
        )

    assert through_sqlalchemy == "perezvon"
    assert "PostgreSQL database dump" in dumped.stdout


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "on"), ("synchronous_commit", "on"), ("max_connections", "200"), ("timezone", "UTC")],
)
async def test_it_is_set_up_to_keep_what_it_was_told(made: Place, setting: str, value: str) -> None:
    async with made.server() as server:
        assert await ask(server.url, "SELECT current_setting($1)", setting) == value


async def test_names_in_cyrillic_can_be_searched(made: Place) -> None:
    async with made.server() as server:
        assert await ask(server.url, "SELECT lower('ЁЖИКОВ')") == "ёжиков"
        connection = await asyncpg.connect(server.url)
        assert await finds_cyrillic_trigrams(connection)
        await connection.close()


async def test_a_database_that_cannot_search_names_is_refused(used: Place) -> None:
    async with used.server() as server:
        maintenance = server.url.replace("/perezvon?", "/postgres?")
        await ask(maintenance, "DROP DATABASE perezvon")
        await ask(maintenance, "CREATE DATABASE perezvon TEMPLATE template0 LC_CTYPE 'C' LC_COLLATE 'C'")

    with pytest.raises(DataDirectoryUnusable, match="LC_CTYPE=C"):
        await _visit(used.server())


async def test_only_the_owner_may_read_the_password_and_the_data(made: Place) -> None:
    async with made.server() as server:
        password = re.search(":([^:@]+)@", server.url)
        assert password is not None
        assert (made.home / "password").read_text() == password[1]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url.replace(password[1], "guessed"))

    assert _permissions(made.home / "password") == 0o600
    assert _permissions(made.home / "cluster") == 0o700


async def test_what_was_written_is_there_the_next_time(used: Place) -> None:
    async with used.server() as server:
        await ask(server.url, "CREATE TABLE promise AS SELECT 'call Anna' AS what")

    async with used.server() as server:
        assert await ask(server.url, "SELECT what FROM promise") == "call Anna"


async def test_the_server_stops_with_its_last_user_not_with_the_first(made: Place) -> None:
    with made.other_user() as other:
        async with made.server() as server:
            other.wait_until_ready()
            postmaster = made.postmaster()
        assert is_alive(postmaster)

        assert await ask(server.url, "SELECT 1") == 1

        other.leave()
        assert not is_alive(postmaster)
        assert not (made.home / "socket.d").exists()


async def test_users_who_start_at_the_same_moment_share_one_server(place: Place) -> None:
    # The cluster is not made yet either: the race is for initdb, the password, the database and the server.
    with place.other_user() as first, place.other_user() as second, place.other_user() as third:
        urls = [user.wait_until_ready() for user in (first, second, third)]

        born = {await ask(url, "SELECT pg_postmaster_start_time()") for url in urls}

        assert len(born) == 1
        for user in (third, first, second):
            user.leave()


async def test_an_error_of_the_user_comes_out_as_it_is(made: Place) -> None:
    with pytest.raises(LookupError):
        async with made.server():
            raise LookupError

    assert not (made.home / "cluster" / "postmaster.pid").exists()


async def test_giving_up_while_it_starts_leaves_no_server_behind(place: Place) -> None:
    starting = asyncio.create_task(_visit(place.server()))
    await until((place.home / "cluster.new").exists)

    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting
    with FileLock(place.home / "server.lock") as lock:
        assert lock.try_exclusive()


async def test_a_half_made_cluster_is_made_again(place: Place) -> None:
    half_made = place.home / "cluster.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    (place.home / "initdb.password").write_text("left by a killed initdb")
    place.home.chmod(0o711)

    async with place.server() as server:
        assert await ask(server.url, "SELECT 1") == 1

    assert not half_made.exists()
    assert not (place.home / "initdb.password").exists()


async def test_data_of_another_major_version_are_refused_and_left_alone(used: Place) -> None:
    (used.home / "cluster" / "PG_VERSION").write_text("17\n")
    before = _contents(used.home)

    with pytest.raises(OtherMajorVersion, match=r"PostgreSQL 17, this Perezvon brings PostgreSQL 18.*perezvon backup"):
        await _visit(used.server())

    assert _contents(used.home) == before


async def test_a_pid_file_that_names_a_stranger_is_no_obstacle(used: Place) -> None:
    # After a container restarts, the dead postmaster's number belongs to anybody: here, to us.
    pid_file = used.home / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{used.home}/cluster\n1700000000\n5432\n/gone\n\n0 0\nready\n")
    shutil.copystat(used.home / "cluster" / "PG_VERSION", pid_file)
    owner = (used.home / "cluster").stat()
    os.chown(pid_file, owner.st_uid, owner.st_gid)

    async with used.server() as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_server_somebody_else_started_is_left_alone(made: Place) -> None:
    with _started_by_hand(made) as by_hand:
        await until(lambda: _is_ready(made))

        with pytest.raises(ServerDidNotStart, match=f"pid {by_hand.pid}"):
            await _visit(made.server())

        assert by_hand.poll() is None


async def test_a_lost_password_is_said(used: Place) -> None:
    (used.home / "password").unlink()

    with pytest.raises(DataDirectoryUnusable, match=r"password is missing"):
        await _visit(used.server())


async def test_a_password_of_other_data_is_said(used: Place) -> None:
    (used.home / "password").write_text("of another cluster")

    with pytest.raises(DataDirectoryUnusable, match="do not belong together"):
        await _visit(used.server())


async def test_a_server_that_cannot_start_is_quoted(used: Place) -> None:
    with (used.home / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = lots\n")

    with pytest.raises(ServerDidNotStart, match="shared_buffers"):
        await _visit(used.server())


async def test_a_data_directory_that_is_a_file_is_said(place: Place) -> None:
    place.data_dir.write_text("not a directory")

    with pytest.raises(DataDirectoryUnusable, match=re.escape(str(place.data_dir))):
        await _visit(place.server())


@as_root
async def test_a_full_disk_is_said(place: Place) -> None:
    with _small_disk(place.data_dir):
        with pytest.raises(DataDirectoryUnusable, match="No space left on device"):
            await _visit(place.server())

        assert not (place.home / "cluster").exists()


async def test_a_path_longer_than_a_socket_may_have_works(place: Place) -> None:
    data_dir = place.root / ("глубоко-" + "x" * 40) / ("y" * 50) / ("z" * 50)
    assert len(str(data_dir)) > 150
    data_dir.parent.mkdir(parents=True)

    async with place.server(data_dir) as server:
        assert await ask(server.url, "SELECT 1") == 1
        socket_dir = Path(server.url.partition("host=")[2])
        assert len(str(socket_dir)) < 60
        assert _permissions(socket_dir) == 0o700

    assert str(socket_dir.parent) in {"/run", "/tmp"}


@as_root
async def test_from_a_closed_home_data_and_binaries_move_to_the_system_directory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = place.root / "home"
    closed.mkdir(mode=0o700)
    _install_wheel(closed / "site", monkeypatch)
    data_dir = closed / "perezvon" / "var"

    with structlog.testing.capture_logs() as logs:
        async with place.server(data_dir) as server:
            await ask(server.url, "CREATE TABLE promise AS SELECT 'call Anna' AS what")
            bin_dir = server.bin_dir
    async with place.server(data_dir) as server:
        assert await ask(server.url, "SELECT what FROM promise") == "call Anna"

    moved = (data_dir / "postgres" / "location").readlink()
    assert moved.is_relative_to(place.system_dir)
    assert (moved / "cluster" / "PG_VERSION").exists()
    assert bin_dir.is_relative_to(place.system_dir)
    assert [line["data"] for line in logs if line["action"] == "postgres_relocated"] == [str(moved)]
    assert _permissions(closed) == 0o700
    assert place.system_dir.stat().st_uid == 0


@as_root
async def test_data_that_were_moved_elsewhere_and_lost_are_said(place: Place) -> None:
    place.home.mkdir(parents=True)
    (place.home / "location").symlink_to(place.system_dir / "data" / "gone")

    with pytest.raises(DataDirectoryUnusable, match="there is no such directory"):
        await _visit(place.server())


@as_root
async def test_the_server_runs_as_a_user_of_its_own(made: Place) -> None:
    async with made.server():
        assert owner(made.postmaster()) == "perezvon"


async def test_the_default_database_is_the_operators_if_there_is_one(place: Place) -> None:
    settings = Settings(database_url="postgresql://u:p@db.example/crm", data_dir=place.data_dir)

    async with default_database(settings) as url:
        assert url == "postgresql://u:p@db.example/crm"

    assert not place.data_dir.exists()


async def test_the_default_database_is_ours_otherwise(made: Place) -> None:
    async with default_database(Settings(data_dir=made.data_dir)) as url:
        assert await ask(url, "SELECT current_database()") == "perezvon"


def _install_wheel(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the wheel were installed in ``site``."""
    package = find_bin_dir().parents[1]
    site.mkdir()
    for name in (package.name, f"{package.name}.libs"):
        (site / name).symlink_to(package.parent / name)
    monkeypatch.syspath_prepend(site)


def _contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.name.endswith(".lock")
    }


def _is_ready(place: Place) -> bool:
    pid_file = place.home / "cluster" / "postmaster.pid"
    return pid_file.exists() and "ready" in pid_file.read_text()


@contextmanager
def _started_by_hand(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    place.root.chmod(0o777)
    owner = (place.home / "cluster").stat()
    command = [find_bin_dir() / "postgres", "-D", place.home / "cluster", "-c", "listen_addresses="]
    process = subprocess.Popen(
        [*command, "-c", f"unix_socket_directories={place.root}"],
        user=owner.st_uid,
        group=owner.st_gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _small_disk(directory: Path) -> Iterator[None]:
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", directory], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


def _permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
