"""``perezvon`` at a terminal: one command a purpose, and a sentence instead of a traceback.

What went wrong outside of us (settings, database, PBX, a file) ends with a
sentence on standard error: exit 2 for settings and usage, 1 for the rest. A
traceback means a fault of ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import click
import orjson
from pydantic import ValidationError

from channels.telephony import player, recorder
from channels.telephony.ami import LinkState
from channels.telephony.recording_segments import Limits
from channels.telephony.trial_call import CallOrder
from config.logging import configure_logging
from config.refusal import SettingsError
from config.settings import PbxSettings, Settings, load_settings
from crm_core.actions import users
from crm_core.actions.passwords import hash_password
from crm_core.actions.users import NewUser, PasswordHash
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Finding, Severity
from crm_core.domain.people import Role
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.default_database import default_database
from crm_core.store.defaults import seed_defaults
from crm_core.store.migrate import migrate as run_migrations
from crm_core.store.partitions import make_months
from gateway import backups, doctor
from gateway.app import EVERYTHING, RoleOfProcess, open_database, serve
from gateway.demo.run import demo as run_demo
from gateway.http.handlers.users import UserIn

if sys.platform == "win32":
    _new_loop = asyncio.new_event_loop
else:
    import uvloop

    _new_loop = uvloop.new_event_loop

Result = TypeVar("Result")

_WRONG_SETTINGS: Final = 2

_MARKS: Final = {Severity.FINE: "ok   ", Severity.ADVICE: "note ", Severity.FAULT: "WRONG"}

_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file; without it ./perezvon.toml, if there is one, and the environment (PEREZVON_…).",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="perezvon", prog_name="perezvon")
def main() -> None:
    """Perezvon: the right client's card before the phone is answered, and no promise forgotten."""


@main.command("serve")
@_config
@click.option("--roles", help=f"What this process does, separated by commas: {', '.join(RoleOfProcess)}. Default: all.")
def serve_command(config: Path | None, roles: str | None) -> None:
    """Run the program until SIGTERM or Ctrl C."""
    settings = _settings(config)
    wanted = _roles(roles)
    _log(logging.INFO)
    _run(serve(settings, roles=wanted))


@main.command("demo")
@_config
def demo_command(config: Path | None) -> None:
    """Run a demo: a tour company, its clients, and a PBX that plays recorded calls. No network needed."""
    settings = _settings(config)
    _log(logging.WARNING)
    _run(run_demo(settings))


@main.command("migrate")
@_config
def migrate_command(config: Path | None) -> None:
    """Bring the database up to date, completely. Stop older releases first."""
    _quietly(config, _migrate)
    click.echo("The database is up to date.")


async def _migrate(settings: Settings) -> None:
    async with default_database(settings) as url:
        await run_migrations(url, everything=True)
        async with Database(url, pool_size=1) as database, database.begin() as tx:
            await make_months(tx, now=tx.now)
            await seed_defaults(tx)


@main.command("check")
@_config
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of findings.")
@click.option("--call", "extension", metavar="EXTENSION", help="Ring this phone and tell what was heard of it.")
@click.option("--number", help="With --call: dial this number when the phone is answered; without, it hears an echo.")
@click.option("--pbx", "pbx_name", help="With --call: which PBX, if there are several.")
def check_command(
    config: Path | None, extension: str | None, number: str | None, pbx_name: str | None, *, as_json: bool
) -> None:
    """Say what is wrong with this installation and what to do; exit 1 if anything is."""
    settings = _settings(config)
    _log(logging.CRITICAL)
    if extension is None:
        findings = _run(doctor.examine(settings))
        _show(findings, as_json=as_json)
    else:
        pbx = _chosen_pbx(settings, pbx_name)
        order = CallOrder(extension=extension, number=number)
        findings = _run(doctor.place_test_call(settings, pbx, order, tell=None if as_json else _show_one))
        if as_json:
            _show(findings, as_json=True)
    if not all(finding.well for finding in findings):
        sys.exit(1)


def _show(findings: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(findings, option=orjson.OPT_INDENT_2))
        return
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        click.echo(f"{_MARKS[finding.severity]} {finding.subject:<{width}}  {finding.says}")
        if finding.advice:
            click.echo(f"{'':{width + 7}}→ {finding.advice}")
        if finding.change:
            for line in (f"{finding.change.file}:", *(f"    {line}" for line in finding.change.lines)):
                click.echo(f"{'':{width + 9}}{line}")


def _show_one(finding: Finding) -> None:
    _show([finding], as_json=False)


def _chosen_pbx(settings: Settings, name: str | None) -> PbxSettings:
    """The PBX of this name; without a name the only one."""
    named = [pbx for pbx in settings.pbx if name in {None, pbx.name}]
    if len(named) != 1:
        known = ", ".join(pbx.name for pbx in settings.pbx) or "none"
        wrong = f"There is no PBX {name} in the settings" if name else "Say which PBX: --pbx NAME"
        _give_up(f"{wrong}; there is: {known}.", code=_WRONG_SETTINGS)
    return named[0]


@main.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_config
def backup_command(file: Path, config: Path | None) -> None:
    """Write the whole database to FILE. Recordings are files of the PBX and not in it."""

    async def work(settings: Settings) -> None:
        async with default_database(settings) as url:
            await backups.backup(url, file)

    _quietly(config, work)
    click.echo(f"Written to {file} ({file.stat().st_size:,} bytes).")


@main.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Replace what the database holds.")
@_config
def restore_command(file: Path, config: Path | None, *, yes: bool) -> None:
    """Put FILE in the place of what the database holds, all of it or nothing."""

    async def work(settings: Settings) -> None:
        async with default_database(settings) as url:
            await backups.restore(url, file, replace=yes)

    _quietly(config, work)
    click.echo("Restored. Start Perezvon: it brings the database up to date.")


@main.group("user")
def user_group() -> None:
    """People who work here."""


@user_group.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As colleagues and clients know them.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--extension", help="Their telephone on the PBX, 1001.")
@click.option("--team", help="Made when there is none of this name.")
@click.option("--queue", "queues", multiple=True, help="Whose calls they take; may be given several times.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@_config
def add_user_command(
    login: str,
    name: str,
    role: str,
    extension: str | None,
    team: str | None,
    queues: tuple[str, ...],
    config: Path | None,
    *,
    password_stdin: bool,
) -> None:
    """Add a person. Without --password-stdin they can use tokens only."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        person = UserIn(
            login=login,
            name=name,
            role=Role(role),
            extension=extension,
            team=team,
            queues=queues,
            password=password,
        )
    except ValidationError as error:
        _give_up("\n".join(_complaints(error)), code=_WRONG_SETTINGS)

    async def work(settings: Settings) -> None:
        hashed = PasswordHash(await hash_password(person.password)) if person.password is not None else None
        new = NewUser(**person.model_dump(exclude={"password"}))
        async with open_database(settings, pool_size=1) as database, database.begin() as tx:
            await users.add_user(tx, new, hashed, by=None)

    _quietly(config, work)
    click.echo(f"{role} {login} added.")


@main.group("token")
def token_group() -> None:
    """Keys for programs."""


@token_group.command("create")
@click.argument("login")
@click.option("--name", default="", help="What it is for.")
@_config
def create_token_command(login: str, name: str, config: Path | None) -> None:
    """Make a bearer token that acts as LOGIN. It is shown once."""

    async def work(settings: Settings) -> str:
        async with open_database(settings, pool_size=1) as database, database.begin() as tx:
            return await users.create_token(tx, login, name=name)

    click.echo(f"Token for {login}, shown only now: {_quietly(config, work)}")


@main.group("ami")
def ami_group() -> None:
    """Recordings of what an Asterisk says."""


@ami_group.command("record")
@click.option("--pbx", "pbx_name", required=True, help="Its name in the settings.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--anonymise", is_flag=True, help="Other numbers and names, the same for the same ones.")
@click.option("--keep-megabytes", type=click.IntRange(min=1), help="FILE is a directory that grows no larger.")
@click.option("--keep-days", type=click.FloatRange(min=0.01), help="FILE is a directory; what is older is removed.")
@_config
def record_command(
    pbx_name: str,
    file: Path,
    config: Path | None,
    *,
    anonymise: bool,
    keep_megabytes: int | None,
    keep_days: float | None,
) -> None:
    """Write down everything the PBX says, until Ctrl C. The file holds numbers and names: keep it like a backup."""
    settings = _settings(config)
    pbx = _chosen_pbx(settings, pbx_name)
    _log(logging.WARNING)

    def tell(state: LinkState) -> None:
        click.echo(f"{pbx.name}: {state.status}{f' ({state.error})' if state.error else ''}", err=True)

    limits = None
    if keep_megabytes is not None or keep_days is not None:
        limits = Limits(
            size_bytes=keep_megabytes * 2**20 if keep_megabytes else None,
            age=timedelta(days=keep_days) if keep_days else None,
        )
    _run(_until_signal(recorder.record(pbx, file, limits=limits, anonymise=anonymise, on_state=tell)))
    click.echo(f"Written to {file}.", err=True)


@ami_group.command("anonymise")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def anonymise_command(source: Path, target: Path) -> None:
    """Write a recording again with other numbers and names in it, the same for the same ones."""
    try:
        left_out = recorder.anonymise(source, target)
    except (OSError, CrmError) as error:
        _give_up(str(error))
    malformed = f" {left_out} malformed frames were left out." if left_out else ""
    click.echo(f"Written to {target}.{malformed}", err=True)


@ami_group.command("serve")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--port", default=0, type=click.IntRange(0, 65_535), help="On loopback; 0 is any.")
@click.option("--speed", default=1.0, type=click.FloatRange(min=0), help="2 is twice as fast, 0 as fast as it goes.")
def play_command(files: tuple[Path, ...], port: int, speed: float) -> None:
    """Play recordings as an AMI server on loopback, to any user and secret."""
    _log(logging.WARNING)
    _run(_until_signal(player.serve(files, port=port, speed=speed)))


def _log(level: int) -> None:
    configure_logging(level)
    # What it does is told by our own migrations, in one line.
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))


def _settings(config: Path | None) -> Settings:
    try:
        return load_settings(config, os.environ)
    except SettingsError as error:
        _give_up(str(error), code=_WRONG_SETTINGS)


def _roles(given: str | None) -> frozenset[RoleOfProcess]:
    if given is None:
        return EVERYTHING
    try:
        return frozenset(RoleOfProcess(name.strip()) for name in given.split(","))
    except ValueError as error:
        _give_up(f"--roles: {error}; allowed: {', '.join(RoleOfProcess)}.", code=_WRONG_SETTINGS)


def _quietly(config: Path | None, work: Callable[[Settings], Coroutine[None, None, Result]]) -> Result:
    """For commands whose output is their result: only warnings are logged."""
    settings = _settings(config)
    _log(logging.WARNING)
    return _run(work(settings))


def _run(work: Coroutine[None, None, Result]) -> Result:
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(work)
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        _give_up(sentence)


def _sentence(error: BaseException) -> str | None:
    """What to tell of an error that is not our fault; None when it is."""
    match error:
        case BaseExceptionGroup():
            sentences = [_sentence(one) for one in error.exceptions]
            return None if None in sentences else "\n".join(dict.fromkeys(filter(None, sentences)))
        case CrmError():
            return str(error)
        case OSError() if not isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
            return f"{error.filename}: {error.strerror}" if error.filename else str(error)
        case _ if isinstance(error, DATABASE_AWAY):
            return f"The database cannot be reached: {getattr(error, 'strerror', None) or error}"
        case _:
            return None


async def _until_signal(work: Coroutine[None, None, None]) -> None:
    """Until it ends by itself, or SIGTERM or Ctrl C ends it."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


def _complaints(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        yield f"{'.'.join(map(str, one['loc']))}: {one['msg']}"


def _give_up(sentence: str, *, code: int = 1) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(code)
