"""Each recording is a story; the tracker tells it as the people on the phones lived it.

The truth beside a recording was written by the laboratory from the SIP
messages and clocks of the parties, never from AMI.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_core.domain.calls import CallSnapshot, LegSnapshot, outcome, wait
from crm_core.domain.path import had_last, path
from tests.replay.recordings import NAMES, SHORT, replay, story, tracker

#: The parties' clocks and Asterisk's differ by the time a SIP message takes.
SIP_LATENCY_S = 0.15

recorded = pytest.mark.parametrize("recording", NAMES)


@recorded
def test_a_recorded_call_is_told_as_it_happened(recording: str) -> None:
    events, expected = story(recording).events, story(recording).expected

    calls = replay(events)

    assert sorted(calls) == sorted(truth["external_id"] for truth in expected)
    for truth in expected:
        told = in_words_of_the_contract(calls[truth["external_id"]])
        claimed = {name: value for name, value in truth.items() if name not in {"legs", "path"}}
        assert {name: told[name] for name in claimed} == {name: _about(value) for name, value in claimed.items()}
        if "legs" in truth:
            # The second line on which an agent asks a colleague is not a phone of its own to the laboratory.
            rung = [leg for leg in told["legs"] if leg["role"] != "consult"]
            assert _phones(rung) == _phones(truth["legs"])
        if "path" in truth:
            stops = truth["path"]
            assert told["path"] == [stop | {"duration_s": _about(stop["duration_s"])} for stop in stops]


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


def in_words_of_the_contract(call: CallSnapshot) -> dict[str, Any]:
    waited = wait(call)
    return {
        "external_id": call.linkedid,
        "direction": call.direction,
        "outcome": outcome(call),
        "queues": list(call.queues),
        "recordings": len(call.recordings),
        "queue": call.answered_queue or (call.queues[-1] if call.queues else None),
        "client_address": call.client_number,
        "our_address": call.our_number,
        "agent": _who_had_the_client(call),
        "legs": [_leg(leg) for leg in call.legs],
        "path": _path(call),
        "wait_s": waited.total_seconds() if waited is not None else None,
        "talk_s": call.talk.total_seconds(),
        "hold_s": call.hold.total_seconds(),
        "ended_by": call.ended_by,
        "hangup_cause": call.hangup_cause,
    }


def _leg(leg: LegSnapshot) -> dict[str, Any]:
    return {"interface": leg.interface, "role": leg.role, "result": leg.result, "rang": leg.rang}


def _path(call: CallSnapshot) -> list[dict[str, Any]]:
    phones = {leg.uniqueid: leg.interface for leg in call.legs}
    stops = path({leg.uniqueid: leg.had for leg in call.legs}, call.stays)
    return [
        {"kind": stop.kind, "name": phones.get(stop.name, stop.name), "duration_s": stop.duration_s} for stop in stops
    ]


def _who_had_the_client(call: CallSnapshot) -> str | None:
    if call.direction != "inbound":
        return next((leg.interface for leg in call.legs if leg.role == "originate"), None)
    last = had_last({leg.uniqueid: leg.had for leg in call.legs})
    return next((leg.interface for leg in call.legs if leg.uniqueid == last), None)


def _phones(legs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """In any order: phones of a ring-all begin to ring in the same millisecond."""
    return sorted((leg["interface"], leg["role"], leg["result"], leg["rang"]) for leg in legs)


def _about(value: Any) -> Any:
    return pytest.approx(value, abs=SIP_LATENCY_S) if isinstance(value, float) else value
