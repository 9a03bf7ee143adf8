"""A form we serve, for a frame on somebody's site: it needs no script, and tells machines by the time they take."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from crm_core.actions import forms
from crm_core.actions.forms import FormIn
from crm_core.domain.errors import InputRejected, NotFound, TooManyAttempts
from crm_core.inputs import InputModel
from gateway.http import metrics
from gateway.http.form_page import STYLE, FormPage, Language, thanks
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("leads")

_KEPT: Final = ("name", "phone", "email", "message")
# Any site may frame it. Browsers that know this pass over X-Frame-Options, as the standard says.
_FRAMED: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors *"
    )
}


class PageQuery(InputModel):
    """Without ``lang`` the company's language."""

    lang: Language | None = None


class ServedFormIn(FormIn):
    """What a stranger leaves on the form we served; ``token`` comes with it."""

    token: Annotated[str, Field(max_length=200)] = ""


@routes.add(
    "GET",
    "/forms/{site_key}/page",
    permission=Permission.PUBLIC,
    summary="A form for a frame on a site",
    media="text/html",
    embedded=True,
    refusals=[NotFound],
)
async def get_form_page(request: Request, site_key: str, query: PageQuery) -> web.Response:
    """Works without scripts; ``<iframe src="…/forms/SITE_KEY/page">``."""
    async with request.services.database.begin() as tx:
        token = await forms.serve(tx, site_key)
    return _answer(FormPage(language=_language(request, query), token=token).html())


@routes.add(
    "POST",
    "/forms/{site_key}/page",
    permission=Permission.PUBLIC,
    summary="Leave the form of the frame",
    media="text/html",
    embedded=True,
    refusals=[NotFound],
)
async def leave_form_page(request: Request, site_key: str, query: PageQuery, body: ServedFormIn) -> web.Response:
    """What looks like spam is answered like anything else: too quick or a day old is kept apart, forged thrown away."""
    settings, language = request.services.settings, _language(request, query)
    try:
        left = await forms.leave(
            request.services.database,
            site_key,
            body,
            from_address=request.address,
            country=settings.country,
            timezone=settings.timezone,
            token=body.token,
        )
    except (InputRejected, TooManyAttempts) as refusal:
        return _again(body, language, refusal)
    metrics.count_form(left.trap or left.doubt)
    return _answer(thanks(language))


@routes.add(
    "GET",
    "/forms/{site_key}/page.css",
    permission=Permission.PUBLIC,
    summary="How the form of the frame looks",
    media="text/css",
    embedded=True,
)
async def get_form_style(request: Request, site_key: str) -> web.Response:
    return web.Response(text=STYLE, content_type="text/css")


def _language(request: Request, query: PageQuery) -> Language:
    if query.lang is not None:
        return query.lang
    return "ru" if request.services.settings.locale == "ru" else "en"


def _again(body: ServedFormIn, language: Language, refusal: InputRejected | TooManyAttempts) -> web.Response:
    """The form as it was filled in, and what was wrong with it; its token has not been used."""
    typed = {name: value for name in _KEPT if (value := getattr(body, name))}
    if body.call_me_now:
        typed["call_me_now"] = "true"
    page = FormPage(language=language, token=body.token, typed=typed, problem=refusal.code)
    if isinstance(refusal, TooManyAttempts):
        return _answer(page.html(), status=HTTPStatus.TOO_MANY_REQUESTS)
    return _answer(page.html(), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _answer(html: str, *, status: int = 200) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html", headers=_FRAMED)
