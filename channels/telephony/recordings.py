"""The sound of a call: found where the settings say the PBX keeps it.

The PBX names the file; that name is a stranger's word. Only its part below the
configured directory is used, and what a link or ``..`` leads out of is not found.
"""

from __future__ import annotations

import asyncio
import wave
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import structlog

from config.sections import PbxSettings
from crm_core.actions.recordings import record_found
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.views.recordings import missing_recordings

logger = structlog.get_logger(__name__)

#: How often we look for files of calls that have ended.
LOOK_EVERY = timedelta(seconds=3)

_CONTENT_TYPES = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".gsm": "audio/x-gsm",
}

#: A WAV file that holds a header and nothing else: MixMonitor's option `b` leaves one for an unanswered call.
_EMPTY_WAV_BYTES = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Where one recording can be read: a file of this machine, or an address to fetch it from."""

    path: Path | None
    url: str | None
    content_type: str


def locate(pbx: PbxSettings, file: str) -> Sound | None:
    """The sound of ``file`` as the PBX named it; None when it is not there or must not be read."""
    if pbx.recordings is None:
        return None
    content_type = _CONTENT_TYPES.get(PurePosixPath(file).suffix.lower(), "application/octet-stream")
    if pbx.recordings.startswith(("http://", "https://")):
        name = quote(PurePosixPath(file).name)
        return Sound(path=None, url=f"{pbx.recordings.rstrip('/')}/{name}", content_type=content_type)
    path = _below(Path(pbx.recordings), file)
    return Sound(path=path, url=None, content_type=content_type) if path else None


def _below(folder: Path, file: str) -> Path | None:
    """The named file inside the folder: by its whole name when absolute, else relative, else by its base name."""
    if "\0" in file:
        return None
    root = folder.resolve()
    for candidate in (root / file.lstrip("/"), Path(file), root / PurePosixPath(file).name):
        resolved = candidate.resolve()
        if resolved.is_relative_to(root) and resolved.is_file():
            return resolved
    return None


def duration_s(path: Path) -> float | None:
    """Seconds of sound in a WAV file; None for other formats or a broken header."""
    try:
        with wave.open(str(path)) as sound:
            seconds: float = sound.getnframes() / sound.getframerate()
            return round(seconds, 3)
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


class RecordingFinder:
    """Looks for the files of ended calls of one PBX until they are there."""

    def __init__(self, pbx: PbxSettings, database: Database) -> None:
        self._pbx = pbx
        self._database = database

    async def run(self) -> None:
        """Look again and again; a database that is away is somebody else's news."""
        while self._pbx.recordings:
            try:
                await self.look_once()
            except DATABASE_AWAY:
                logger.debug("recordings wait for the database", action="recordings_wait", pbx=self._pbx.name)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look_once(self) -> int:
        """Mark what is there as playable; returns how many were found."""
        async with self._database.read() as db:
            missing = await missing_recordings(db, self._pbx.name)
        found = 0
        for recording in missing:
            seen = await asyncio.to_thread(self._measure, recording.file)
            if seen is not None:
                async with self._database.begin() as tx:
                    await record_found(tx, recording.id, duration_s=seen or None)
                found += 1
        return found

    def _measure(self, file: str) -> float | None:
        """Seconds of sound; 0 when it cannot be told; None when there is nothing to hear (yet)."""
        sound = locate(self._pbx, file)
        if sound is None:
            return None
        if sound.path is None:
            return 0.0
        if sound.path.stat().st_size <= _EMPTY_WAV_BYTES:
            return None
        return duration_s(sound.path) or 0.0
