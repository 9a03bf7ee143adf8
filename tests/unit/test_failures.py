"""What is told of a failed story is short, and says where and with which values."""

from __future__ import annotations

import pytest

from tests.failures import LOG_LINES, account, shortened

pytest_plugins = ["pytester"]

_STORY = """
def test_counting():
    count = 1
    assert count == 2, "one is not two"
"""


def test_of_a_log_its_end_is_kept_without_the_requests_that_went_well() -> None:
    fine = "2026-11-22 18:25:22 [info     ] request answered   action=http_request method=GET status=200"
    refused = fine.replace("200", "409")
    steps = [f"step {number}" for number in range(LOG_LINES + 2)]

    said = shortened("\n".join([fine, *steps, fine, refused, fine])).splitlines()

    assert said == ["… 3 lines before", *steps[3:], refused]
    assert shortened("short\n") == "short"


def test_an_account_names_the_line_and_the_values(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_story=_STORY)

    ran = pytester.inline_run("-p", "no:cacheprovider", "-p", "no:asyncio")

    [report] = ran.getfailures()
    assert isinstance(report, pytest.TestReport)
    place, reason = account(report).split("\n", 1)
    assert place.endswith('test_story.py:3: assert count == 2, "one is not two"')
    assert reason.splitlines()[0] == "AssertionError: one is not two"
    assert "assert 1 == 2" in reason
