"""Where the PBX keeps its sounds: a directory that is shared with us, or a web server.

The PBX names a file by a path of its own; that name is a stranger's word. We
see the same files under another root, so every part of the path from its end
is tried, the longest first, and nothing that climbs out by ``..`` or a link.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

import aiohttp
from aiohttp import hdrs
from yarl import URL

from channels.telephony.sound_format import HEAD_BYTES
from config.sections import PbxSettings
from crm_core.domain.errors import PeerRefused, PeerUnavailable

#: A web server that is asked whether a file is there.
_LOOK_DEADLINE_S = 20
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=15)
_SOON = timedelta(minutes=1)
#: The folder below which Asterisk records unless told otherwise; the rest of a path is most likely ours.
_MONITOR = "monitor"
_DEEPEST = 8
_MOST_REDIRECTS = 3
_ANSWERED = frozenset({200, 206, 304, 416})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class RecordingsUnavailable(PeerUnavailable):
    """The server that keeps the recordings does not answer."""

    code = "recordings_unavailable"


class RecordingsRefused(PeerRefused):
    """The server that keeps the recordings lets us not in, or sends us elsewhere."""

    code = "recordings_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file that is there: ``size`` is None when its keeper does not tell."""

    place: str  # below the shelf's root
    size: int | None
    head: bytes


def shelf_of(pbx: PbxSettings) -> FolderShelf | WebShelf | None:
    """Where this PBX keeps its recordings; None when the settings do not say."""
    if pbx.recordings is None:
        return None
    if pbx.recordings.startswith(("http://", "https://")):
        return WebShelf(pbx.recordings)
    return FolderShelf(Path(pbx.recordings))


def places(file: str) -> Iterator[str]:
    """Where a file may stand below another root, the likeliest first."""
    parts = [part for part in PurePosixPath(file).parts if part not in {"/", "//"}]
    if ".." in parts or any(ord(letter) < 32 for letter in file):
        return
    parts = parts[-_DEEPEST:]
    starts = list(range(len(parts)))
    if _MONITOR in parts[:-1]:
        starts.insert(0, len(parts) - parts[::-1].index(_MONITOR))
    for start in dict.fromkeys(starts):
        yield "/".join(parts[start:])


class FolderShelf:
    """A directory of this machine, or one that is mounted here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, file: str) -> Path | None:
        """The named file, if it is there and inside."""
        root = self._folder.resolve()
        for place in places(file):
            try:
                found = (root / place).resolve()
                if found.is_relative_to(root) and found.is_file():
                    return found
            except (OSError, ValueError):  # a loop of links, a name too long
                continue
        return None

    async def look(self, file: str) -> Seen | None:
        """
        Raises:
            RecordingsUnavailable: the directory itself is away.
        """
        try:
            return await asyncio.to_thread(self._look, file)
        except OSError as error:
            raise RecordingsUnavailable(f"{error.strerror}: a file below {self._folder}") from error

    def _look(self, file: str) -> Seen | None:
        if not self._folder.is_dir():
            raise RecordingsUnavailable(f"there is no directory {self._folder}")
        path = self.find(file)
        if path is None:
            return None
        with path.open("rb") as sound:
            head = sound.read(HEAD_BYTES)
            size = path.stat().st_size
        return Seen(place=str(path.relative_to(self._folder.resolve())), size=size, head=head)


class WebShelf:
    """A web server; a user and password in its address are for it alone."""

    def __init__(self, base: str) -> None:
        url = URL(base)
        self._login = aiohttp.encode_basic_auth(url.user, url.password or "") if url.user else None
        self._base = url.with_user(None)

    def address(self, place: str) -> URL:
        """Every part percent-encoded, so that no name can be more than a name."""
        return self._base.joinpath(*place.split("/"))

    async def look(self, file: str) -> Seen | None:
        """One request for the first bytes tells all: whether it is there, how long it is, what it is.

        Raises:
            RecordingsUnavailable: no answer, or an error of the server.
            RecordingsRefused: it lets us not in.
        """
        wanted: dict[str, str] = {hdrs.RANGE: f"bytes=0-{HEAD_BYTES - 1}"}
        try:
            async with asyncio.timeout(_LOOK_DEADLINE_S), self.fetch(file, headers=wanted) as answer:
                if answer is None:
                    return None
                place, response = answer
                if response.status == 416:  # nothing to give a part of
                    return Seen(place=place, size=0, head=b"")
                head = await response.content.read(HEAD_BYTES)
                return Seen(place=place, size=_whole_size(response), head=head)
        except TimeoutError as error:
            raise RecordingsUnavailable("the server of the recordings is too slow", retry_after=_SOON) from error

    @asynccontextmanager
    async def fetch(
        self, file: str, *, headers: Mapping[str, str], method: str = hdrs.METH_GET
    ) -> AsyncIterator[tuple[str, aiohttp.ClientResponse] | None]:
        """Ask for a file, and for the part of it that ``headers`` name; None: it is not there.

        Raises:
            RecordingsUnavailable: no answer, or an error of the server.
            RecordingsRefused: it lets us not in, or sends us to another server.
        """
        async with aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False) as client:
            for place in places(file):
                response = await self._ask(client, method, self.address(place), headers)
                try:
                    if response.status in _ANSWERED:
                        yield place, response
                        return
                    _require_absent(response.status)
                finally:
                    response.close()
            yield None

    async def _ask(
        self, client: aiohttp.ClientSession, method: str, url: URL, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        # Every address asked here is of this one server: the login goes nowhere else.
        sent = {**headers, hdrs.AUTHORIZATION: self._login} if self._login else headers
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                response = await client.request(method, url, headers=sent, allow_redirects=False)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise RecordingsUnavailable(
                    "the server of the recordings does not answer", retry_after=_SOON
                ) from error
            if response.status not in _REDIRECTS:
                return response
            response.close()
            target = url.join(URL(response.headers.get(hdrs.LOCATION, "")))
            if target.origin() != self._base.origin():
                raise RecordingsRefused("the server of the recordings sends us to another one")
            url = target.with_user(None)
        raise RecordingsRefused("the server of the recordings sends us in a circle")


def _require_absent(status: int) -> None:
    if status in {401, 403, 407}:
        raise RecordingsRefused(f"the server of the recordings answers {status}: user or password is wrong")
    if status not in {400, 404, 410}:
        raise RecordingsUnavailable(f"the server of the recordings answers {status}", retry_after=_SOON)


def _whole_size(response: aiohttp.ClientResponse) -> int | None:
    if response.status == 206:
        told = response.headers.get(hdrs.CONTENT_RANGE, "").rpartition("/")[2]
    else:
        told = response.headers.get(hdrs.CONTENT_LENGTH, "")
    return int(told) if told.isascii() and told.isdigit() else None
