"""What Asterisk wrote down itself tells the same story as what it said at once.

The books stand beside some recordings, written by the same Asterisk during the
same scene.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from channels.telephony.history import books
from channels.telephony.history.records import History
from channels.telephony.history.stories import tell
from config.sections import PbxSettings
from crm_core.domain.calls import CallSnapshot, Direction
from tests.replay.recordings import AMI_FIXTURES, LAB_DIALECT, replay, story
from tests.replay.telling import in_words_of_the_contract

NAMES = sorted(path.name.removesuffix(".books") for path in AMI_FIXTURES.glob("*.books"))
recorded = pytest.mark.parametrize("recording", NAMES)

#: Of a phone that was dialled, the bill knows no more than that.
_KNOWN_TO_A_BILL = ("outcome", "queue", "agent", "direction")
#: A bill and the queue's log count whole seconds, each cut off in its own place.
_BILLED_S = 2.0


async def _books(recording: str, *names: str) -> History:
    folder = AMI_FIXTURES / f"{recording}.books"
    files = {"cel": "cel_url", "linked": "cdr_url", "Master": "cdr_url"}
    pbx = PbxSettings.model_validate(
        {"name": "main", "host": "pbx", "username": "crm", "secret": "x"}
        | {setting: (folder / f"{name}.csv").as_uri() for name, setting in files.items() if name in names}
        | ({"queue_log": folder / "queue_log"} if "queue_log" in names else {})
    )
    found = await books.look_up(pbx, since=0, until=4e9)
    assert found.failures == ()
    return found.history


@recorded
async def test_the_diary_and_the_queues_tell_what_was_heard(recording: str) -> None:
    heard = replay(story(recording).events)

    told = tell(await _books(recording, "cel", "linked", "queue_log"), LAB_DIALECT, boot="lab")

    assert sorted(call.linkedid for call in told) == sorted(heard)
    for call in told:
        said = heard[call.linkedid]
        claims, truth = in_words_of_the_contract(call), in_words_of_the_contract(said)
        for name in ("outcome", "queue", "agent", "direction", "our_address", "hangup_cause"):
            assert claims[name] == truth[name], name
        # Of a click-to-call that our own phone did not pick up, no book knows whom it was for.
        assert claims["client_address"] == truth["client_address"] or claims["legs"][0]["result"] != "answered"
        assert claims["ended_by"] == truth["ended_by"]
        assert claims["talk_s"] == pytest.approx(truth["talk_s"], abs=1)
        assert claims["wait_s"] == pytest.approx(truth["wait_s"], abs=1)
        assert _phones(claims["legs"]) == _phones(truth["legs"])
        assert _files(call) == _files(said)
        assert call.keys == said.keys
        assert call.complete


@recorded
@pytest.mark.parametrize("book", ["linked", "Master"])
async def test_bills_and_the_queues_tell_the_gist_of_it(recording: str, book: str) -> None:
    heard = replay(story(recording).events)

    told = tell(await _books(recording, book, "queue_log"), LAB_DIALECT, boot="lab")

    by_linkedid = {call.linkedid: call for call in told if call.direction is not Direction.INTERNAL}
    if recording == "attended_transfer_answered" and book == "Master":
        by_linkedid = {key: call for key, call in by_linkedid.items() if key in heard}
    assert sorted(by_linkedid) == sorted(heard)
    for linkedid, call in by_linkedid.items():
        claims, truth = in_words_of_the_contract(call), in_words_of_the_contract(heard[linkedid])
        for name in _KNOWN_TO_A_BILL:
            assert claims[name] == truth[name], name
        # A bill knows nothing of hold, and who consults has put the client there.
        assert claims["talk_s"] == pytest.approx(truth["talk_s"] + truth["hold_s"], abs=_BILLED_S)
        assert claims["ended_by"] in {truth["ended_by"], None}


@recorded
async def test_bills_alone_do_not_claim_a_talk_they_cannot_know(recording: str) -> None:
    heard = replay(story(recording).events)

    told = tell(await _books(recording, "Master"), LAB_DIALECT, boot="lab")

    for call in told:
        said = heard.get(call.linkedid)
        if said is not None and call.complete and call.answered_at is not None:
            assert abs((call.talk - said.talk - said.hold).total_seconds()) <= _BILLED_S


@recorded
async def test_history_without_its_end_is_not_told(recording: str) -> None:
    whole = await _books(recording, "cel", "queue_log")
    cut = History(cel=whole.cel[:-4], queue_log=whole.queue_log)

    assert len(tell(cut, LAB_DIALECT, boot="lab")) < len(tell(whole, LAB_DIALECT, boot="lab"))


def _phones(legs: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((leg["interface"], leg["role"], leg["result"]) for leg in legs)


def _files(call: CallSnapshot) -> set[str]:
    return {recording.file.rpartition("/")[2] for recording in call.recordings}
