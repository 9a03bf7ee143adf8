"""What only a demo has: a client who calls when asked to."""

from __future__ import annotations

from typing import Final

from crm_core.domain.errors import DecisionRefused, NotFound
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("demo")


@routes.add(
    "POST",
    "/demo/ring",
    permission=Permission.SIGNED_IN,
    summary="Have a client call me now",
    status=202,
    refusals=[NotFound, DecisionRefused],
)
async def ring_me(request: Request) -> None:
    ringer = request.services.ringer
    if ringer is None:
        raise NotFound("This is not a demo.")
    await ringer.ring(request.signed_in.viewer.user_id)
