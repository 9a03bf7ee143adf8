"""Hearing a call again: with seek, and never without a trace."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote
from uuid import UUID

import aiohttp
from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from pydantic import BaseModel, ConfigDict

from channels.telephony.sound_format import content_type
from channels.telephony.sound_shelves import (
    FolderShelf,
    RecordingsRefused,
    RecordingsUnavailable,
    WebShelf,
    shelf_of,
)
from crm_core.actions import recordings
from crm_core.domain.errors import Forbidden, NotFound
from crm_core.domain.recordings import RecordingState
from crm_core.store.database import Transaction
from crm_core.views.recordings import RecordingFile, get_recording
from gateway.http import problems
from gateway.http.permissions import Permission
from gateway.http.request import Request, Streamed
from gateway.http.route import Routes

routes: Final = Routes("recordings")

#: What decides which piece of a sound is wanted, and what its keeper tells of it: passed on as it is.
_ASKED: Final = (hdrs.RANGE, hdrs.IF_RANGE, hdrs.IF_NONE_MATCH, hdrs.IF_MODIFIED_SINCE)
_PASSED_ON: Final = (hdrs.CONTENT_LENGTH, hdrs.CONTENT_RANGE, hdrs.ACCEPT_RANGES, hdrs.LAST_MODIFIED, hdrs.ETAG)


class RecordingMissing(NotFound):
    """The file is not where the settings say; perhaps it was moved or deleted."""

    code = "recording_missing"


class HearingQuery(BaseModel):
    """``listening``: the player's own name for this listening, the same for each piece of the sound it asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listening: UUID | None = None
    download: bool = False


@routes.add(
    "GET",
    "/recordings/{recording_id}/audio",
    permission=Permission.SIGNED_IN,
    summary="Hear a recording",
    media="audio/*",
    refusals=[RecordingMissing, RecordingsUnavailable, RecordingsRefused, Forbidden],
)
async def get_audio(request: Request, tx: Transaction, recording_id: UUID, query: HearingQuery) -> web.StreamResponse:
    """Understands Range. Each listening is written to the audit log once; to download is a supervisor's right."""
    recording = await get_recording(tx, recording_id, request.viewer)
    if query.download and not Permission.SUPERVISOR.allows(request.viewer.role):
        raise Forbidden
    response = _response(recording, request, download=query.download)
    if response is None:
        if recording.state == RecordingState.AVAILABLE:
            await recordings.record_gone(tx, recording_id)  # kept: the refusal is an answer, not an exception
        return problems.answer(RecordingMissing())
    if request.raw.method == hdrs.METH_GET:
        await _note(request, tx, recording_id, query)
    return response


async def _note(request: Request, tx: Transaction, recording_id: UUID, query: HearingQuery) -> None:
    if query.download:
        await recordings.note_download(tx, recording_id, by=request.user_id, address=request.address)
        return
    await recordings.note_hearing(
        tx,
        recording_id,
        by=request.user_id,
        address=request.address,
        listening=query.listening,
        from_the_start=_is_from_the_start(request.raw),
    )


def _is_from_the_start(raw: web.Request) -> bool:
    wanted = raw.headers.get(hdrs.RANGE, "")
    return not wanted or wanted.replace(" ", "").startswith("bytes=0-")


def _response(recording: RecordingFile, request: Request, *, download: bool) -> web.StreamResponse | None:
    """The sound, about to be sent; None when there is nothing to send."""
    pbx = next((one for one in request.services.settings.pbx if one.name == recording.pbx), None)
    shelf = shelf_of(pbx) if pbx else None
    file = recording.place or recording.file
    name = quote(PurePosixPath(file).name, safe="")
    headers = {
        hdrs.CONTENT_TYPE: content_type(file),
        hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{name}" if download else "inline",
        hdrs.CACHE_CONTROL: "private, no-store",
    }
    match shelf:
        case FolderShelf():
            path = shelf.find(file)
            return web.FileResponse(path, headers=headers) if path else None
        case WebShelf():
            return _Relayed(shelf, file, headers)
        case None:
            return None


class _Relayed(Streamed):
    """Sound that another server keeps, passed on piece by piece while it is listened to."""

    def __init__(self, shelf: WebShelf, file: str, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self._shelf = shelf
        self._file = file

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        asked = {name: request.headers[name] for name in _ASKED if name in request.headers}
        try:
            async with self._shelf.fetch(self._file, headers=asked, method=request.method) as answer:
                if answer is None:
                    raise RecordingMissing
                return await self._pass_on(request, answer[1])
        except (aiohttp.ClientError, TimeoutError) as error:
            if self.prepared:
                raise  # the answer has begun: only breaking it off tells the player
            raise RecordingsUnavailable from error

    async def _pass_on(self, request: web.BaseRequest, upstream: aiohttp.ClientResponse) -> AbstractStreamWriter | None:
        self.set_status(upstream.status)
        for name in _PASSED_ON:
            if name in upstream.headers:
                self.headers[name] = upstream.headers[name]
        writer = await super().prepare(request)
        if request.method == hdrs.METH_GET:
            async for piece in upstream.content.iter_chunked(65_536):
                await self.write(piece)
        await self.write_eof()
        return writer
