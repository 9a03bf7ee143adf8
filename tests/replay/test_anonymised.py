"""An anonymised recording tells the same story of other people, and nothing of the ones who were there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telephony import recorder
from channels.telephony.anonymiser import Anonymiser
from channels.telephony.recording_format import RecordedFrame, Recording, load
from crm_core.domain.calls import CallSnapshot
from tests.replay.recordings import AMI_FIXTURES, NAMES, SHORT, replay, story

KEY = b"0123456789abcdef0123456789abcdef"
NAME_HEADERS = ("CallerIDName", "ConnectedLineName", "MemberName", "CallerIDname")
NUMBER_HEADERS = ("CallerIDNum", "ConnectedLineNum", "Exten", "CallerIDani", "Destination", "Source")


def renamed(call: CallSnapshot, anonymiser: Anonymiser) -> CallSnapshot:
    """The call with the same people in it as its anonymised recording has."""

    def number(text: str | None) -> str | None:
        return None if text is None else anonymiser.number(text)

    return replace(
        call,
        client_number=number(call.client_number),
        our_number=number(call.our_number),
        client_name=None if call.client_name is None else anonymiser.name(call.client_name),
        client_channel=number(call.client_channel),
        stays=tuple(replace(one, name=anonymiser.number(one.name)) for one in call.stays),
        recordings=tuple(replace(one, file=anonymiser.file(one.file)) for one in call.recordings),
    )


@pytest.mark.parametrize("name", SHORT)
def test_the_story_is_the_same_up_to_the_names(name: str) -> None:
    anonymiser = Anonymiser(KEY)
    events = story(name).events
    retold = [replace(one, event=dict(anonymiser.headers(one.event.items()))) for one in events]

    original, anonymised = replay(events), replay(retold)

    assert {key: renamed(call, anonymiser) for key, call in original.items()} == anonymised


@pytest.mark.parametrize("name", NAMES)
def test_no_number_and_no_name_of_the_original_is_left(name: str, tmp_path: Path) -> None:
    (source,) = AMI_FIXTURES.glob(f"{name}.ami.jsonl*")
    target = tmp_path / "anonymised.ami.jsonl"

    left_out = recorder.anonymise(source, target, key=KEY)

    text = target.read_text(encoding="utf-8")
    original = load(source)
    assert left_out == 0
    assert len(load(target).frames) == len(original.frames)
    assert [one for one in sorted(numbers_of(original)) if one in text] == []
    assert [one for one in sorted(names_of(original)) if one in text] == []


def numbers_of(recording: Recording) -> set[str]:
    return {
        number
        for frame in recording.frames
        for header, value in frame.headers
        if header.endswith(NUMBER_HEADERS)
        for number in re.findall(r"\d{6,}", value)
    }


def names_of(recording: Recording) -> set[str]:
    names = {value for frame in recording.frames for header, value in frame.headers if header.endswith(NAME_HEADERS)}
    return {name for name in names if any(letter.isalpha() for letter in name)} - {"<unknown>", "Anonymous"}


DIGITS = st.text("0123456789", min_size=6, max_size=15)


@given(one=DIGITS, other=DIGITS)
def test_different_numbers_stay_different_and_of_their_length(one: str, other: str) -> None:
    anonymiser = Anonymiser(KEY)

    assert (anonymiser.number(one) == anonymiser.number(other)) == (one == other)
    assert len(anonymiser.number(one)) == len(one)


@given(personal=st.text("0123456789", min_size=7, max_size=7))
def test_every_spelling_of_a_number_ends_alike(personal: str) -> None:
    anonymiser = Anonymiser(KEY)
    spelled = [anonymiser.number(f"{prefix}{personal}") for prefix in ("+7701", "8701", "7701", "701", "")]

    assert len({one[-7:] for one in spelled}) == 1
    assert [one[:-7] for one in spelled] == ["+7701", "8701", "7701", "701", ""]


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=4, max_size=20)


@settings(max_examples=200)
@given(
    name=WORDS.filter(lambda text: any(letter.isalpha() for letter in text)),
    header=st.sampled_from(
        [
            "Value",
            "Extra",
            "UserField",
            "AccountCode",
            "CallerIDName",
            "AppData",
            "ChanVariable",
            "X-Unheard-Of",
            "Message",
        ]
    ),
)
def test_words_that_may_be_anybodys_never_stay(name: str, header: str) -> None:
    secret = f"Zq{name}"
    headers = [("Event", "Newexten"), ("Application", "NoOp"), ("Variable", "WHO"), (header, secret)]

    told = Anonymiser(KEY).headers(headers)

    assert secret not in dict(told)[header]


@pytest.mark.parametrize(
    ("headers", "forbidden"),
    [
        ([("Event", "DialBegin"), ("DialString", "trunk/sip:77015554433@sip.example.com")], ("77015554433", "example")),
        ([("Event", "DialBegin"), ("DialString", "PJSIP/x/sip:john.smith@10.1.2.3:5060")], ("john", "10.1.2.3")),
        ([("Event", "Cdr"), ("CallerID", '"John Smith" <+77015554433>')], ("John", "5554433")),
        ([("Event", "Newchannel"), ("Channel", "Local/77015554433@from-internal-0000002a;1")], ("5554433",)),
        ([("Event", "Newexten"), ("Application", "Dial"), ("AppData", "PJSIP/77015554433@trunk,30")], ("5554433",)),
        ([("Event", "X"), ("CallerIDNum", "+7 (701) 555-44-33")], ("555-44-33",)),
        ([("Event", "X"), ("Seen", "+7 (701) 555-44-33")], ("555-44-33",)),
        (
            [("Event", "VarSet"), ("Variable", "MIXMONITOR_FILENAME"), ("Value", "/m/smith/john 77015554433.wav")],
            ("john", "smith", "5554433"),
        ),
        ([("Event", "X"), ("Linkedid", "crm-call-77015554433")], ("5554433",)),
        ([("Event", "X"), ("CallerIDNum", "john.smith")], ("john", "smith")),
    ],
)
def test_people_hide_in_many_places(headers: list[tuple[str, str]], forbidden: tuple[str, ...]) -> None:
    told = str(Anonymiser(KEY).headers(headers))

    assert [word for word in forbidden if word in told] == []


def test_what_is_no_frame_is_left_out() -> None:
    assert Anonymiser(KEY).frame(RecordedFrame(at=0, raw=b"Call 77015554433")) is None
