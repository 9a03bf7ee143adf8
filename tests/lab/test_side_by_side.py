"""Calls of every kind at the same time on one Asterisk, told as their parties and Asterisk's own logs tell them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from crm_core.domain.calls import CallSnapshot
from tests.lab.agreement import records, require_agreement_with_queue_log, require_agreement_with_records
from tests.lab.ami import AmiClient, Frame
from tests.lab.asterisk import Asterisk
from tests.lab.exchange import Office
from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.passed_on import PASSED_ON
from tests.lab.scenes.side_by_side import SIDE_BY_SIDE, Scene
from tests.lab.steadiness import Mark, Metronome
from tests.lab.truth import QueueLogLine
from tests.replay.recordings import Heard, replay
from tests.replay.telling import require_told

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

#: The parties' clocks and Asterisk's differ by so much where all of them want the processor at once.
_BUSY_S = 0.6

#: So many telephones are not switched on in one moment.
_APART_S = 0.25

#: So many scenes at once, round after round: what a machine that withheld the processor disturbed is played again,
#: among fewer. A scene that goes wrong while the machine keeps time is not.
_AT_ONCE = (24, 6, 2)

EVERY_KIND = (*SIDE_BY_SIDE, *PASSED_ON)
every_kind = pytest.mark.parametrize("kind", [scene.__name__ for scene in EVERY_KIND])


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One call: what the parties saw, what the tracker told, what Asterisk wrote."""

    truth: ExpectedCall
    told: CallSnapshot
    cdr: list[Mapping[str, str]]
    queue_log: list[QueueLogLine]

    def require_truth(self) -> None:
        require_told(self.told, json.loads(json.dumps(self.truth.as_json())), within_s=_BUSY_S)

    def require_agreement(self, office: Office) -> None:
        require_agreement_with_records(self.told, self.cdr)
        require_agreement_with_queue_log(office, self.told, self.queue_log)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Scenes played at the same time."""

    outcomes: Mapping[str, list[Played] | Exception]  # by scene; what kept it from its end
    told: Mapping[str, CallSnapshot]  # everything the tracker told

    @property
    def disturbed(self) -> bool:
        """A scene broke off, and nobody can tell what its calls should have been."""
        return any(isinstance(outcome, Exception) for outcome in self.outcomes.values())

    def went_wrong(self, office: Office) -> set[str]:
        return {kind for kind, outcome in self.outcomes.items() if not _went_well(outcome, office)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """All scenes, and the rounds in which they were played; ``last_round`` began at that mark."""

    last_round: Mark
    office: Office
    rounds: Sequence[Round]

    def calls_of(self, kind: str) -> list[Played]:
        """As they were played last.

        Raises:
            Exception: what kept the scene from its end.
        """
        outcome = [played.outcomes[kind] for played in self.rounds if kind in played.outcomes][-1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(asterisk: Asterisk, metronome: Metronome) -> Evening:
    scenes, rounds = EVERY_KIND, []
    for at_once in _AT_ONCE:
        last_round = metronome.begin()
        rounds.append(await _play_side_by_side(asterisk, scenes, at_once))
        wrong = rounds[-1].went_wrong(asterisk.office)
        if not wrong or (steadiness := metronome.since_begin()).kept_time:
            break
        metronome.remarks |= dict.fromkeys((f"the scene {kind}" for kind in wrong), steadiness)
        scenes = tuple(scene for scene in scenes if scene.__name__ in wrong)
        asterisk.stop()  # whoever was left in the middle of a call is no part of the next round
        asterisk.start()
    return Evening(office=asterisk.office, rounds=rounds, last_round=last_round)


@pytest.fixture(autouse=True)
def of_that_evening(evening: Evening, metronome: Metronome) -> None:
    """What fails here went wrong then."""
    metronome.resume(evening.last_round)


@every_kind
def test_a_call_is_told_as_its_parties_saw_it(evening: Evening, kind: str) -> None:
    for call in evening.calls_of(kind):
        call.require_truth()


@every_kind
def test_its_times_and_who_was_rung_and_answered_are_what_the_pbx_wrote(evening: Evening, kind: str) -> None:
    for call in evening.calls_of(kind):
        call.require_agreement(evening.office)


def test_nothing_is_told_that_nobody_lived_and_nothing_is_left_open(evening: Evening) -> None:
    whole = [played for played in evening.rounds if not played.disturbed]

    assert whole
    for played in whole:
        lived = {call.truth.external_id for calls in played.outcomes.values() for call in _calls(calls)}
        assert set(played.told) == lived
        assert all(call.complete and call.ended_at is not None for call in played.told.values())


async def _play_side_by_side(asterisk: Asterisk, scenes: Sequence[Scene], at_once: int) -> Round:
    ears = AmiClient(asterisk.host, asterisk.ami_port, asterisk.product_login)
    stage = asyncio.Semaphore(at_once)
    async with Lab(asterisk) as lab, ears as perezvon:
        played = await asyncio.gather(
            *(_play(scene, lab, stage, place % at_once) for place, scene in enumerate(scenes))
        )
        lived = [truth.external_id for truths in played if not isinstance(truths, Exception) for truth in truths]
        if any(isinstance(truths, Exception) for truths in played):
            asterisk.rx("channel request hangup all")
        await lab.everything_is_over()
        await _has_heard_the_end_of(perezvon, lived)
        told = replay(_heard(perezvon.frames))
        outcomes = {
            scene.__name__: await _witnessed(lab, truths, told) for scene, truths in zip(scenes, played, strict=True)
        }
    return Round(outcomes=outcomes, told=told)


async def _play(scene: Scene, lab: Lab, stage: asyncio.Semaphore, place: int) -> list[ExpectedCall] | Exception:
    await asyncio.sleep(place * _APART_S)
    async with stage:
        try:
            return await scene(lab)
        except Exception as fault:
            fault.add_note(f"in the scene {scene.__name__}")
            return fault


async def _witnessed(
    lab: Lab, truths: list[ExpectedCall] | Exception, told: Mapping[str, CallSnapshot]
) -> list[Played] | Exception:
    if isinstance(truths, Exception):
        return truths
    try:
        return [await _played(lab, truth, told[truth.external_id]) for truth in truths]
    except (KeyError, TimeoutError) as fault:
        return fault


async def _played(lab: Lab, truth: ExpectedCall, told: CallSnapshot) -> Played:
    return Played(truth=truth, told=told, cdr=await records(lab, told), queue_log=lab.queue_log(told.linkedid))


def _went_well(outcome: list[Played] | Exception, office: Office) -> bool:
    try:
        for call in _calls(outcome):
            call.require_truth()
            call.require_agreement(office)
    except AssertionError:
        return False
    return not isinstance(outcome, Exception)


def _calls(outcome: list[Played] | Exception) -> list[Played]:
    return [] if isinstance(outcome, Exception) else outcome


async def _has_heard_the_end_of(perezvon: AmiClient, calls: list[str]) -> None:
    for linkedid in calls:
        await perezvon.wait_for(lambda frame, end=linkedid: frame.event == "Cdr" and frame["UniqueID"] == end)


def _heard(frames: list[Frame]) -> Iterator[Heard]:
    """By the wall clock, as Perezvon's own link would stamp it."""
    loop_began = datetime.now(UTC) - timedelta(seconds=asyncio.get_running_loop().time())
    return (Heard(dict(frame.fields), loop_began + timedelta(seconds=frame.at)) for frame in frames)
