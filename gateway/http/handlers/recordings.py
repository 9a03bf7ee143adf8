"""Hearing a call again: with seek, and never without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Final
from uuid import UUID

import aiohttp
from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from pydantic import BaseModel, ConfigDict, Field

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
from crm_core.inputs import Moment
from crm_core.store.database import Reader, Transaction
from crm_core.views.model import WireModel
from crm_core.views.paging import CursorInvalid, Page
from crm_core.views.recordings import RecordingFile, get_recording
from crm_core.views.unrecorded import Unrecorded, UnrecordedGroup, group_unrecorded, list_unrecorded
from gateway.http import problems
from gateway.http.downloads import disposition
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request, Streamed
from gateway.http.route import Routes

routes: Final = Routes("recordings")

#: How far back unrecorded calls are listed when it is not said.
_LATELY: Final = timedelta(days=7)
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


class UnrecordedQuery(Paging):
    """``from ≤ started_at < to``; without them the last seven days."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None

    def period(self) -> tuple[datetime, datetime]:
        now = datetime.now(UTC)
        return (self.from_ or now - _LATELY).astimezone(UTC), (self.to or now).astimezone(UTC)


class UnrecordedGroups(WireModel):
    """Who answered without a recording; ``expected`` is false where no PBX says where its recordings are."""

    expected: bool
    items: list[UnrecordedGroup]


@routes.add(
    "GET",
    "/recordings/unrecorded",
    permission=Permission.SUPERVISOR,
    summary="List calls that were answered and cannot be heard",
    refusals=[CursorInvalid],
)
async def get_unrecorded(request: Request, reader: Reader, query: UnrecordedQuery) -> Page[Unrecorded]:
    """Of PBXs whose settings say where recordings are, and not before a file had time to arrive."""
    since, until = query.period()
    return await list_unrecorded(
        reader,
        request.viewer,
        pbxs=_recording_pbxs(request),
        since=since,
        until=until,
        limit=query.limit,
        cursor=query.cursor,
    )


@routes.add(
    "GET",
    "/recordings/unrecorded/groups",
    permission=Permission.SUPERVISOR,
    summary="Whose answered calls are not recorded, and since when",
)
async def get_unrecorded_groups(request: Request, reader: Reader, query: UnrecordedQuery) -> UnrecordedGroups:
    """A group is a queue and a manager; ``since`` is null when their last call was recorded."""
    since, until = query.period()
    pbxs = _recording_pbxs(request)
    groups = await group_unrecorded(reader, request.viewer, pbxs=pbxs, since=since, until=until)
    return UnrecordedGroups(expected=bool(pbxs), items=groups)


def _recording_pbxs(request: Request) -> list[str]:
    return [pbx.name for pbx in request.services.settings.pbx if pbx.recordings is not None]


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
    headers: dict[str, str] = {
        hdrs.CONTENT_TYPE: content_type(file),
        hdrs.CONTENT_DISPOSITION: disposition(PurePosixPath(file).name) if download else "inline",
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

    def __init__(self, shelf: WebShelf, file: str, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        self._shelf = shelf
        self._file = file

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        asked: dict[str, str] = {name: request.headers[name] for name in _ASKED if name in request.headers}
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
