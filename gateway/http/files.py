"""The web app's files, known by name at the start: what is not in the list is not read.

Names with a hash in them never change and may be kept for ever; the page
itself is asked for again each time. Any other address that a browser opens is
a page of the app, which finds its way itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

from crm_core.domain.errors import NotFound

_ONE_YEAR: Final = "public, max-age=31536000, immutable"
_ONE_HOUR: Final = "public, max-age=3600, stale-while-revalidate=86400"
_ASK_AGAIN: Final = "no-cache"

#: The chat for other sites' pages, built beside the app.
WIDGET: Final = "widget.js"
#: Where the built files are.
ROOT: Final = web.AppKey("static", Path)

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Perezvon</title>
<h1>Perezvon is running, but its web app has not been built.</h1>
<p>Run <code>make install</code> in the source directory and start Perezvon again.</p>
<p>The <a href="/api/v1/docs">HTTP API</a> works without it.</p>
</html>
"""

#: Ours, not the machine's: browsers are told not to guess, so the list must be right everywhere.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

#: Addresses that belong to programs: a wrong one is an error, not a page.
_FOR_PROGRAMS: Final = ("/api/", "/hooks/", "/socket.io", "/chat/", "/assets/")


def serve_app(root: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler for every address no route has claimed; ``root`` holds the built app, or nothing."""
    files = _files_under(root)
    index = files.get("/index.html")

    async def handle(raw: web.Request) -> web.StreamResponse:
        known = files.get(raw.path)
        if known is not None and known != index:
            return _file(known, _ONE_YEAR if raw.path.startswith("/assets/") else _ASK_AGAIN)
        if raw.path.startswith(_FOR_PROGRAMS) or (known is None and Path(raw.path).suffix):
            raise NotFound
        if index is None:
            return web.Response(text=_NOT_BUILT, content_type="text/html", status=503)
        return _file(index, _ASK_AGAIN)

    return handle


def widget(raw: web.Request) -> web.StreamResponse:
    """The chat's script: kept for an hour by whoever has it, and asked for again without being read again."""
    path = raw.app[ROOT] / WIDGET
    if not path.is_file():
        raise NotFound
    return _file(path, _ONE_HOUR)


def _files_under(root: Path) -> Mapping[str, Path]:
    return {f"/{path.relative_to(root).as_posix()}": path for path in root.rglob("*") if path.is_file()}


def _file(path: Path, cache: str) -> web.FileResponse:
    kind = _TYPES.get(path.suffix, "application/octet-stream")
    return web.FileResponse(path, headers={"Cache-Control": cache, "Content-Type": kind})
