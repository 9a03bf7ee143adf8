"""Files of messages, messages as they came, and their HTML as a page of its own."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import hdrs, web
from pydantic import Field

from channels.email.page import Picture, page, policy
from crm_core.actions import uploads
from crm_core.actions.uploads import FileEmpty
from crm_core.domain.written import WrittenChannel
from crm_core.inputs import InputModel, Line
from crm_core.store.database import Reader, Transaction
from crm_core.views.files import File, get_file, get_raw, get_shown, read_file
from crm_core.views.messages import Attachment
from gateway.http.downloads import only_saved, strangers_file
from gateway.http.permissions import Permission
from gateway.http.request import Request, SentFile
from gateway.http.route import Routes

routes: Final = Routes("conversations")

_RAW: Final = {WrittenChannel.EMAIL: ("eml", "message/rfc822")}
_RAW_OTHERS: Final = ("json", "application/octet-stream")


class UploadQuery(InputModel):
    """What the file is called."""

    name: Line


class FileQuery(InputModel):
    """``inline``: shown in the browser where it is a picture; otherwise everything is saved."""

    inline: bool = False


class ShownQuery(InputModel):
    """Whether pictures are fetched from wherever the mail says, which tells its sender that it was opened."""

    images: Annotated[Literal["no", "yes"], Field()] = "no"


@routes.add(
    "POST",
    "/files",
    permission=Permission.SIGNED_IN,
    summary="Hand over a file to be sent",
    status=201,
    refusals=[FileEmpty],
)
async def upload_file(request: Request, tx: Transaction, query: UploadQuery, body: SentFile) -> Attachment:
    """The body is the file. It is the caller's alone until a message names it in ``attachments``; kept for two days."""
    upload_id = await uploads.upload(tx, request.user_id, name=query.name, media_type=body.type, data=body.data)
    file = await get_file(tx, upload_id, request.viewer)
    return Attachment(id=file.id, name=file.name, type=file.type, size=file.size, inline_id=None)


@routes.add("GET", "/files/{file_id}", permission=Permission.SIGNED_IN, summary="A file of a message", media="*/*")
async def download_file(request: Request, reader: Reader, file_id: UUID, query: FileQuery) -> web.Response:
    """Understands Range. Served as what it says it is only where that can do no harm."""
    file = await get_file(reader, file_id, request.viewer)
    begin, length = _piece(request.raw, file)
    headers = strangers_file(file.name, file.type, inline=query.inline) | {hdrs.ACCEPT_RANGES: "bytes"}
    if length < file.size:
        headers[hdrs.CONTENT_RANGE] = f"bytes {begin}-{begin + length - 1}/{file.size}"
    body = await read_file(reader, file, begin=begin, length=length)
    return web.Response(body=body, status=206 if length < file.size else 200, headers=headers)


@routes.add(
    "GET", "/messages/{message_id}/raw", permission=Permission.SIGNED_IN, summary="A message as it came", media="*/*"
)
async def download_raw(request: Request, reader: Reader, message_id: UUID) -> web.Response:
    """A mail as an ``.eml`` file with everything in it; only what came from outside."""
    raw = await get_raw(reader, message_id, request.viewer)
    ending, media_type = _RAW.get(raw.channel, _RAW_OTHERS)
    return web.Response(body=raw.data, headers=only_saved(f"{message_id}.{ending}", media_type))


@routes.add(
    "GET",
    "/messages/{message_id}/html",
    permission=Permission.SIGNED_IN,
    summary="A message as a page, for a frame without scripts",
    media="text/html",
)
async def show_html(request: Request, reader: Reader, message_id: UUID, query: ShownQuery) -> web.Response:
    """Its own pictures are in it; remote ones only with ``images=yes``. Show it in a frame with the ``sandbox`` of its
    policy, which runs nothing: never with ``allow-scripts``."""
    shown = await get_shown(reader, message_id, request.viewer)
    pictures = [Picture(content_id=name, type=kind, data=data) for name, kind, data in shown.pictures]
    remote = query.images == "yes"
    text = await asyncio.to_thread(page, shown.html, shown.text, pictures, remote=remote)
    headers = {
        "Content-Security-Policy": policy(remote=remote),
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=text, content_type="text/html", headers=headers)


def _piece(raw: web.Request, file: File) -> tuple[int, int]:
    """Where the wanted piece begins and how long it is; all of it where the wish makes no sense."""
    try:
        wanted = raw.http_range
    except ValueError:
        return 0, file.size
    begin, end, _ = wanted.indices(file.size)
    return (begin, end - begin) if begin < end else (0, file.size)
