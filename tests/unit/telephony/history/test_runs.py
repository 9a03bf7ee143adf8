"""A line of the PBX's books belongs to the run that wrote it, whatever the PBX's clock shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.telephony.history.records import History, QueueLine
from channels.telephony.history.runs import began_at, split

_CUT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_BEGAN = _CUT + timedelta(minutes=2)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Almaty", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"])
@pytest.mark.parametrize("ours", [ZoneInfo("Asia/Almaty"), UTC])
def test_a_run_began_in_the_gap_it_caused_whatever_its_zone(zone: str, ours: ZoneInfo) -> None:
    name = f"{_BEGAN.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S}"

    assert began_at(name, _CUT, _CUT + timedelta(minutes=10), (ours, UTC)) == _BEGAN


@pytest.mark.parametrize("name", ["unknown", "", "2026-11-21T12:02:00+05:00", "2026-11-20T12:47:31"])
def test_a_name_that_is_no_moment_of_the_gap_says_nothing(name: str) -> None:
    assert began_at(name, _CUT, _CUT + timedelta(minutes=10), (UTC,)) is None


def test_a_call_belongs_to_the_run_in_which_it_began() -> None:
    began = int(_BEGAN.timestamp())
    lines = tuple(
        QueueLine(at=at, call_id=call_id, queue="sales", agent="NONE", event="ABANDON", details=())
        for at, call_id in ((began + 0.4, f"{began - 1}.7"), (began + 0.5, f"{began}.0"), (began - 1, "our own id"))
    )

    before, after = split(History(queue_log=lines), _BEGAN)

    assert [line.call_id for line in before.queue_log] == [f"{began - 1}.7", "our own id"]
    assert [line.call_id for line in after.queue_log] == [f"{began}.0"]
