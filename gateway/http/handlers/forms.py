"""The public door for forms on other sites: a stranger's wish becomes a lead."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from aiohttp import web

from crm_core.actions import forms
from crm_core.actions.forms import FormIn
from crm_core.domain.callbacks import DueTimeRejected
from crm_core.domain.contact_points import ContactPointRejected
from crm_core.domain.errors import NotFound, TooManyAttempts
from crm_core.domain.forms import CallTimeRejected, PhoneRequired
from crm_core.domain.leads import LeadNobody
from crm_core.domain.local_time import LocalTimeDoubled, LocalTimeMissing
from crm_core.views.model import WireModel
from gateway.http import metrics
from gateway.http.keys import KEY_HEADER, keyed_request
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("leads")

#: How long a browser remembers that it may ask.
PREFLIGHT_S: Final = 86_400


class FormLeft(WireModel):
    """The lead that a form has become, or joined."""

    lead_id: UUID


@routes.add(
    "POST",
    "/forms/{site_key}",
    permission=Permission.PUBLIC,
    summary="Leave a form",
    status=202,
    embedded=True,
    refusals=[
        CallTimeRejected,
        ContactPointRejected,
        DueTimeRejected,
        LeadNobody,
        LocalTimeDoubled,
        LocalTimeMissing,
        NotFound,
        PhoneRequired,
        TooManyAttempts,
    ],
)
async def leave_form(request: Request, site_key: str, body: FormIn) -> FormLeft:
    """Open to pages of every site; JSON, or encoded as browsers encode forms.

    A number or a mail address is needed. With ``call_me_now`` or ``call_me_at`` a call is promised. The same
    person within a day joins the lead that is open.
    """
    settings = request.services.settings
    # Strangers have no name of their own: their keys are those of whoever asks from there.
    sender = uuid5(NAMESPACE_URL, f"{site_key} {request.address}")
    left = await forms.leave(
        request.services.database,
        site_key,
        body,
        from_address=request.address,
        country=settings.country,
        timezone=settings.timezone,
        keyed=keyed_request(request.raw, body.model_dump_json().encode(), user_id=sender),
    )
    metrics.count_form(left.trap or left.doubt)
    return FormLeft(lead_id=left.lead_id)


@routes.add(
    "OPTIONS",
    "/forms/{site_key}",
    permission=Permission.PUBLIC,
    summary="May a page of another site leave a form",
    status=204,
    embedded=True,
)
async def ask_about_form(request: Request, site_key: str) -> web.Response:
    """What browsers ask before they send JSON from another site."""
    headers = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": f"Content-Type, {KEY_HEADER}",
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }
    return web.Response(status=204, headers=headers)
