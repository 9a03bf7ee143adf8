"""People: the administrator's list, and everybody's own preferences."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from pydantic import Field, StringConstraints

from crm_core.actions import holdings, users
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.holdings import HandOverIn, HeirAbsent, HoldsPromises, SamePerson
from crm_core.actions.passwords import MAX_LENGTH, MIN_LENGTH, PasswordTooWeak, hash_password
from crm_core.actions.sharing import NobodyElse
from crm_core.actions.teams import CalendarUnknown
from crm_core.actions.users import LastAdministrator, LooksChanges, NewUser, NotYourself, PasswordHash, UserChanges
from crm_core.domain.errors import CallbackAlreadyClaimed, ExtensionTaken, LoginTaken
from crm_core.domain.leads import LeadClosed
from crm_core.domain.people import Role
from crm_core.inputs import InputModel, Line, Moment, Word, unchanged
from crm_core.store.database import Reader, Transaction
from crm_core.views.model import WireModel
from crm_core.views.paging import Page
from crm_core.views.users import Account, User, get_account, get_user, list_accounts
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("users")

Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Words = Annotated[tuple[Word, ...], Field(max_length=50)]
QueueNames = Annotated[tuple[QueueName, ...], Field(max_length=100)]
Password = Annotated[str, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
Locale = Literal["ru", "en"]


class UserIn(InputModel):
    """A person to add; the team and the queues are made when they are new.

    Without ``takes_work`` agents are given promises and leads by the engine, those who lead them are not.
    """

    login: Login
    name: Line
    role: Role
    team: Word | None = None
    extension: Extension | None = None
    queues: QueueNames = ()
    skills: Words = ()
    languages: Words = ()
    takes_work: bool | None = None
    locale: Locale | None = None
    password: Password | None = None


class UserEdit(InputModel):
    """Only what shall change; null takes a team, an extension or hours of their own away.

    Skills and languages are kept in lower case. Somebody with ``takes_work`` off is given nothing by the engine.
    ``hand_over`` belongs to ``enabled: false``: to whom goes what they hold.
    """

    name: Line = unchanged()
    role: Role = unchanged()
    team: Word | None = None
    extension: Extension | None = None
    queues: QueueNames = unchanged()
    calendar_id: UUID | None = None
    skills: Words = unchanged()
    languages: Words = unchanged()
    takes_work: bool = unchanged()
    enabled: bool = unchanged()
    hand_over: HandOverIn | None = None
    password: Password = unchanged()


class SharesQuery(InputModel):
    """``leaving``: they go for good, with their clients; otherwise promises due before ``due_before`` and leads."""

    leaving: bool = False
    due_before: Moment | None = None


class ShareOf(WireModel):
    """What one person would get; ``stuck``: nobody could take it, so the supervisor answers for it."""

    agent_id: UUID
    agent_name: str
    stuck: bool
    promises: int
    leads: int
    clients: int


class Shares(WireModel):
    """By name; what nobody could take last."""

    items: list[ShareOf]


class Preferences(InputModel):
    """How I like my screens; null is as the company does."""

    locale: Locale | None = None
    theme: Literal["light", "dark", "auto"] | None = None


@routes.add("GET", "/users", permission=Permission.ADMIN, summary="List people")
async def list_users(request: Request, reader: Reader, query: Paging) -> Page[Account]:
    """Everybody, disabled people too, the newest first."""
    return await list_accounts(reader, limit=query.limit, cursor=query.cursor)


@routes.add(
    "POST",
    "/users",
    permission=Permission.ADMIN,
    summary="Add a person",
    status=201,
    refusals=[LoginTaken, ExtensionTaken, PasswordTooWeak],
)
async def add_user(request: Request, tx: Transaction, body: UserIn) -> Account:
    """Without a password the person may only use tokens. Only an owner makes an owner."""
    password = PasswordHash(await hash_password(body.password)) if body.password else None
    new = NewUser(
        login=body.login,
        name=body.name,
        role=body.role,
        team=body.team,
        extension=body.extension,
        queues=body.queues,
        skills=body.skills,
        languages=body.languages,
        takes_work=body.takes_work,
        locale=body.locale,
    )
    return await get_account(tx, await users.add_user(tx, new, password, by=request.viewer))


@routes.add("PATCH", "/users/me", permission=Permission.SIGNED_IN, summary="Change my preferences")
async def change_me(request: Request, tx: Transaction, body: Preferences) -> User:
    changes = cast(LooksChanges, body.model_dump(exclude_unset=True))
    await users.change_looks(tx, request.user_id, changes)
    return await get_user(tx, request.user_id)


@routes.add(
    "PATCH",
    "/users/{user_id}",
    permission=Permission.ADMIN,
    summary="Change a person",
    refusals=[
        NotYourself,
        LastAdministrator,
        ExtensionTaken,
        PasswordTooWeak,
        CalendarUnknown,
        HoldsPromises,
        CallbackAlreadyClaimed,
        AgentUnknown,
        HeirAbsent,
        SamePerson,
        NobodyElse,
        LeadClosed,
    ],
)
async def change_user(request: Request, tx: Transaction, user_id: UUID, body: UserEdit) -> Account:
    """Disabling a person, or giving them a new password, signs them out everywhere.

    Who holds promises, leads or clients is disabled only with ``hand_over``.
    """
    changes = cast(UserChanges, body.model_dump(exclude_unset=True, exclude={"password", "hand_over"}))
    zone = request.services.settings.timezone
    await users.change_user(tx, user_id, changes, by=request.viewer, hand_over=body.hand_over, zone=zone)
    if "password" in body.model_fields_set:
        await users.set_password(tx, user_id, PasswordHash(await hash_password(body.password)), by=request.viewer)
    return await get_account(tx, user_id)


@routes.add(
    "GET",
    "/users/{user_id}/shares",
    permission=Permission.SIGNED_IN,
    summary="How the engine would share out what a person holds",
    refusals=[NobodyElse],
)
async def get_shares(request: Request, tx: Transaction, user_id: UUID, query: SharesQuery) -> Shares:
    """As it stands now, by the choice that ``hand_over`` with ``engine`` would make; nothing is changed.

    One's own, or of somebody one supervises.
    """
    portions = await holdings.preview(tx, user_id, request.viewer, due_before=query.due_before, leaving=query.leaving)
    return Shares(items=[ShareOf.model_validate(asdict(portion)) for portion in portions])
