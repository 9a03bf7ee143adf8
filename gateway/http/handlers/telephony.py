"""The doctor and the configuration writer for an administrator's browser; the terminal has the same words."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from pydantic import Field

from channels.telephony import doctor
from channels.telephony.checkup.observations import Locale, Observation, in_words
from channels.telephony.configuration.case import Case, CaseRejected, Flavour, QueueCase, Records
from channels.telephony.configuration.writer import write
from channels.telephony.trial_call import CallOrder
from channels.telephony.versions import read_version
from config.settings import PbxSettings
from crm_core.domain.errors import NoExtension, NotFound
from crm_core.inputs import InputModel
from crm_core.store.database import DATABASE_AWAY, Reader
from crm_core.views.agents import load_agents
from crm_core.views.links import list_links
from crm_core.views.model import WireModel
from gateway.http.permissions import Permission
from gateway.http.request import Request, Streamed
from gateway.http.route import Routes

routes: Final = Routes("telephony")

_Word = Annotated[str, Field(min_length=1, max_length=64)]
_SECRET_BYTES: Final = 24


class Pbx(WireModel):
    """A PBX of the settings; ``state``: whether a process of ours hears it."""

    name: str
    host: str
    port: int
    state: Literal["up", "down"]
    dials_clients: bool  # the settings say where


class Pbxs(WireModel):
    """Every PBX, and the phone that a test call rings unless told otherwise."""

    items: list[Pbx]
    own_extension: str | None


class ChangeOut(WireModel):
    """What to write into which file."""

    file: str
    lines: list[str]


class FindingOut(WireModel):
    """One thing that was looked at, in words of the asked language."""

    code: str
    subject: str
    severity: Literal["fine", "advice", "fault"]
    says: str
    advice: str | None
    change: ChangeOut | None
    interaction_id: UUID | None  # of a test call that stands in the log

    @classmethod
    def of(cls, seen: Observation, locale: Locale) -> Self:
        finding = in_words(seen, locale)
        change = finding.change
        logged = seen.facts.get("interaction_id")
        return cls(
            code=finding.code,
            subject=finding.subject,
            severity=finding.severity.value,
            says=finding.says,
            advice=finding.advice,
            change=ChangeOut(file=change.file, lines=list(change.lines)) if change else None,
            interaction_id=UUID(str(logged)) if logged else None,
        )


class Checkup(WireModel):
    """What the doctor found at one PBX."""

    pbx: str
    at: datetime
    findings: list[FindingOut]


class Spoken(InputModel):
    """In which language the doctor speaks."""

    locale: Locale = "ru"


class TestCallIn(InputModel):
    """Which phone rings (default: one's own), and which number it is then put through to (default: an echo)."""

    extension: _Word | None = None
    number: _Word | None = None
    locale: Locale = "ru"


class QueueToWrite(InputModel):
    """A queue to be written; ``number`` is what clients dial, digits only."""

    name: _Word
    number: _Word | None = None
    members: Annotated[tuple[_Word, ...], Field(max_length=200)] = ()


class CaseIn(InputModel):
    """A telephone system to be connected; without a secret one is made up."""

    our_address: _Word
    name: _Word = "main"
    host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 5038
    user: _Word = "perezvon"
    secret: _Word | None = None
    version: _Word = "22.10"
    flavour: Flavour = "plain"
    trunks: Annotated[tuple[_Word, ...], Field(max_length=50)] = ()
    queues: Annotated[tuple[QueueToWrite, ...], Field(max_length=200)] = ()
    outbound_context: _Word = "from-crm"
    records_calls: bool = True
    cdr: Records = "csv"
    cel: Records = "none"
    locale: Locale = "ru"

    def as_case(self) -> Case:
        """
        Raises:
            CaseRejected: a word of it may not stand in a configuration file.
        """
        version = read_version(self.version)
        if version is None:
            raise CaseRejected("A version is a number, 22.5.", field="version")
        given = self.model_dump(exclude={"version", "secret", "queues"})
        return Case(
            **given,
            version=version,
            secret=self.secret or secrets.token_urlsafe(_SECRET_BYTES),
            queues=tuple(
                QueueCase(name=queue.name, number=queue.number, members=queue.members) for queue in self.queues
            ),
        )


class WrittenFile(WireModel):
    """One file, or the part of one; ``place`` is where it goes."""

    name: str
    place: str
    text: str


class Configuration(WireModel):
    """What connects a PBX, in the order in which one puts it in place."""

    files: list[WrittenFile]


@routes.add("GET", "/pbx", permission=Permission.ADMIN, summary="The PBXs of the settings")
async def list_pbxs(request: Request, reader: Reader) -> Pbxs:
    configured = request.services.settings.pbx
    heard = {link.name for link in await list_links(reader, [pbx.name for pbx in configured]) if link.up}
    return Pbxs(
        items=[
            Pbx(
                name=pbx.name,
                host=pbx.host,
                port=pbx.port,
                state="up" if pbx.name in heard else "down",
                dials_clients=pbx.outbound_context is not None,
            )
            for pbx in configured
        ],
        own_extension=await _own_extension(reader, request.user_id),
    )


@routes.add(
    "POST", "/pbx/{name}/check", permission=Permission.ADMIN, summary="What is wrong with a PBX, and what to do"
)
async def check_pbx(request: Request, name: str, query: Spoken) -> Checkup:
    """Changes nothing. It logs in beside the link that works, asks, listens for a moment and leaves."""
    services = request.services
    found = await doctor.examine(_named(request, name), services.settings, services.database)
    return Checkup(pbx=name, at=datetime.now(UTC), findings=[FindingOut.of(seen, query.locale) for seen in found])


@routes.add(
    "POST",
    "/pbx/{name}/test-call",
    permission=Permission.ADMIN,
    summary="Ring a phone, and tell what was heard of it",
    media="application/x-ndjson",
    refusals=[NoExtension],
)
async def place_test_call(request: Request, name: str, body: TestCallIn) -> web.StreamResponse:
    """A line of JSON, a finding, for each step as it happens. One at a time for each PBX; audited."""
    pbx = _named(request, name)
    extension = body.extension
    if extension is None:
        async with request.services.database.read() as reader:
            extension = await _own_extension(reader, request.user_id)
    if extension is None:
        raise NoExtension
    return _LiveCall(request, pbx, CallOrder(extension=extension, number=body.number), body.locale)


@routes.add(
    "POST",
    "/pbx/configuration",
    permission=Permission.ADMIN,
    summary="The files that connect a PBX",
    refusals=[CaseRejected],
)
async def write_configuration(request: Request, body: CaseIn) -> Configuration:
    """Nothing is stored; the secret stands in the answer only."""
    files = [WrittenFile(name=file.name, place=file.place, text=file.text) for file in write(body.as_case())]
    return Configuration(files=files)


def _named(request: Request, name: str) -> PbxSettings:
    pbx = next((one for one in request.services.settings.pbx if one.name == name), None)
    if pbx is None:
        raise NotFound
    return pbx


async def _own_extension(reader: Reader, user_id: UUID) -> str | None:
    return (await load_agents(reader, [user_id]))[user_id].extension


class _LiveCall(Streamed):
    """A test call that is told while it happens; it outlives a request's deadline."""

    def __init__(self, request: Request, pbx: PbxSettings, order: CallOrder, locale: Locale) -> None:
        super().__init__(headers={"Content-Type": "application/x-ndjson", "X-Accel-Buffering": "no"})
        self._request = request
        self._pbx = pbx
        self._order = order
        self._locale = locale

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self.prepared:
            return await super().prepare(request)
        writer = await super().prepare(request)
        services = self._request.services

        async def tell(seen: Observation) -> None:
            # A page that was closed does not end the call: the phone is hung up in the end, as for anybody.
            with suppress(ConnectionError):
                await self.write(FindingOut.of(seen, self._locale).model_dump_json().encode() + b"\n")

        try:
            await doctor.place_test_call(
                self._pbx,
                services.settings,
                services.database,
                self._order,
                tell=tell,
                by=self._request.user_id,
                address=self._request.address,
            )
        except DATABASE_AWAY:
            self.force_close()  # the answer has begun: only breaking it off tells the page
        with suppress(ConnectionError):
            await self.write_eof()
        return writer
