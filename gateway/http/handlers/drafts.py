"""What somebody has begun to write about a call or a client and not yet said."""

from __future__ import annotations

from typing import Annotated, Final

import orjson
from pydantic import AfterValidator, JsonValue, StringConstraints

from crm_core.actions import drafts
from crm_core.inputs import InputModel
from crm_core.store.database import Reader, Transaction
from crm_core.views.drafts import Draft, get_draft
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("drafts")

MAX_BYTES: Final = 65_536

Subject = Annotated[str, StringConstraints(pattern=r"^(interaction|client|callback):[0-9a-f-]{36}$")]


def _small(body: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        size = len(orjson.dumps(body))
    except TypeError as error:
        raise ValueError("a number in it is too large") from error
    if size > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    return body


class DraftIn(InputModel):
    """Whatever the page wants to find again."""

    body: Annotated[dict[str, JsonValue], AfterValidator(_small)]


@routes.add("GET", "/drafts/{subject}", permission=Permission.SIGNED_IN, summary="My draft")
async def get_my_draft(request: Request, reader: Reader, subject: Subject) -> Draft:
    return await get_draft(reader, request.user_id, subject)


@routes.add("PUT", "/drafts/{subject}", permission=Permission.SIGNED_IN, summary="Keep my draft")
async def put_my_draft(request: Request, tx: Transaction, subject: Subject, body: DraftIn) -> Draft:
    await drafts.save(tx, request.user_id, subject, body.body)
    return await get_draft(tx, request.user_id, subject)


@routes.add("DELETE", "/drafts/{subject}", permission=Permission.SIGNED_IN, summary="Throw my draft away")
async def delete_my_draft(request: Request, tx: Transaction, subject: Subject) -> None:
    """One that is not there is no error."""
    await drafts.discard(tx, request.user_id, subject)
