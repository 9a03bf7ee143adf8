"""However the recorded events reach the tracker, twice, mixed or cut off, they tell the same calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telephony.tracking.alive import Alive
from crm_core.domain.calls import CallSnapshot
from tests.replay.recordings import SHORT, Heard, mixed, replay, story, tracker

#: Under load Asterisk lets the events of one channel overtake those of another by so much.
OVERTAKING = timedelta(milliseconds=40)

some_recording = st.sampled_from(SHORT)
some_place = st.floats(0, 1, exclude_max=True)  # in a recording, from its first event to its last
some_seed = st.integers(0, 2**32)
unhurried = settings(deadline=None, max_examples=60)
of_each = settings(deadline=None, max_examples=6)


@pytest.mark.parametrize("recording", SHORT)
def test_every_event_heard_twice_changes_nothing(recording: str) -> None:
    events = story(recording).events

    heard_twice = replay(heard for heard in events for _ in range(2))

    assert heard_twice == replay(events)


@pytest.mark.parametrize("recording", SHORT)
def test_the_whole_recording_heard_twice_changes_nothing(recording: str) -> None:
    events = story(recording).events

    heard_twice = replay(events + events)

    assert heard_twice == replay(events)


@unhurried
@given(recording=some_recording, place=some_place, later=some_place)
def test_any_event_heard_again_later_changes_nothing(recording: str, place: float, later: float) -> None:
    events = story(recording).events
    again = int(place * len(events))
    repeated_at = again + int(later * (len(events) - again)) + 1

    with_echo = replay((*events[:repeated_at], events[again], *events[repeated_at:]))

    assert with_echo == replay(events)


@unhurried
@given(recordings=st.lists(some_recording, min_size=2, max_size=5, unique=True), seed=some_seed)
def test_calls_heard_at_the_same_time_do_not_disturb_each_other(recordings: list[str], seed: int) -> None:
    alone: dict[str, CallSnapshot] = {}
    for recording in recordings:
        alone |= replay(story(recording).events)

    together = replay(mixed([story(recording).events for recording in recordings], Random(seed)))

    assert together == alone


def test_all_recordings_heard_at_the_same_time_do_not_disturb_each_other() -> None:
    alone: dict[str, CallSnapshot] = {}
    for recording in SHORT:
        alone |= replay(story(recording).events)

    together = replay(mixed([story(recording).events for recording in SHORT], Random(20)))

    assert together == alone


@pytest.mark.parametrize("recording", SHORT)
@of_each
@given(seed=some_seed)
def test_channels_that_overtake_each_other_change_nothing(recording: str, seed: int) -> None:
    events = story(recording).events

    out_of_step = replay(_overtaking(events, Random(seed)))

    assert out_of_step == replay(events)


@pytest.mark.parametrize("recording", SHORT)
@of_each
@given(place=some_place, length=some_place)
def test_a_recording_cut_off_anywhere_leaves_no_call_talking_for_ever(
    recording: str, place: float, length: float
) -> None:
    events = story(recording).events
    start = int(place * len(events))
    heard = events[start : start + int(length * (len(events) - start)) + 1]
    told = tracker()
    calls = replay(heard, into=told)

    for news in told.resync(Alive(channels=()), heard[-1].arrived + timedelta(seconds=9)):
        calls[news.linkedid] = told.snapshot(news.linkedid)

    assert told.live_calls() == []
    for call in calls.values():
        assert call.ended_at is not None
        assert call.started_at <= (call.answered_at or call.started_at) <= call.ended_at
        assert timedelta() <= call.talk + call.hold <= call.ended_at - call.started_at
        assert all(leg.ended_at and leg.result for leg in call.legs)


@pytest.mark.parametrize("recording", SHORT)
@of_each
@given(length=some_place)
def test_a_call_whose_end_was_not_heard_is_not_called_complete(recording: str, length: float) -> None:
    events = story(recording).events
    heard = events[: int(length * len(events)) + 1]
    told = tracker()
    replay(heard, into=told)
    unfinished = told.live_calls()

    told.resync(Alive(channels=()), heard[-1].arrived + timedelta(seconds=9))

    assert not any(told.snapshot(linkedid).complete for linkedid in unfinished)


def _overtaking(events: Sequence[Heard], random: Random) -> list[Heard]:
    """The events as they may reach us under load.

    What always holds: the events of one channel keep their order, and no
    channel is spoken of by another before its own Newchannel.
    """
    latest: dict[str, datetime] = {}
    born: dict[str, datetime] = {}
    reached_us: list[tuple[datetime, Heard]] = []
    for heard in events:
        channel, other = heard.event.get("Uniqueid", ""), heard.event.get("DestUniqueid", "")
        late = heard.arrived + OVERTAKING * random.random()
        late = max(late, latest.get(channel, late), born.get(other, late))
        latest[channel] = late
        born.setdefault(channel, late)
        reached_us.append((late, heard))
    return [heard for _, heard in sorted(reached_us, key=lambda pair: pair[0])]
