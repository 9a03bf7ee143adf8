"""Hearing a call again: with seek, and never without a trace."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import aiohttp
from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from channels.telephony.recordings import Sound, locate
from crm_core.actions.recordings import note_hearing
from crm_core.domain.errors import NotFound, PeerUnavailable
from crm_core.store.database import Transaction
from crm_core.views.recordings import get_recording
from gateway.http.permissions import Permission
from gateway.http.request import Request, Streamed
from gateway.http.route import Routes

routes: Final = Routes("recordings")

#: What a PBX's web server tells of a piece of sound, passed on as it is.
_PASSED_ON: Final = (hdrs.CONTENT_LENGTH, hdrs.CONTENT_RANGE, hdrs.ACCEPT_RANGES, hdrs.LAST_MODIFIED, hdrs.ETAG)
_UPSTREAM_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=15)


class RecordingMissing(NotFound):
    """The file is not where the settings say; perhaps it was moved or deleted."""

    code = "recording_missing"


class RecordingsUnavailable(PeerUnavailable):
    """The server that keeps the recordings does not answer."""

    code = "recordings_unavailable"


@routes.add(
    "GET",
    "/recordings/{recording_id}/audio",
    permission=Permission.SIGNED_IN,
    summary="Hear a recording",
    media="audio/*",
    refusals=[RecordingMissing, RecordingsUnavailable],
)
async def get_audio(request: Request, tx: Transaction, recording_id: UUID) -> web.StreamResponse:
    """Understands Range. Each hearing is written to the audit log; seeking belongs to the hearing it is part of."""
    recording = await get_recording(tx, recording_id, request.viewer)
    pbx = next((one for one in request.services.settings.pbx if one.name == recording.pbx), None)
    sound = locate(pbx, recording.file) if pbx else None
    if sound is None:
        raise RecordingMissing
    if request.raw.method == hdrs.METH_GET:
        await note_hearing(
            tx,
            recording_id,
            by=request.user_id,
            address=request.address,
            from_the_start=_is_from_the_start(request.raw),
        )
    return _answer(sound)


def _is_from_the_start(raw: web.Request) -> bool:
    wanted = raw.headers.get(hdrs.RANGE, "")
    return not wanted or wanted.replace(" ", "").startswith("bytes=0-")


def _answer(sound: Sound) -> web.StreamResponse:
    headers = {"Content-Type": sound.content_type, "Content-Disposition": "inline"}
    if sound.path is not None:
        return web.FileResponse(sound.path, headers=headers)
    assert sound.url is not None
    return _Relayed(sound.url, headers)


class _Relayed(Streamed):
    """Sound that another server keeps, passed on piece by piece while it is listened to."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self._url = url

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        wanted = {hdrs.RANGE: request.headers[hdrs.RANGE]} if hdrs.RANGE in request.headers else {}
        try:
            async with (
                aiohttp.ClientSession(timeout=_UPSTREAM_TIMEOUT, auto_decompress=False) as client,
                client.request(request.method, self._url, headers=wanted, allow_redirects=False) as upstream,
            ):
                return await self._pass_on(request, upstream)
        except (aiohttp.ClientError, TimeoutError) as error:
            if self.prepared:
                raise  # the answer has begun: only breaking it off tells the player
            raise RecordingsUnavailable from error

    async def _pass_on(self, request: web.BaseRequest, upstream: aiohttp.ClientResponse) -> AbstractStreamWriter | None:
        if upstream.status not in {200, 206, 416}:
            raise RecordingMissing
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
