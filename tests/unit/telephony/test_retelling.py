"""A recorded call can be told again about anybody, and nothing of the old people shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.telephony.recording_format import About, RecordedFrame, Recording, load
from channels.telephony.retelling import FreshIds, Member, Retelling, cast_of, is_told_again, members_of, people
from tests.benchmarks.traffic import Teller

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ami"


def recording(*frames: dict[str, str]) -> Recording:
    return Recording(about=About(), frames=tuple(RecordedFrame(at=0, headers=tuple(frame.items())) for frame in frames))


def test_who_plays_in_a_queue_call_is_read_from_it():
    cast = cast_of(load(FIXTURES / "queue_first_no_answer_second_answers.ami.jsonl"))

    assert cast.client_number.startswith("+77")
    assert cast.queue == "sales"
    assert len(cast.phones) == 2
    assert all(phone.startswith("PJSIP/1") and cast.names[phone] for phone in cast.phones)
    assert not cast.is_originated


def test_who_plays_in_a_click_to_call_is_read_from_it():
    cast = cast_of(load(FIXTURES / "click_to_call_answered.ami.jsonl"))

    assert cast.is_originated
    assert cast.client_number == "+77015550142"
    assert len(cast.phones) == 1


def test_a_long_recording_with_a_click_to_call_among_others_plays_by_itself():
    cast = cast_of(
        recording(
            {"Event": "Newchannel", "Channel": "PJSIP/trunk-00000001", "Linkedid": "1.0", "CallerIDNum": "+7701"},
            {"Event": "Newchannel", "Channel": "PJSIP/1001-00000002", "Linkedid": "1.1"},
            {"Event": "OriginateResponse", "Exten": "+7702", "Uniqueid": "1.1"},
        )
    )

    assert (cast.is_originated, cast.client_number) == (False, "+7701")


def test_an_anonymous_client_has_no_number():
    cast = cast_of(load(FIXTURES / "anonymous_queue_answered.ami.jsonl"))

    assert cast.client_number in {"", "anonymous", "Anonymous"}


def test_an_empty_recording_has_nobody_in_it():
    cast = cast_of(recording())

    assert (cast.client_number, cast.phones, cast.is_originated) == ("", (), False)


def test_members_are_known_once_however_often_they_are_spoken_of():
    status = {"Event": "QueueMemberStatus", "Queue": "sales", "Interface": "PJSIP/1001", "MemberName": "Анна"}

    assert members_of([recording(status, status), recording(status)]) == (
        Member(queue="sales", interface="PJSIP/1001", name="Анна"),
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1790000000.1", "1800000000.7"),
        ("1790000000.12", "1800000000.8"),
        ("in-1790000000.1.wav", "in-1800000000.7.wav"),
        ("1001", "1004"),
        ("PJSIP/1001", "PJSIP/1004"),
        ("PJSIP/10012", "PJSIP/10012"),
        ("+77011234567", "+77070000001"),
        ('"Сәуле" <+77011234567>', '"Ольга" <+77070000001>'),
        ("out-77011234567-x", "out-77070000001-x"),
        ("Сәулебек", "Сәулебек"),
    ],
)
def test_words_are_replaced_whole_wherever_they_stand(value: str, told: str):
    retelling = Retelling(
        {"1790000000.1": "1800000000.7", "1790000000.12": "1800000000.8"}
        | people({"PJSIP/1001": "PJSIP/1004", "+77011234567": "+77070000001", "Сәуле": "Ольга"})
    )

    assert retelling.tell([("AppData", value)]) == [("AppData", told)]


def test_what_belongs_to_the_protocol_stays():
    retelling = Retelling({"6": "9", "Hangup": "Chat", "call": "x"})

    headers = [("Event", "Hangup"), ("Privilege", "call,all"), ("ChannelState", "6")]
    assert retelling.tell(headers) == headers


def test_every_retelling_has_ids_of_its_own_that_still_belong_together():
    ids = FreshIds(lambda: 1_800_000_000.5)
    call = recording(
        {"Event": "Newchannel", "Channel": "PJSIP/trunk-0000000a", "Uniqueid": "1.0", "Linkedid": "1.0"},
        {"Event": "Newchannel", "Channel": "Local/1@x-0000000b;1", "Uniqueid": "1.1", "Linkedid": "1.0"},
        {"Event": "Newchannel", "Channel": "Local/1@x-0000000b;2", "Uniqueid": "1.2", "Linkedid": "1.0"},
        {"Event": "BridgeEnter", "BridgeUniqueid": "b-1", "Channel": "PJSIP/trunk-0000000a", "Uniqueid": "1.0"},
    )

    first, second = ids.words_for(call), ids.words_for(call)

    assert not set(first.values()) & set(second.values())
    for words in (first, second):
        told = [dict(Retelling(words).tell(frame.headers)) for frame in call.frames]
        assert len({frame["Uniqueid"] for frame in told}) == 3
        assert {frame["Linkedid"] for frame in told[:3]} == {told[0]["Uniqueid"]}
        assert told[0]["Channel"] == told[3]["Channel"]
        assert told[1]["Channel"].removesuffix(";1") == told[2]["Channel"].removesuffix(";2")
        assert told[0]["Uniqueid"].startswith("1800000000.")


@pytest.mark.parametrize(
    ("frame", "again"),
    [
        ({"Event": "Newstate", "ChannelState": "5"}, True),
        ({"Event": "OriginateResponse", "ActionID": "7"}, True),
        ({"Event": "FullyBooted"}, False),
        ({"Event": "QueueMemberPause", "Interface": "PJSIP/1001"}, False),
        ({"Event": "CoreShowChannel", "ActionID": "7"}, False),
        ({"Event": "CoreShowChannelsComplete", "EventList": "Complete"}, False),
        ({"Response": "Success"}, False),
    ],
)
def test_what_greeted_and_answered_the_recorder_is_not_told_again(frame: dict[str, str], *, again: bool):
    (one,) = recording(frame).frames

    assert is_told_again(one) is again


def test_a_benchmark_rings_a_phone_and_does_not_say_that_asterisk_was_loading():
    """Each ring asked what is alive, and was told that nothing is: calls that had not rung yet were closed unseen."""
    spoken = Teller().tell(load(FIXTURES / "queue_answered_client_hangs_up.ami.jsonl"), at=4.0, phone="PJSIP/3001")

    assert spoken[0].at == pytest.approx(4.0)
    assert [one.rings for one in spoken if one.rings]
    assert not [one for one in spoken if b"Event: FullyBooted" in one.frame]
