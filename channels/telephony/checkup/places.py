"""What must be reachable beside the AMI: recordings, call records, and our own spool on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp

from channels.telephony.checkup.observations import Observation, advice, fault, fine
from channels.telephony.history import books
from config.sections import PbxSettings
from config.settings import Settings
from crm_core.domain.findings import Change
from crm_core.views.telephony_facts import AnsweredCalls

#: Asterisk writes a call's records at its end; later than this it writes them elsewhere.
_WRITTEN_WITHIN = timedelta(minutes=2)
#: A database that has not answered by then would not mend a gap either.
_BOOKS_ANSWER_S = 5.0
#: Fuller than this and the next outage of the database may lose events; nearly full, this one does.
_SPOOL_HIGH, _SPOOL_FULL = 0.5, 0.9


async def examine_recordings(pbx: PbxSettings, calls: AnsweredCalls | None) -> list[Observation]:
    """The place itself, and whether the last answered calls have their sound."""
    subject = f"pbx {pbx.name} recordings"
    if pbx.recordings is None:
        change = Change(file="perezvon.toml", lines=("[[pbx]]", 'recordings = "/var/spool/asterisk/monitor"'))
        return [advice("recordings_unset", subject, change=change)]
    if "://" in pbx.recordings:
        place = await _examine_address(subject, pbx.recordings)
    else:
        place = await asyncio.to_thread(_examine_directory, subject, Path(pbx.recordings))
    found = [place]
    if calls is not None and calls.answered:
        found.append(_judge_sound(f"{subject} of calls", calls))
    return found


def _judge_sound(subject: str, calls: AnsweredCalls) -> Observation:
    if not calls.named:
        return fault("recordings_unnamed", subject, answered=calls.answered)
    if calls.found < calls.answered:
        severe = fault if calls.found == 0 else advice
        return severe("recordings_missing", subject, answered=calls.answered, named=calls.named, found=calls.found)
    return fine("recordings_found", subject, answered=calls.answered)


async def _examine_address(subject: str, url: str) -> Observation:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as client,
            client.head(f"{url}/", allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        return fault("recordings_no_server", subject, url=url, reason=str(error) or "timeout")
    if status in {401, 407} or status >= 500:
        return fault("recordings_server_refuses", subject, url=url, status=status)
    return fine("recordings_server", subject, url=url)


def _examine_directory(subject: str, path: Path) -> Observation:
    try:
        next(path.iterdir(), None)
    except OSError as error:
        return fault("path_unreadable", subject, path=path, reason=error.strerror or str(error))
    return fine("path_readable", subject, path=path)


def examine_records(pbx: PbxSettings, calls: AnsweredCalls | None) -> Iterator[Observation]:
    """The files from which a hole in our hearing is mended: are they there, and are they still written."""
    for name, place in _files(pbx):
        subject = f"pbx {pbx.name} {name}"
        try:
            with place.open("rb"):
                written_at = datetime.fromtimestamp(place.stat().st_mtime, UTC)
        except OSError as error:
            yield fault("path_unreadable", subject, path=place, reason=error.strerror or str(error))
            continue
        last_ended = calls.last_ended if calls else None
        if last_ended is not None and written_at < last_ended - _WRITTEN_WITHIN:
            yield fault("records_stale", subject, path=place, written=f"{written_at:%F %T} UTC")
        else:
            yield fine("records_fresh", subject, path=place, written=f"{written_at:%F %T} UTC")
    if not any((pbx.cdr_url, pbx.cel_url, pbx.queue_log)):
        yield advice("records_unset", f"pbx {pbx.name} records")


async def examine_books(pbx: PbxSettings, calls: AnsweredCalls | None) -> list[Observation]:
    """Can the mending itself read the records, of the minutes around the last call: tables reached, columns known."""
    subject = f"pbx {pbx.name} records"
    middle = (calls.last_ended if calls and calls.last_ended else datetime.now(UTC)).timestamp()
    try:
        async with asyncio.timeout(_BOOKS_ANSWER_S):
            found = await books.look_up(pbx, since=middle - 60, until=middle + 60)
    except TimeoutError:
        return [fault("records_unreadable", subject, reason=f"> {_BOOKS_ANSWER_S:g} s")]
    unreadable = [fault("records_unreadable", subject, reason=reason) for reason in found.failures]
    if not found.sources:
        return unreadable
    return [*unreadable, fine("records_read", subject, sources=found.sources)]


def _files(pbx: PbxSettings) -> Iterator[tuple[str, Path]]:
    for name, url in (("cdr", pbx.cdr_url), ("cel", pbx.cel_url)):
        if url is not None and url.startswith("file:"):
            yield name, Path(unquote(urlsplit(url).path))
    if pbx.queue_log is not None:
        yield "queue_log", pbx.queue_log


def examine_spool(pbx: PbxSettings, settings: Settings) -> Observation:
    """How much of what was heard waits on disk for the database."""
    subject = f"pbx {pbx.name} spool"
    directory = settings.data_dir / "spool" / pbx.name
    try:
        held = sum(path.stat().st_size for path in directory.glob("*.spool"))
    except OSError as error:
        return fault("path_unreadable", subject, path=directory, reason=error.strerror or str(error))
    share = held / settings.limits.ami_spool_bytes
    megabytes, percent = f"{held / 1024**2:.1f}", f"{share:.0%}"
    if share >= _SPOOL_FULL:
        return fault("spool_full", subject, megabytes=megabytes, percent=percent)
    if share >= _SPOOL_HIGH:
        return advice("spool_high", subject, megabytes=megabytes, percent=percent)
    return fine("spool_empty" if held == 0 else "spool_low", subject, megabytes=megabytes, percent=percent)
