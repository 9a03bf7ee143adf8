"""Each recording is a story; the tracker tells it as the people on the phones lived it.

The truth beside a recording was written by the laboratory from the SIP
messages and clocks of the parties, never from AMI.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.replay.recordings import NAMES, SHORT, replay, story, tracker
from tests.replay.telling import require_told

recorded = pytest.mark.parametrize("recording", NAMES)


@recorded
def test_a_recorded_call_is_told_as_it_happened(recording: str) -> None:
    events, expected = story(recording).events, story(recording).expected

    calls = replay(events)

    assert sorted(calls) == sorted(truth["external_id"] for truth in expected)
    for truth in expected:
        require_told(calls[truth["external_id"]], truth)


@pytest.mark.parametrize("recording", SHORT)
def test_nothing_of_a_call_changes_without_being_told(recording: str) -> None:
    told = tracker()

    looked_at_when_told = replay(story(recording).events, into=told)

    assert looked_at_when_told == {linkedid: told.snapshot(linkedid) for linkedid in looked_at_when_told}


@recorded
def test_after_the_last_hangup_nobody_is_on_the_phone(recording: str) -> None:
    told = tracker()

    calls = replay(story(recording).events, into=told)

    assert told.live_calls() == []
    assert told.anomalies == {}
    assert all(leg.ended_at and leg.result for call in calls.values() for leg in call.legs)
    assert all(call.complete for call in calls.values())


@recorded
def test_times_stand_in_the_order_in_which_they_happen(recording: str) -> None:
    calls = replay(story(recording).events)

    for call in calls.values():
        assert call.ended_at is not None
        assert call.started_at <= (call.answered_at or call.started_at) <= call.ended_at
        assert timedelta() <= call.talk + call.hold <= call.ended_at - (call.answered_at or call.ended_at)
        for leg in call.legs:
            assert leg.ended_at is not None
            assert leg.offered_at <= (leg.answered_at or leg.offered_at) <= leg.ended_at
