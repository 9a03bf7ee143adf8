"""Who is at the door: the checks that stand before every route.

A bearer token counts before a cookie. A cookie alone changes nothing: browsers
send it by themselves, so unsafe methods must carry the session's CSRF token.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp import web

from crm_core.actions.sessions import NotSignedIn, Principal, authenticate_session, authenticate_token
from crm_core.domain.errors import Forbidden
from gateway.http.permissions import Permission
from gateway.http.refusals import CsrfTokenWrong, ForeignOrigin
from gateway.http.request import Services

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def admit(raw: web.Request, services: Services, permission: Permission) -> Principal | None:
    """The person behind the request; None for a stranger on a public route.

    Raises:
        NotSignedIn, Forbidden, CsrfTokenWrong: they may not pass.
    """
    if permission is Permission.PUBLIC:
        return None
    principal = await identify(raw, services)
    if not permission.allows(principal.viewer.role):
        raise Forbidden
    if principal.csrf_token is not None and raw.method not in _SAFE:
        _check_csrf(raw, principal.csrf_token)
    return principal


async def identify(raw: web.Request, services: Services, token: str | None = None) -> Principal:
    """Who sends this; ``token`` is one that came beside the headers, as a socket's does.

    Raises:
        NotSignedIn: nobody we know.
    """
    scheme, _, bearer = raw.headers.get("Authorization", "").partition(" ")
    if token is None and scheme.casefold() == "bearer":
        token = bearer.strip()
    if token is not None:
        return await authenticate_token(services.database, token)
    cookie = raw.cookies.get(services.cookie_name)
    if not cookie:
        raise NotSignedIn
    return await authenticate_session(services.database, cookie, idle=services.idle)


def _check_csrf(raw: web.Request, expected: str) -> None:
    given = raw.headers.get("X-CSRF-Token", "")
    if not secrets.compare_digest(given.encode(errors="surrogateescape"), expected.encode()):
        raise CsrfTokenWrong


def check_origin(raw: web.Request, public_url: str) -> None:
    """Pages that we did not serve may not talk to us; programs send no Origin.

    Raises:
        ForeignOrigin: neither the public URL nor the host that was asked.
    """
    origin = raw.headers.get("Origin")
    if origin is None:
        return
    parts = urlsplit(origin)
    public = urlsplit(public_url)
    is_public = (parts.scheme, parts.netloc) == (public.scheme, public.netloc)
    if not is_public and (parts.scheme not in {"http", "https"} or parts.netloc != raw.headers.get("Host")):
        raise ForeignOrigin


def client_address(raw: web.Request, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Where the request comes from: the last address that no trusted proxy vouches for."""
    peer = raw.remote or ""
    forwarded = [hop.strip() for hop in raw.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    while forwarded and _is_trusted(peer, trusted):
        hop = forwarded.pop()
        if not _is_address(hop):
            return peer
        peer = hop
    return peer


def _is_trusted(address: str, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
