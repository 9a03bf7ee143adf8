"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import StringConstraints

from crm_core.actions import sessions
from crm_core.actions.sessions import SessionHash
from crm_core.domain.errors import BadCredentials, TooManyAttempts
from crm_core.inputs import InputModel
from crm_core.store.database import Reader, Transaction
from crm_core.views.model import WireModel
from crm_core.views.users import User, get_user
from gateway.http.permissions import Permission
from gateway.http.request import Reply, Request
from gateway.http.route import Routes

routes: Final = Routes("session")


class Credentials(InputModel):
    """A login, in any case, and its password."""

    login: Annotated[str, StringConstraints(max_length=200)]
    password: Annotated[str, StringConstraints(max_length=1000)]


class Session(WireModel):
    """Who is signed in; ``csrf_token`` goes with every unsafe method, and is null for a bearer token."""

    user: User
    csrf_token: str | None


@routes.add(
    "POST",
    "/session",
    permission=Permission.PUBLIC,
    summary="Sign in",
    refusals=[BadCredentials, TooManyAttempts],
)
async def sign_in(request: Request, body: Credentials) -> Reply[Session]:
    """Sets the session cookie, under a new id whatever the browser held before."""
    database = request.services.database
    opened = await sessions.sign_in(
        database,
        login=body.login,
        password=body.password,
        address=request.address,
        user_agent=request.user_agent,
    )
    async with database.read() as reader:
        user = await get_user(reader, opened.user_id)
    return Reply(body=Session(user=user, csrf_token=opened.csrf_token), cookie=opened.cookie)


@routes.add("GET", "/session", permission=Permission.SIGNED_IN, summary="Who is signed in")
async def get_session(request: Request, reader: Reader) -> Session:
    principal = request.signed_in
    return Session(user=await get_user(reader, principal.viewer.user_id), csrf_token=principal.csrf_token)


@routes.add("DELETE", "/session", permission=Permission.SIGNED_IN, summary="Sign out")
async def sign_out(request: Request, tx: Transaction) -> Reply[None]:
    """Ends this browser's session; its sockets close within five seconds. A bearer token stays as it is."""
    credential = request.signed_in.credential
    if isinstance(credential, bytes):
        await sessions.sign_out(tx, SessionHash(credential))
    return Reply(body=None, cookie="")
