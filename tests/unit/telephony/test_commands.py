"""Nothing that a person or a client wrote can make Asterisk do more than it was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telephony import commands
from channels.telephony.actions import ActionRejected, serialise
from channels.telephony.commands import Command, DialFormat
from channels.telephony.dialect import PbxDialect
from crm_core.domain.errors import InputRejected, NoOutboundContext, NumberNotDiallable, PbxUnavailable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DIALECT = PbxDialect(pbx="main")

#: Attacks of the checklist (A3, A4) and of past CVEs, for every place a text can be given.
HOSTILE = [
    "100&PJSIP/trunk/+79001234567",
    "300&DAHDI/g1/79001234567",
    "${SHELL(id)}",
    "$[1+1]",
    "Local/100@outbound",
    "1001\r\nApplication: System\r\nData: id",
    "1001\nVariable: X=1",
    "1001\rX: 1",
    "1001\0",
    "1001\u2028Action: Command",
    "1001\u2029",
    "1001\u0085",
    "1001,30,S(5)",
    "1001 1002",
    "",
    " ",
    "1" * 1100,
    "\ud800",
]
#: A Local channel is an honest queue member, and has an honest name; as an extension it is an attack.
NO_DEVICE = [text for text in HOSTILE if not text.startswith("Local/")]


def originate(**given: object) -> Command:
    arguments: dict[str, object] = {
        "extension": "1001",
        "number": "+77011234567",
        "channel_id": "019a-call",
        "outbound_context": "from-internal",
        "dial_format": "e164",
        "country": "KZ",
        "now": NOON,
    }
    return commands.originate(DIALECT, **(arguments | given))  # type: ignore[arg-type]


def test_click_to_call_rings_the_agent_first_and_dials_the_client_in_our_context_only():
    command = originate(caller_name="Айгүл Нұрланова")

    assert serialise(command.action).decode().split("\r\n") == [
        "Action: Originate",
        "ActionID: 019a-call",
        "Channel: PJSIP/1001",
        "ChannelId: 019a-call",
        "Context: from-internal",
        "Exten: +77011234567",
        "Priority: 1",
        "Async: true",
        "Timeout: 30000",
        'CallerID: "Айгүл Нұрланова" <1001>',
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("number", "dial_format", "country", "exten"),
    [
        ("+77011234567", "e164", "KZ", "+77011234567"),
        ("+77011234567", "digits", "KZ", "77011234567"),
        ("+77011234567", "national", "KZ", "87011234567"),
        ("+74951234567", "national", "KZ", "84951234567"),
        ("+4915112345678", "national", "KZ", "8104915112345678"),
        ("+4915112345678", "national", "DE", "01511" + "2345678"),
    ],
)
def test_the_number_is_dialled_as_the_dialplan_wants_it(number: str, dial_format: DialFormat, country: str, exten: str):
    assert commands.dialled(number, dial_format=dial_format, country=country) == exten


@pytest.mark.parametrize("dial_format", ["e164", "digits", "national"])
@pytest.mark.parametrize("number", [*HOSTILE, "77011234567", "+7701CALLME", "+0123456789", "+٧٧٠١١٢٣٤٥٦٧", "+7701 123"])
def test_only_a_clean_number_is_ever_dialled(number: str, dial_format: str):
    with pytest.raises(NumberNotDiallable):
        originate(number=number, dial_format=dial_format)


@given(number=st.text(max_size=20) | st.from_regex(r"\+[0-9]{1,20}", fullmatch=True))
def test_whatever_is_dialled_is_digits_and_one_plus(number: str):
    try:
        exten = commands.dialled(number, dial_format="national", country="KZ")
    except NumberNotDiallable:
        return
    assert exten.isascii()
    assert exten.isdecimal()


@pytest.mark.parametrize("field", ["extension", "channel_id"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_becomes_part_of_an_originate(field: str, text: str):
    with pytest.raises(ActionRejected):
        originate(**{field: text})


@pytest.mark.parametrize("name", [*HOSTILE, '"><script>', 'x" <900>', "back\\slash"])
def test_a_hostile_display_name_stays_a_display_name(name: str):
    caller_id = originate(caller_name=name).action["CallerID"]

    assert isinstance(caller_id, str)
    assert caller_id.endswith('" <1001>')
    assert not set(caller_id[1 : -len('" <1001>')]) & set('"<>\\${}[]&\r\n\0;|/')
    serialise({"CallerID": caller_id})


def test_without_a_context_in_the_settings_nothing_is_dialled():
    with pytest.raises(NoOutboundContext):
        originate(outbound_context=None)


@pytest.mark.parametrize("channel", [*NO_DEVICE, "/^PJSIP/", "/.*/", "PJSIP", "PJSIP/", "SIP/1001\r\n"])
def test_only_one_channel_by_its_name_is_ever_hung_up(channel: str):
    with pytest.raises(ActionRejected):
        commands.hang_up(channel, now=NOON)


def test_declining_hangs_up_the_ringing_phone_as_its_own_button_would():
    command = commands.decline("PJSIP/1001-0000002a", now=NOON)

    assert command.action == {"Action": "Hangup", "Channel": "PJSIP/1001-0000002a", "Cause": "21"}


def test_one_half_of_a_local_channel_can_be_hung_up():
    command = commands.hang_up("Local/1001@from-queue-0000002a;1", now=NOON)

    assert command.action["Channel"] == "Local/1001@from-queue-0000002a;1"


def test_a_pause_names_its_reason_and_may_name_one_queue():
    everywhere = commands.pause("PJSIP/1001", paused=True, reason="WRAP_UP", now=NOON)
    one_queue = commands.pause("PJSIP/1001", paused=False, queue="sales", now=NOON)

    assert everywhere.action == {
        "Action": "QueuePause",
        "Interface": "PJSIP/1001",
        "Paused": "true",
        "Reason": "WRAP_UP",
    }
    assert one_queue.action == {
        "Action": "QueuePause",
        "Interface": "PJSIP/1001",
        "Paused": "false",
        "Queue": "sales",
    }


@pytest.mark.parametrize("reason", ["a|b", "a\r\nb", "x" * 61, "\u2028"])
def test_a_reason_that_would_break_the_queue_log_is_refused(reason: str):
    with pytest.raises(ActionRejected):
        commands.pause("PJSIP/1001", paused=True, reason=reason, now=NOON)


@pytest.mark.parametrize("interface", NO_DEVICE)
def test_only_a_device_is_ever_paused(interface: str):
    with pytest.raises(ActionRejected):
        commands.pause(interface, paused=True, now=NOON)


async def test_a_command_that_comes_too_late_is_not_said():
    command = commands.hang_up("PJSIP/1001-0000002a", now=NOON, expiry=timedelta(seconds=10))

    with pytest.raises(PbxUnavailable, match="too long"):
        await commands.send(None, command, now=NOON + timedelta(seconds=10))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "action",
    [
        {"Action": "Ping", "X": "a\r\nb"},
        {"Action": "Ping", "X": "a\nb"},
        {"Action": "Ping", "X": "a\rb"},
        {"Action": "Ping", "X": "a\0b"},
        {"Action": "Ping", "X": "a\u2028b"},
        {"Action": "Ping", "X": "a\x85b"},
        {"Action": "Ping", "X": "a\x1bb"},
        {"Action": "Ping", "X": "\ud800"},
        {"Action": "Ping", "X": "y" * 1100},
        {"Action": "Ping", "X\r\nY": "a"},
        {"Action": "Ping", "X: Y": "a"},
        {"Action": "Ping", "": "a"},
        {"Action": "Ping", "ActionID": "1\r\n\r\nAction: Logoff"},
        {"Action": "Ping", "Variable": ["fine", "not\r\nfine"]},
        {"Action": "Ping", "Variable": ["x"] * 200},
    ],
)
def test_what_could_be_read_as_more_than_one_header_is_never_written(action: dict[str, str | list[str]]):
    with pytest.raises(InputRejected):
        serialise(action)


@given(
    action=st.dictionaries(
        st.from_regex(r"[A-Z][A-Za-z]{0,10}", fullmatch=True), st.text(max_size=30), min_size=1, max_size=5
    )
)
def test_whatever_is_written_reads_back_as_exactly_what_was_said(action: dict[str, str]):
    try:
        wire = serialise(action)
    except ActionRejected:
        return

    assert wire.endswith(b"\r\n\r\n")
    text = wire.decode().removesuffix("\r\n\r\n")
    assert len(text.splitlines()) <= len(action)
    assert dict(line.split(": ", 1) for line in text.split("\r\n")) == action
