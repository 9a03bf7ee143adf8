"""The picture in mails of ours: whoever loads it gets the same answer, whatever they asked for."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Final

from aiohttp import hdrs, web

from crm_core.actions import openings
from crm_core.actions.sessions import NotSignedIn
from crm_core.domain.errors import TooManyAttempts
from crm_core.domain.opened import PICTURES
from crm_core.store.database import DATABASE_AWAY
from gateway.http.admission import identify
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("conversations", prefix=PICTURES)

#: One transparent point.
GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


@routes.add(
    "GET",
    "/{token}.gif",
    permission=Permission.PUBLIC,
    summary="The picture in a mail that tells of its opening",
    media="image/gif",
    embedded=True,
)
async def load_picture(request: Request, token: str) -> web.Response:
    """Always the same, also for a token that is none: nobody learns which mails there are."""
    with suppress(TooManyAttempts, *DATABASE_AWAY):
        if request.raw.method == hdrs.METH_GET and not await _is_colleague(request):
            await openings.record_opening(
                request.services.database,
                token,
                from_address=request.address,
                mailboxes=[one.name for one in request.services.settings.mailbox if one.opened_link],
            )
    return web.Response(body=GIF, content_type="image/gif", headers={hdrs.CACHE_CONTROL: "no-store"})


async def _is_colleague(request: Request) -> bool:
    """Who looks at our own mail says nothing of the client."""
    with suppress(NotSignedIn):
        await identify(request.raw, request.services)
        return True
    return False
