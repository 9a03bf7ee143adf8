"""The OpenAPI 3.1 document, made from the same routes that answer.

Pydantic writes JSON Schema 2020-12, which is what OpenAPI 3.1 takes, so
nothing is translated and nothing can differ from what is validated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from crm_core.actions.idempotency import KeyReused, RequestInProgress
from crm_core.actions.sessions import NotSignedIn
from crm_core.domain.errors import CrmError, Forbidden, InputRejected, NotFound
from gateway.http import problems, refusals
from gateway.http.dispatch import SEQ_HEADER
from gateway.http.inputs import MalformedForm
from gateway.http.keys import KEY_HEADER, KEY_PATTERN, KeyMalformed
from gateway.http.permissions import Permission
from gateway.http.problems import Problem, status_of
from gateway.http.route import Connection, Route

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_BODY_REFUSALS = (
    refusals.MalformedJson,
    refusals.BodyTooSlow,
    refusals.BodyTooLarge,
    refusals.UnsupportedContent,
)

_SECURITY: Final[Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token made by `perezvon token create LOGIN`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "perezvon_session",
        "description": "The cookie of POST /session; over https its name begins with `__Host-`. "
        "Unsafe methods also send the session's `X-CSRF-Token`.",
    },
}


def document(routes: Iterable[Route], *, version: str) -> Json:
    """The whole document for these routes."""
    table = [route for route in routes if not route.path.startswith("/api/v1/docs")]
    schemas, components = _schemas(table)
    paths: dict[str, Json] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Perezvon",
            "version": version,
            "description": "Times are RFC 3339 with an offset, durations are seconds (suffix _s), ids are UUIDs. "
            "Errors are problem documents with a stable code.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in table)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _SECURITY,
            "responses": {"Problem": _problem_response()},
        },
    }


_Key = tuple[str, Literal["body", "answer"] | str]


def _schemas(table: list[Route]) -> tuple[Mapping[_Key, Json], Json]:
    """A schema for every part of every route, and the definitions they share."""
    inputs: list[tuple[_Key, Literal["validation", "serialization"], TypeAdapter[Any]]] = []
    for route in table:
        takes = route.signature
        if takes.body is not None:
            inputs.append(((route.name, "body"), "validation", takes.body))
        if takes.returns is not None:
            inputs.append(((route.name, "answer"), "serialization", takes.returns))
        inputs += [((route.name, f"path {name}"), "validation", part) for name, part in takes.path.items()]
        if takes.query is not None:
            inputs.append(((route.name, "query"), "validation", TypeAdapter(takes.query)))
    inputs.append((("", "problem"), "serialization", TypeAdapter(Problem)))
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    schemas = {key: schema for (key, _), schema in found.items()}
    return schemas, definitions.get("$defs", {})


def _operation(route: Route, schemas: Mapping[_Key, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": list(_parameters(route, schemas)),
        "responses": _responses(route, schemas),
        "security": [] if route.permission is Permission.PUBLIC else [{"bearer": []}, {"session": []}],
    }
    if route.description:
        operation["description"] = route.description
    if route.permission > Permission.SIGNED_IN:
        operation["x-role"] = route.permission.name.lower()
    body = route.signature.body
    if body is not None:
        operation["requestBody"] = {
            "required": not _accepts_nothing(body),
            "content": {media: {"schema": schemas[route.name, "body"]} for media in _media(route)},
        }
    elif route.signature.takes_file:
        binary = {"type": "string", "format": "binary"}
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": binary}}}
    return operation


def _media(route: Route) -> tuple[str, ...]:
    return ("application/json", "application/x-www-form-urlencoded") if route.embedded else ("application/json",)


def _accepts_nothing(body: TypeAdapter[Any]) -> bool:
    try:
        body.validate_json(b"{}", strict=True)
    except ValueError:
        return False
    return True


def _parameters(route: Route, schemas: Mapping[_Key, Json]) -> Iterator[Json]:
    for name in route.signature.path:
        yield {"name": name, "in": "path", "required": True, "schema": schemas[route.name, f"path {name}"]}
    if route.signature.query is not None:
        yield from _query_parameters(route.signature.query.model_json_schema(ref_template=_REF))
    if route.is_idempotent_by_key:
        yield {
            "name": KEY_HEADER,
            "in": "header",
            "required": False,
            "description": "The same key with the same request is done once and answered alike for 24 hours.",
            "schema": {"type": "string", "pattern": KEY_PATTERN},
        }


def _query_parameters(model: Json) -> Iterator[Json]:
    required = set(model.get("required", ()))
    for name, schema in model["properties"].items():
        yield {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}


def _without_null(schema: Json) -> Json:
    """A query string has no null: leaving the name out is how nothing is said."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}}
    if not options:
        return {**rest, **({"default": schema["default"]} if schema.get("default") is not None else {})}
    return {**rest, **options[0]} if len(options) == 1 else {**rest, "anyOf": options}


def _responses(route: Route, schemas: Mapping[_Key, Json]) -> Json:
    success: Json = {"description": HTTPStatus(route.status).phrase}
    if route.signature.returns is not None:
        success["content"] = {route.media: {"schema": schemas[route.name, "answer"]}}
    elif route.signature.answers_itself and route.status != HTTPStatus.NO_CONTENT:
        success["content"] = {route.media: {}}
    if route.snapshot:
        success["headers"] = {
            SEQ_HEADER: {
                "description": "Resume the event stream after this.",
                "schema": {"type": "integer"},
            }
        }
    responses: Json = {str(route.status): success}
    codes: dict[int, set[str]] = {}
    for refusal in _refusals(route):
        codes.setdefault(status_of(refusal), set()).add(refusal.code)
    for status in sorted(codes):
        responses[str(status)] = {
            "$ref": "#/components/responses/Problem",
            "description": f"{HTTPStatus(status).phrase}: {', '.join(sorted(codes[status]))}",
        }
    return responses


def _refusals(route: Route) -> Iterator[type[CrmError]]:
    yield from route.refusals
    if not route.embedded:
        yield refusals.ForeignOrigin
    yield InputRejected  # an unknown query parameter is one everywhere
    if route.permission is not Permission.PUBLIC:
        yield from (NotSignedIn, Forbidden)
        if route.method not in {"GET", "HEAD"}:
            yield refusals.CsrfTokenWrong
    if route.signature.path:
        yield NotFound
    if route.signature.takes_file:
        yield from (refusals.BodyTooSlow, refusals.BodyTooLarge, refusals.UnsupportedContent)
    if route.signature.body is not None:
        yield from _BODY_REFUSALS
        if route.embedded:
            yield MalformedForm
    if route.is_idempotent_by_key:
        yield from (RequestInProgress, KeyReused, KeyMalformed)
    if route.signature.connection is not Connection.NONE or route.permission is not Permission.PUBLIC:
        yield from (refusals.DatabaseUnavailable, refusals.TookTooLong)


def _problem_response() -> Json:
    return {
        "description": "A refusal",
        "content": {problems.CONTENT_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}},
    }
