"""Calls of every kind at the same time on one Asterisk, told as their parties and Asterisk's own logs tell them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from crm_core.domain.calls import CallSnapshot
from tests.lab.agreement import records, require_agreement_with_queue_log, require_agreement_with_records
from tests.lab.ami import AmiClient, Frame
from tests.lab.asterisk import Asterisk
from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.passed_on import PASSED_ON
from tests.lab.scenes.side_by_side import SIDE_BY_SIDE, Scene
from tests.lab.truth import QueueLogLine
from tests.replay.recordings import Heard, replay
from tests.replay.telling import require_told

pytestmark = pytest.mark.lab

#: The parties' clocks and Asterisk's differ by so much where all of them want the processor at once.
_BUSY_S = 0.6

#: So many telephones are not switched on in one moment.
_APART_S = 0.25

EVERY_KIND = (*SIDE_BY_SIDE, *PASSED_ON)
every_kind = pytest.mark.parametrize("kind", [scene.__name__ for scene in EVERY_KIND])


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One call: what the parties saw, what the tracker told, what Asterisk wrote."""

    truth: ExpectedCall
    told: CallSnapshot
    cdr: list[Mapping[str, str]]
    queue_log: list[QueueLogLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """All scenes, played at the same time."""

    lab: Lab
    calls: Mapping[str, list[Played]]  # by scene
    told: Mapping[str, CallSnapshot]  # everything the tracker told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(asterisk: Asterisk) -> AsyncIterator[Evening]:
    ears = AmiClient(asterisk.host, asterisk.ami_port, asterisk.product_login)
    async with Lab(asterisk) as lab, ears as perezvon:
        scenes = await asyncio.gather(*(_play(scene, lab, place) for place, scene in enumerate(EVERY_KIND)))
        await lab.everything_is_over()
        await _has_heard_the_end_of(perezvon, [truth.external_id for truths in scenes for truth in truths])
        told = replay(_heard(perezvon.frames))
        calls = {
            scene.__name__: [await _played(lab, truth, told[truth.external_id]) for truth in truths]
            for scene, truths in zip(EVERY_KIND, scenes, strict=True)
        }
        yield Evening(lab=lab, calls=calls, told=told)


@every_kind
def test_a_call_is_told_as_its_parties_saw_it(evening: Evening, kind: str) -> None:
    for call in evening.calls[kind]:
        require_told(call.told, json.loads(json.dumps(call.truth.as_json())), within_s=_BUSY_S)


@every_kind
def test_the_times_of_a_call_are_those_of_its_records(evening: Evening, kind: str) -> None:
    for call in evening.calls[kind]:
        require_agreement_with_records(call.told, call.cdr)


@every_kind
def test_who_was_rung_and_who_answered_is_what_the_queues_wrote(evening: Evening, kind: str) -> None:
    for call in evening.calls[kind]:
        require_agreement_with_queue_log(evening.lab.office, call.told, call.queue_log)


def test_nothing_is_told_that_nobody_lived_and_nothing_is_left_open(evening: Evening) -> None:
    lived = {call.truth.external_id for calls in evening.calls.values() for call in calls}

    assert set(evening.told) == lived
    assert all(call.complete and call.ended_at is not None for call in evening.told.values())


async def _play(scene: Scene, lab: Lab, place: int) -> list[ExpectedCall]:
    await asyncio.sleep(place * _APART_S)
    try:
        return await scene(lab)
    except Exception as fault:
        fault.add_note(f"in the scene {scene.__name__}")
        raise


async def _played(lab: Lab, truth: ExpectedCall, told: CallSnapshot) -> Played:
    return Played(truth=truth, told=told, cdr=await records(lab, told), queue_log=lab.queue_log(told.linkedid))


async def _has_heard_the_end_of(perezvon: AmiClient, calls: list[str]) -> None:
    for linkedid in calls:
        await perezvon.wait_for(lambda frame, end=linkedid: frame.event == "Cdr" and frame["UniqueID"] == end)


def _heard(frames: list[Frame]) -> Iterator[Heard]:
    """By the wall clock, as Perezvon's own link would stamp it."""
    loop_began = datetime.now(UTC) - timedelta(seconds=asyncio.get_running_loop().time())
    return (Heard(dict(frame.fields), loop_began + timedelta(seconds=frame.at)) for frame in frames)
