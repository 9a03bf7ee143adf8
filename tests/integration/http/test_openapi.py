"""The served document is the full truth: a generator that reads it cannot catch us out."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from crm_core.domain.people import Role
from tests.integration.http.house import House

#: How long the generator may look for something.
BUDGET_S = 10.0


async def test_the_document_describes_every_route_of_the_api(house: House) -> None:
    answer = await house.stranger().get("/api/v1/openapi.json")

    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.body["openapi"] == "3.1.0"
    assert answer.body["paths"]["/api/v1/interactions"]["get"]["responses"]["200"]["headers"]["X-Perezvon-Seq"]
    post = answer.body["paths"]["/api/v1/clients"]["post"]
    assert {"201", "401", "403", "422"} <= set(post["responses"])
    assert [parameter["name"] for parameter in post["parameters"]] == ["Idempotency-Key"]


async def test_no_two_things_share_a_name_in_the_document(house: House) -> None:
    document = (await house.stranger().get("/api/v1/openapi.json")).body

    assert not [name for name in document["components"]["schemas"] if "__" in name]


@pytest.mark.slow
async def test_a_generator_that_reads_the_document_cannot_catch_us_out(house: House) -> None:
    program = await house.program("anna", Role.OWNER, extension="1001", queues=["sales"])
    document = (await program.get("/api/v1/openapi.json")).body

    caught = await asyncio.to_thread(_torment, document, house.root, program.headers)

    assert caught == {}


def _torment(document: dict[str, Any], root: str, headers: dict[str, str]) -> dict[str, str]:
    """What was caught, by operation."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=root)
    operations = [result.ok() for result in schema.get_all_operations()]
    caught: dict[str, str] = {}
    ends = time.monotonic() + BUDGET_S
    while time.monotonic() < ends:
        for operation in operations:
            try:
                _try(operation, headers)
            except (Exception, FailureGroup) as failure:  # whatever it is, it is the finding
                findings = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
                caught.setdefault(operation.label, "\n".join(map(str, findings)))
    return caught


def _try(operation: Any, headers: dict[str, str]) -> None:
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(case=right | wrong)
    @settings(
        max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    def one(case: Any) -> None:
        # Some rules no schema can say (a time in the past, a code that is not in the list): those are 422 on purpose.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    one()
