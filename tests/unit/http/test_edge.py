"""What the edge decides without a database or a socket."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from uuid import UUID

import orjson
import pytest
from aiohttp.test_utils import make_mocked_request
from argon2 import extract_parameters

import gateway.http.server  # noqa: F401  (loads every module that defines an error)
from crm_core.actions import passwords
from crm_core.domain.errors import CrmError, TooManyAttempts
from crm_core.store.database import Transaction
from gateway.http import problems
from gateway.http.admission import client_address
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

PROXIES = (ip_network("10.0.0.0/8"),)


def every_error(kind: type[CrmError] = CrmError) -> set[type[CrmError]]:
    return {kind}.union(*(every_error(child) for child in kind.__subclasses__()))


def test_every_error_has_a_status_and_a_code_of_its_own() -> None:
    errors = every_error()

    assert all(400 <= problems.status_of(error) < 600 for error in errors)
    assert len({error.code for error in errors}) == len(errors)


def test_facts_of_a_case_never_hide_what_a_problem_must_say() -> None:
    document = problems.problem_of(CrmError("Too late.", status="late", code="x", state="closed"))

    assert document == {
        "type": "urn:perezvon:problem:error",
        "title": "The root: ``code`` is for programs, ``fields`` are facts about this case, ``str()`` is for people.",
        "status": 500,
        "code": "error",
        "detail": "Too late.",
        "state": "closed",
    }


def test_an_unforeseen_error_says_nothing_of_itself() -> None:
    answer = problems.answer(problems.translate(RuntimeError("password=swordfish")))

    assert answer.status == 500
    assert b"swordfish" not in answer.body
    assert orjson.loads(answer.body)["code"] == "internal_error"


def test_waiting_is_told_in_whole_seconds_and_never_zero() -> None:
    for given, told in ((0.01, "1"), (1, "1"), (899.2, "900")):
        error = TooManyAttempts(retry_after=timedelta(seconds=given))

        assert problems.answer(error).headers["Retry-After"] == told


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # nobody we trust says so
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # what stands before is invented
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),  # through two proxies of ours
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_the_last_one_no_trusted_proxy_vouches_for(peer: str, forwarded: str, address: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded}).clone(remote=peer)

    assert client_address(request, PROXIES) == address


def test_a_handler_that_disagrees_with_its_path_is_found_at_import() -> None:
    routes = Routes("test")

    with pytest.raises(TypeError, match="takes"):

        @routes.add("GET", "/things/{thing_id}", permission=Permission.SIGNED_IN, summary="A thing")
        async def get_thing(request: Request, tx: Transaction, other_id: UUID) -> None: ...


def test_a_route_cannot_be_declared_without_a_permission() -> None:
    with pytest.raises(TypeError, match="permission"):
        Routes("test").add("GET", "/things", summary="Things")  # type: ignore[call-arg]


def test_an_unknown_login_costs_the_same_hash_as_a_known_one() -> None:
    known = extract_parameters(passwords._HASHER.hash("correct horse"))

    assert extract_parameters(passwords._nobodys_hash()) == known
