"""Looks for the sounds of ended calls until they are there, or there is no more hope.

A file is whole when two looks in a row saw the same size: it may still be
written, or copied from another machine. What is found is measured by itself,
not by what the PBX or the call says of it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from channels.telephony.sound_format import read_format
from channels.telephony.sound_shelves import Seen, shelf_of
from config.sections import PbxSettings
from crm_core.actions.recordings import record_absent, record_empty, record_found, record_growing
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from crm_core.domain.recordings import STILL_EMPTY
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.views.recordings import RecordingFile, due_recordings

logger = structlog.get_logger(__name__)

#: How often we ask whether there is a file to look for.
LOOK_EVERY = timedelta(seconds=3)


class RecordingFinder:
    """Looks for the files of one PBX."""

    def __init__(self, pbx: PbxSettings, database: Database) -> None:
        self._pbx = pbx
        self._shelf = shelf_of(pbx)
        self._database = database
        self._sizes: dict[UUID, int | None] = {}  # of files that may still grow
        self._is_shelf_away = False

    async def run(self) -> None:
        """Look again and again; a database that is away is somebody else's news."""
        while self._shelf is not None:
            try:
                await self.look_once()
            except DATABASE_AWAY:
                logger.debug("recordings wait for the database", action="recordings_wait", pbx=self._pbx.name)
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look_once(self) -> None:
        """Look for everything that is due, and write down what was seen."""
        async with self._database.read() as db:
            due = await due_recordings(db, self._pbx.name)
        for recording in due:
            try:
                await self._look_for(recording)
            except (PeerUnavailable, PeerRefused) as away:
                self._say_away(away)
                return  # of the others it would be said as well; they stay due
            self._say_back()

    async def _look_for(self, recording: RecordingFile) -> None:
        assert self._shelf is not None
        seen = await self._shelf.look(recording.file)
        async with self._database.begin() as tx:
            if seen is None:
                await record_absent(tx, recording.id)
            elif self._grows(recording.id, seen):
                await record_growing(tx, recording.id)
            else:
                await self._record_whole(tx, recording, seen)

    def _grows(self, recording_id: UUID, seen: Seen) -> bool:
        if self._sizes.get(recording_id, -1) == seen.size:
            del self._sizes[recording_id]
            return False
        self._sizes[recording_id] = seen.size
        return True

    async def _record_whole(self, tx: Transaction, recording: RecordingFile, seen: Seen) -> None:
        sound = read_format(seen.place, seen.head, seen.size)
        if not sound.is_empty:
            await record_found(tx, recording.id, duration_s=sound.duration_s, encoding=sound.encoding, place=seen.place)
        elif recording.ended_at is None or datetime.now(UTC) - recording.ended_at < STILL_EMPTY:
            await record_growing(tx, recording.id)  # its header is there, the sound may follow
        else:
            await record_empty(tx, recording.id)

    def _say_away(self, error: PeerUnavailable | PeerRefused) -> None:
        if not self._is_shelf_away:
            logger.warning(
                "recordings cannot be looked for", action="recordings_away", pbx=self._pbx.name, error=str(error)
            )
        self._is_shelf_away = True

    def _say_back(self) -> None:
        if self._is_shelf_away:
            logger.info("recordings can be looked for again", action="recordings_back", pbx=self._pbx.name)
        self._is_shelf_away = False
