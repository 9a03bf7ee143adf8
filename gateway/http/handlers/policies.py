"""The rules for late promises: read, changed, tried out."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from crm_core.actions import policies
from crm_core.actions.policies import PolicyIn, PolicyOfOthers
from crm_core.domain.distribution import Strategy
from crm_core.domain.errors import NotFound, VersionConflict
from crm_core.domain.policies import PolicyMovesAtOnce, PolicyNeverEnds, PolicyRejected
from crm_core.domain.policy_warnings import LeadStateUnknown, TeamUnknown
from crm_core.domain.working_time import CalendarHasNoHours
from crm_core.inputs import InputModel, Moment
from crm_core.store.database import Reader, Transaction
from crm_core.views.callback_policies import (
    CallbackPolicy,
    PolicyPreview,
    SavedPolicy,
    get_saved_policy,
    list_callback_policies,
    list_policy_versions,
    preview_policy,
)
from crm_core.views.paging import CursorInvalid, Page
from crm_core.views.replays import (
    AskedReplay,
    PolicyReplay,
    ReplayPeriodRejected,
    ReplayTooLong,
    find_policy,
    replay_policy,
)
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("callback policies")

#: Anything else names no rule, and cannot become one.
PolicyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,63}$")]

_REFUSED: Final = (
    PolicyRejected,
    PolicyNeverEnds,
    PolicyMovesAtOnce,
    TeamUnknown,
    LeadStateUnknown,
    CalendarHasNoHours,
)


class ReplayIn(InputModel):
    """The time the rule is tried on, ``from ≤ due_at < to``, and the rule when it is not saved yet.

    ``strategy``, ``load_cap`` and ``hourly_cap`` stand for those of every team; left out: as each team has them.
    """

    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    rule: PolicyIn | None = None
    strategy: Literal["least_loaded", "round_robin", "best_fit", "team"] | None = None
    load_cap: Annotated[int, Field(ge=1, le=10_000)] | None = None
    hourly_cap: Annotated[int, Field(ge=1, le=10_000)] | None = None


@routes.add(
    "GET",
    "/callback-policies",
    permission=Permission.SIGNED_IN,
    summary="List the rules for late promises",
    snapshot=True,
)
async def get_callback_policies(request: Request, reader: Reader) -> Page[CallbackPolicy]:
    """The newest version of each, with what it does in words; a change concerns promises made afterwards."""
    return await list_callback_policies(reader)


@routes.add(
    "PUT",
    "/callback-policies/{name}",
    permission=Permission.SUPERVISOR,
    summary="Change a rule, or make one",
    refusals=[PolicyOfOthers, VersionConflict, *_REFUSED],
)
async def put_callback_policy(request: Request, tx: Transaction, name: PolicyName, body: PolicyIn) -> SavedPolicy:
    """A new version for promises made afterwards; a supervisor changes the rules of their own team only."""
    warnings = await policies.save(tx, request.viewer, name, body)
    return await get_saved_policy(tx, name, warnings)


@routes.add(
    "GET",
    "/callback-policies/{name}/versions",
    permission=Permission.SIGNED_IN,
    summary="How a rule came to be",
    refusals=[NotFound, CursorInvalid],
)
async def get_policy_versions(
    request: Request, reader: Reader, name: PolicyName, query: Paging
) -> Page[CallbackPolicy]:
    """Every version with who made it, newest first."""
    return await list_policy_versions(reader, name, limit=query.limit, cursor=query.cursor)


@routes.add(
    "POST",
    "/callback-policies/{name}/preview",
    permission=Permission.SUPERVISOR,
    summary="What a rule would do, in words",
    refusals=_REFUSED,
)
async def preview_callback_policy(request: Request, reader: Reader, name: PolicyName, body: PolicyIn) -> PolicyPreview:
    """Nothing is saved; a rule that cannot be is refused as it would be when it is saved."""
    return await preview_policy(reader, body.as_policy(name))


@routes.add(
    "POST",
    "/callback-policies/{name}/replay",
    permission=Permission.SUPERVISOR,
    summary="What a rule would have done",
    refusals=[NotFound, ReplayPeriodRejected, ReplayTooLong, *_REFUSED],
)
async def replay_callback_policy(request: Request, name: PolicyName, body: ReplayIn) -> PolicyReplay:
    """From the log, read-only: had the rule been on, beside the others as they are today.

    Who was at the desk is known since ``known_from``; before that everybody counts as away. Teams, service
    classes, stages of leads, skills and hours are those of today. The client is taken to be reached when they
    really were, whoever would have had the promise. A supervisor sees the promises of their own team.
    """
    database = request.services.database
    if body.rule is not None:
        policy = body.rule.as_policy(name)
    else:
        async with database.read() as reader:
            policy = await find_policy(reader, name)
    asked = AskedReplay(
        policy=policy,
        since=body.from_,
        until=body.to,
        strategy=Strategy(body.strategy) if body.strategy else None,
        load_cap=body.load_cap,
        hourly_cap=body.hourly_cap,
    )
    return await replay_policy(database, request.viewer, asked)
