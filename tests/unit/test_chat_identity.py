"""Who a visitor is: signed by us, or vouched for by the site, and by nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from channels.webchat.allowance import Allowances, Rate
from channels.webchat.vouching import read_identity
from crm_core.domain.webchat import VisitorToken, read_token, read_visit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "what the site and we know"
TOMORROW = {"sub": "42", "exp": int((NOW + timedelta(hours=23)).timestamp())}


def jwt(claims: object, *, secret: str = SECRET, header: object = None) -> str:
    parts = [part(header or {"alg": "HS256", "typ": "JWT"}), part(claims)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


def part(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def test_a_site_vouches_for_its_user() -> None:
    claims = TOMORROW | {"name": "Анна", "email": "anna@example.com", "phone": "+77011234567"}

    vouched = read_identity(jwt(claims), SECRET, now=NOW)

    assert vouched is not None
    assert (vouched.subject, vouched.name) == ("42", "Анна")
    assert (vouched.email, vouched.phone) == ("anna@example.com", "+77011234567")


@pytest.mark.parametrize(
    "token",
    [
        jwt(TOMORROW, secret="another"),
        jwt(TOMORROW, header={"alg": "none"}),
        jwt(TOMORROW, header={"alg": "HS512"}),
        jwt(TOMORROW, header={"alg": "HS256", "crit": ["exp"]}),
        jwt(TOMORROW | {"exp": NOW.timestamp()}),
        jwt(TOMORROW | {"exp": (NOW + timedelta(hours=25)).timestamp()}),
        jwt(TOMORROW | {"exp": 1e300}),
        jwt(TOMORROW | {"exp": True}),
        jwt({"sub": "42"}),
        jwt({"exp": TOMORROW["exp"]}),
        jwt(TOMORROW | {"sub": ""}),
        jwt(TOMORROW | {"sub": 42}),
        jwt(TOMORROW | {"sub": "4\n2"}),
        jwt(TOMORROW | {"nbf": (NOW + timedelta(hours=1)).timestamp()}),
        jwt(["42"]),
        jwt(TOMORROW)[:-2],
        jwt(TOMORROW).rpartition(".")[0] + ".",
        jwt(TOMORROW) + ".",
        "..",
        "",
        "ж.ж.ж",
        "a" * 10_000,
    ],
)
def test_whatever_is_wrong_with_its_word_nobody_is_vouched_for(token: str) -> None:
    assert read_identity(token, SECRET, now=NOW) is None


def test_our_own_token_is_believed_and_no_other() -> None:
    secret, visitor = uuid4(), uuid4()
    token = VisitorToken(visitor_id=visitor).signed(secret)

    assert read_token(token, secret, now=NOW) == VisitorToken(visitor_id=visitor)
    assert read_token(token, uuid4(), now=NOW) is None
    assert read_token(uuid4().hex + token[32:], secret, now=NOW) is None
    assert read_token(token.replace(".0.", ".1.", 1), secret, now=NOW) is None


def test_a_token_of_somebody_vouched_for_ends_with_the_sites_word() -> None:
    secret, until = uuid4(), NOW + timedelta(hours=1)
    token = VisitorToken(visitor_id=uuid4(), until=until).signed(secret)

    assert read_token(token, secret, now=NOW) is not None
    assert read_token(token, secret, now=until) is None


@pytest.mark.parametrize("told", [None, [], "x", {"tags": 7}, {"page": ["x"], "tags": {"utm_source": {}, 1: 2}}])
def test_a_page_that_says_nonsense_of_itself_may_still_be_written_from(told: Any) -> None:
    assert read_visit(told) == read_visit(None)


def test_of_a_visit_only_what_can_do_no_harm_is_kept() -> None:
    told = {
        "page": "javascript:alert(1)",
        "title": "Туры\n\u202e<b>",
        "referrer": "https://search.example/?q=" + "x" * 5_000,
        "language": "ru-RU",
        "tags": {"utm_source": "insta\0gram", "password": "x", "gclid": "1"},
    }

    visit = read_visit(told)

    assert (visit.page, visit.title, visit.language) == (None, "Туры <b>", None)
    assert visit.referrer is not None
    assert len(visit.referrer) == 2_000
    assert visit.tags == {"gclid": "1", "utm_source": "insta gram"}


def test_who_has_used_up_what_they_may_is_told_how_long_to_wait() -> None:
    now = [100.0]
    allowances = Allowances(Rate(burst=2, per_s=0.5), clock=lambda: now[0])

    assert [allowances.take("anna"), allowances.take("anna")] == [None, None]
    assert allowances.take("anna") == timedelta(seconds=2)
    assert allowances.take("boris") is None

    now[0] += 2
    assert allowances.take("anna") is None
