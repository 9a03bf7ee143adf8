"""What a handler is given of the request it answers, and how it may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from aiohttp import web

from channels.telegram.webhook import Webhook
from config.settings import Settings
from crm_core.actions.sessions import NotSignedIn, Principal
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.model import WireModel

Body = TypeVar("Body")


class DemoLogin(WireModel):
    """A login everybody may use, told to the sign-in page of a demo."""

    login: str
    password: str
    name: str
    role: Role


class Ringer(Protocol):
    """The demo's way to have a client call somebody now."""

    async def ring(self, agent_id: UUID) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the process lends to its HTTP side."""

    settings: Settings
    database: Database
    version: str
    demo_logins: tuple[DemoLogin, ...] = ()
    ringer: Ringer | None = None  # of a demo
    telegram_webhooks: Mapping[str, Webhook] = field(default_factory=dict)  # by the bot's name
    serving: asyncio.Event = field(default_factory=asyncio.Event)  # not set while starting or draining

    @property
    def idle(self) -> timedelta:
        """How long a session lives without use."""
        return timedelta(seconds=self.settings.limits.session_s)

    @property
    def cookie_name(self) -> str:
        return "__Host-perezvon_session" if self.is_https else "perezvon_session"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us encrypted, be it through a proxy."""
        return self.settings.public_url.startswith("https://")


SERVICES: Final = web.AppKey("services", Services)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One admitted request."""

    services: Services
    principal: Principal | None
    address: str  # the client's own, behind trusted proxies too
    user_agent: str  # empty when it says nothing of itself
    raw: web.Request

    @property
    def signed_in(self) -> Principal:
        """Whoever has proved who they are.

        Raises:
            NotSignedIn: on a public route nobody need be.
        """
        if self.principal is None:
            raise NotSignedIn
        return self.principal

    @property
    def viewer(self) -> Viewer:
        return self.signed_in.viewer

    @property
    def user_id(self) -> UUID:
        return self.viewer.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A body that is a file, and the type its sender says it has."""

    type: str
    data: bytes = field(repr=False)


class Streamed(web.StreamResponse):
    """A response that writes itself in ``prepare``: after the request's deadline, and still able to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[Body]):
    """A body with something beside it, for the few handlers that have to say more."""

    body: Body
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None  # the session's; "" takes it away; None leaves it
