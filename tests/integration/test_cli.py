"""What an operator types, and what they read."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from channels.telephony.recording_format import load
from gateway import cli

Perezvon = Callable[..., Result]


@pytest.fixture
def perezvon(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Perezvon]:
    """The program, on a database of its own; it leaves pytest's logging alone."""
    monkeypatch.setattr(cli, "configure_logging", lambda level: None)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    environment = {"PEREZVON_DATABASE_URL": database_url, "PEREZVON_DATA_DIR": str(tmp_path / "var")}

    def run(*arguments: str, typed: str = "", **more: str) -> Result:
        return runner.invoke(cli.main, arguments, input=typed, env=environment | more)

    return run


def add_anna(perezvon: Perezvon, *more: str) -> Result:
    arguments = ("user", "add", "anna", "--name", "Анна", "--role", "agent", "--password-stdin", *more)
    return perezvon(*arguments, typed="correct horse\n")


def rows(database_url: str, query: str) -> list[asyncpg.Record]:
    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database_url)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_person_is_added_with_all_that_belongs_to_them(perezvon: Perezvon, database_url: str) -> None:
    result = add_anna(perezvon, "--extension", "1001", "--team", "North", "--queue", "sales", "--queue", "hotline")

    assert (result.exit_code, result.stdout) == (0, "agent anna added.\n")
    (person,) = rows(
        database_url,
        """
        SELECT person.name, person.role, team.name AS team, device.extension, person.password_hash LIKE '$argon2id$%',
               (SELECT array_agg(queue ORDER BY queue) FROM queue_members) AS queues
        FROM users person JOIN teams team ON team.id = team_id JOIN devices device ON device.user_id = person.id
        """,
    )
    assert tuple(person) == ("Анна", "agent", "North", "1001", True, ["hotline", "sales"])


def test_a_token_is_printed_once_last_on_its_line(perezvon: Perezvon) -> None:
    add_anna(perezvon)

    result = perezvon("token", "create", "anna", "--name", "reports")

    assert result.exit_code == 0
    assert re.fullmatch(r".* pz_[\w-]{43}\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "says"),
    [
        (["user", "add", "a b", "--name", "A", "--role", "agent"], "", 2, "login"),
        (["user", "add", "anna", "--name", "A", "--role", "boss"], "", 2, "--role"),
        (["user", "add", "anna", "--name", "A", "--role", "agent", "--password-stdin"], "short\n", 2, "password"),
        (["user", "add", "anna", "--name", "A", "--role", "agent", "--extension", "1&2"], "", 2, "extension"),
        (["token", "create", "nobody"], "", 1, "Nobody has this login."),
        (["ami", "record", "--pbx", "main", "call.ami"], "", 2, "There is no PBX main"),
        (["ami", "serve", "nothing.ami"], "", 2, "nothing.ami"),
        (["serve", "--roles", "web,cook"], "", 2, "allowed: web, telephony"),
        (["serve", "--config", "nothing.toml"], "", 2, "nothing.toml"),
        (["backup", "nowhere/file"], "", 1, "nowhere: No such file or directory"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    perezvon: Perezvon, arguments: list[str], typed: str, code: int, says: str
) -> None:
    result = perezvon(*arguments, typed=typed)

    assert (result.exit_code, says in result.stderr) == (code, True), result.stderr
    assert "Traceback" not in result.output


def test_a_recording_is_written_again_with_other_people_in_it(perezvon: Perezvon, tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "fixtures" / "ami" / "direct_answered.ami.jsonl"
    target = tmp_path / "report.ami.jsonl.gz"

    result = perezvon("ami", "anonymise", str(source), str(target))
    wrong = perezvon("ami", "anonymise", __file__, str(target))

    assert (result.exit_code, result.stderr) == (0, f"Written to {target}.\n")
    assert len(load(target).frames) == len(load(source).frames)
    assert b"CallerIDNum" in gzip.decompress(target.read_bytes())
    assert (wrong.exit_code, "neither a recording of ours nor AMI bytes" in wrong.stderr) == (1, True)


def test_somebody_elses_login_is_refused(perezvon: Perezvon) -> None:
    add_anna(perezvon)

    again = add_anna(perezvon)

    assert (again.exit_code, again.stderr) == (1, "Somebody already has this login.\n")


def test_a_wrong_setting_stops_everything_and_names_itself(perezvon: Perezvon) -> None:
    result = perezvon("serve", PEREZVON_HTTP__PORT="http", PEREZVON_PBXX="[]")

    assert result.exit_code == 2
    assert 'PEREZVON_HTTP__PORT) = "http" is wrong' in result.stderr
    assert "PEREZVON_PBXX" in result.stderr


def test_a_database_that_is_away_is_said_in_words(perezvon: Perezvon) -> None:
    result = perezvon("token", "create", "anna", PEREZVON_DATABASE_URL="postgresql://127.0.0.1:1/nothing")

    assert (result.exit_code, result.stderr) == (1, "The database cannot be reached: Connection refused\n")


def test_the_doctor_finds_nothing_wrong_with_a_database_that_is_up_to_date(
    perezvon: Perezvon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "index.html").touch()
    monkeypatch.setattr("gateway.doctor.STATIC", tmp_path)

    result = perezvon("check")

    assert result.exit_code == 0, result.stdout
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"ok"}
    assert {"database", "schema", "partitions", "clock", "letters", "disk"} <= set(result.stdout.split())


def test_the_doctor_says_what_to_do(perezvon: Perezvon) -> None:
    pbx = '[{"name": "main", "host": "127.0.0.1", "port": 1, "username": "crm", "secret": "s", "recordings": "/no"}]'

    result = perezvon("check", PEREZVON_PBX=pbx, PEREZVON_LIMITS__AMI_CONNECT_S="1")

    assert result.exit_code == 1
    assert "127.0.0.1:1 cannot be reached" in result.stdout
    assert "→ Is Asterisk running" in result.stdout
    assert "/no cannot be read" in result.stdout


def test_the_doctor_says_whether_a_web_chat_reaches_somebody(perezvon: Perezvon) -> None:
    site = {"name": "tours", "site_key": "pk_tours", "origins": ["https://tours.example"], "queue": "sales"}
    settings = {"PEREZVON_WEBCHAT": json.dumps([site]), "PEREZVON_PUBLIC_URL": "https://crm.example"}

    deserted = perezvon("check", **settings)
    add_anna(perezvon, "--queue", "sales")
    staffed = perezvon("check", **settings)
    unencrypted = perezvon("check", **settings | {"PEREZVON_PUBLIC_URL": "http://crm.example"})

    assert "nobody is in the queue sales" in deserted.stdout
    assert 'data-site="pk_tours" on pages of https://tours.example' in staffed.stdout
    assert "1 in the queue sales" in staffed.stdout
    assert "browsers do not let https://tours.example" in unencrypted.stdout


def test_the_doctor_speaks_to_programs_too(perezvon: Perezvon) -> None:
    pbx = '[{"name": "main", "host": "127.0.0.1", "port": 1, "username": "crm", "secret": "s"}]'

    result = perezvon("check", "--json", PEREZVON_PBX=pbx, PEREZVON_LIMITS__AMI_CONNECT_S="1")

    findings = {finding["code"]: finding for finding in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert findings["door_closed"]["severity"] == "fault"
    assert findings["door_closed"]["change"]["file"] == "manager.conf"


def test_a_test_call_to_a_pbx_that_is_away_says_why(perezvon: Perezvon) -> None:
    pbx = '[{"name": "main", "host": "127.0.0.1", "port": 1, "username": "crm", "secret": "s"}]'

    called = perezvon("check", "--call", "1001", PEREZVON_PBX=pbx, PEREZVON_LIMITS__AMI_CONNECT_S="1")
    nowhere = perezvon("check", "--call", "1001", "--pbx", "other", PEREZVON_PBX=pbx)

    assert (called.exit_code, "127.0.0.1:1 cannot be reached" in called.stdout) == (1, True)
    assert (nowhere.exit_code, "There is no PBX other" in nowhere.stderr) == (2, True)


def test_a_backup_restores_what_it_saw_and_tells_desks_to_reload(
    perezvon: Perezvon, database_url: str, tmp_path: Path
) -> None:
    add_anna(perezvon)
    (before,) = rows(database_url, "SELECT last_seq FROM outbox_counter")
    file = tmp_path / "perezvon.backup"
    assert perezvon("backup", str(file)).exit_code == 0
    perezvon("user", "add", "boris", "--name", "Boris", "--role", "agent")

    refused = perezvon("restore", str(file))
    restored = perezvon("restore", str(file), "--yes")

    assert (refused.exit_code, "--yes" in refused.stderr) == (1, True)
    assert restored.exit_code == 0, restored.stderr
    assert [row["login"] for row in rows(database_url, "SELECT login FROM users")] == ["anna"]
    (after,) = rows(database_url, "SELECT last_seq FROM outbox_counter")
    assert after["last_seq"] == before["last_seq"] + 1_000_000
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_backup_changes_nothing(perezvon: Perezvon, database_url: str, tmp_path: Path) -> None:
    add_anna(perezvon)
    file = tmp_path / "notes.txt"
    file.write_text("buy milk")

    result = perezvon("restore", str(file), "--yes")

    assert result.exit_code == 1
    assert "pg_restore" in result.stderr
    assert len(rows(database_url, "SELECT 1 FROM users")) == 1


def test_a_restore_waits_until_nobody_works_on_the_database(
    perezvon: Perezvon, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "perezvon.backup"
    perezvon("backup", str(file))

    async def restore_beside_a_server() -> Result:
        connection = await asyncpg.connect(database_url, server_settings={"application_name": "perezvon"})
        try:
            return await asyncio.to_thread(perezvon, "restore", str(file), "--yes")
        finally:
            await connection.close()

    result = asyncio.run(restore_beside_a_server())

    assert (result.exit_code, result.stderr) == (1, "Perezvon works on this database; stop it first.\n")


def test_migrating_twice_is_no_news(perezvon: Perezvon) -> None:
    assert perezvon("migrate").exit_code == 0
    assert perezvon("migrate").stdout == "The database is up to date.\n"
