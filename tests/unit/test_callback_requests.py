"""Callers who ask in the menu to be called back: what of their event is believed, and when they want to be called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.telephony import callback_requests
from channels.telephony.frames import EventParser, as_event, read_headers
from crm_core.domain.callback_requests import CallbackRequest, due_after, due_at

ALMATY, BERLIN = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Berlin")
ASKED = datetime(2026, 3, 4, 9, 2, tzinfo=UTC)  # 14:02 in Almaty

EVENT = (
    b"Event: UserEvent\r\nPrivilege: user,all\r\nTimestamp: 1772614920.0\r\nChannel: PJSIP/trunk-00000001\r\n"
    b"CallerIDNum: +77011234567\r\nUniqueid: 1772614900.7\r\nLinkedid: 1772614900.7\r\nUserEvent: PerezvonCallback"
)


def heard(*said: str, event: bytes = EVENT) -> CallbackRequest | None:
    frame = b"\r\n".join([event, *(line.encode() for line in said)])
    return callback_requests.read(as_event(read_headers(frame)[0]), ASKED, pbx="main", boot="b", zone=ALMATY)


def request(*said: str) -> CallbackRequest:
    told = heard(*said)
    assert told is not None
    return told


def test_a_request_is_read_with_all_that_was_said() -> None:
    told = request("Number: 87017654321", "Queue: sales", "In: 600", "Agent: 1001", "Subject: Visa to Italy")

    assert (told.uniqueid, told.linkedid, told.caller) == ("1772614900.7", "1772614900.7", "+77011234567")
    assert (told.number, told.queue, told.extension, told.subject) == (
        "87017654321",
        "sales",
        "1001",
        "Visa to Italy",
    )
    assert (told.asked_at, told.due_at, told.rejected) == (ASKED, ASKED + timedelta(minutes=10), ())


def test_nothing_but_the_event_itself_needs_to_be_said() -> None:
    told = request()

    assert (told.number, told.queue, told.due_at, told.extension, told.rejected) == (None, None, None, None, ())


@pytest.mark.parametrize("event", [EVENT.replace(b"PerezvonCallback", b"Other"), EVENT.replace(b"Uniqueid", b"X")])
def test_other_events_of_the_dialplan_are_not_ours(event: bytes) -> None:
    assert heard("UserEvent: PerezvonCallback", event=event) is None


def test_a_name_that_grew_headers_of_its_own_changes_nothing_that_was_said_before() -> None:
    told = request("Queue: sales", "In: 600", "Subject: Ivan", "Queue: vip", "Linkedid: 1.1", "Uniqueid: 1.1")

    assert (told.queue, told.linkedid, told.uniqueid) == ("sales", "1772614900.7", "1772614900.7")
    assert told.rejected == ("Queue: told more than once",)


@pytest.mark.parametrize(
    ("said", "rejected"),
    [
        ("In: soon", "In: no number of seconds"),
        ("In: -5", "In: no number of seconds"),
        ("In: 99999999999999999999", "In: no number of seconds"),
        ("At: 25:00", "At: no time to come"),
        ("At: yesterday", "At: no time to come"),
        ("At: 1", "At: no time to come"),
        ("Subject: " + "x" * 301, "Subject: too long"),
    ],
)
def test_a_part_that_makes_no_sense_is_named_and_the_rest_holds(said: str, rejected: str) -> None:
    told = request(said, "Queue: sales")

    assert told.rejected == (rejected,)
    assert (told.queue, told.due_at) == ("sales", None)


def test_a_time_of_day_counts_before_a_wait_and_a_broken_one_after_it() -> None:
    assert request("At: 18:30", "In: 600").due_at == datetime(2026, 3, 4, 13, 30, tzinfo=UTC)
    assert request("At: 18.30", "In: 600").due_at == ASKED + timedelta(minutes=10)


@pytest.mark.parametrize("told", ["nan", "inf", "-1", "99999999999", "soon"])
def test_a_clock_that_tells_no_time_is_not_asked(told: str) -> None:
    event = EVENT.replace(b"1772614920.0", told.encode())

    assert (found := heard(event=event)) is not None
    assert found.asked_at == ASKED


def test_of_the_dialplans_own_events_only_ours_are_read_at_all() -> None:
    parser = EventParser()

    assert parser.parse(EVENT + b"\r\nIn: 600") is not None
    assert parser.parse(EVENT.replace(b"PerezvonCallback", b"Other")) is None


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ("18:30", datetime(2026, 3, 4, 13, 30, tzinfo=UTC)),
        ("09:00", datetime(2026, 3, 5, 4, 0, tzinfo=UTC)),  # has passed today
        ("14:02", ASKED),
        ("9:5", datetime(2026, 3, 5, 4, 5, tzinfo=UTC)),
        (str(int(ASKED.timestamp()) + 60), ASKED + timedelta(minutes=1)),
        (str(int(ASKED.timestamp()) - 60), None),
        ("9999999999", None),
        ("24:00", None),
        ("", None),
        ("١٨:٣٠x", None),
    ],
)
def test_a_time_is_the_next_one_that_the_companys_clock_shows(told: str, due: datetime | None) -> None:
    assert due_at(told, ASKED, ALMATY) == due


def test_a_time_the_clocks_jump_over_is_the_moment_they_have_jumped() -> None:
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 in Berlin, half an hour before the jump

    assert due_at("02:30", night, BERLIN) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_wait_longer_than_any_promise_is_none() -> None:
    assert due_after("0", ASKED) == ASKED
    assert due_after(str(6 * 366 * 86_400), ASKED) is None
