"""What Telegram writes becomes what it means; what makes no sense stops nothing."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.reader import WANTED_KINDS, read
from channels.telegram.values import (
    BusinessConnected,
    ButtonPressed,
    ChatKind,
    Command,
    CommandName,
    Entity,
    FileKind,
    GroupMoved,
    Meaning,
    MessageHeard,
    MessagesDeleted,
    Parked,
    Passed,
    Standing,
    StandingChanged,
    Update,
)
from tests.bot_api.messages import (
    AIGUL,
    BORIS,
    NOON,
    TRIP_GROUP,
    Json,
    command,
    file_of,
    membership,
    message,
    pressed,
    private_chat,
)
from tests.unit.telegram.samples import SAMPLES

US = "perezvon_test_bot"


def heard(payload: Json, kind: str = "message") -> Meaning:
    return read({"update_id": 1, kind: payload}, username=US).meaning


def said(**content: Any) -> MessageHeard:
    meaning = heard(message(5, **content))
    assert isinstance(meaning, MessageHeard)
    return meaning


def test_a_text_says_who_wrote_what_where_and_when() -> None:
    told = said(text="Сәлем! 😀 Есть мөхито?")

    assert (told.external_id, told.text, told.at) == (
        "7001:5",
        "Сәлем! 😀 Есть мөхито?",
        datetime.fromtimestamp(NOON, UTC),
    )
    assert told.sender is not None
    assert (told.sender.id, told.sender.name, told.sender.language) == (7001, "Айгүл Нұрланова", "kk")
    assert (told.chat.kind, told.edited_at, told.odd) == (ChatKind.PRIVATE, None, ())


def test_parts_of_a_text_are_counted_as_browsers_count() -> None:
    link = {"type": "text_link", "offset": 3, "length": 4, "url": "javascript:alert(1)"}

    assert said(text="😀 тур", entities=[link | {"length": 3}]).entities == (
        Entity(kind="text_link", offset=3, length=3, url="javascript:alert(1)"),
    )
    beyond = said(text="😀 тур", entities=[link])
    assert (beyond.text, beyond.entities, beyond.odd) == ("😀 тур", (), ("entities",))


def test_an_edit_is_the_same_message_again() -> None:
    edit = heard(message(5, text="Сочи", edit_date=NOON + 60), "edited_message")

    assert isinstance(edit, MessageHeard)
    assert edit.external_id == said(text="Соичи").external_id
    assert edit.edited_at == datetime.fromtimestamp(NOON + 60, UTC)


def test_of_a_photo_the_largest_size_counts() -> None:
    sizes = [file_of("s", 100, width=90, height=60), file_of("l", 9000, width=900, height=600)]
    told = said(photo=sizes, caption="паспорт", media_group_id="77")

    assert [(file.kind, file.file_id, file.size) for file in told.files] == [(FileKind.PHOTO, "id-l", 9000)]
    assert (told.text, told.album_id) == ("паспорт", "77")


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        ({"document": file_of("d", 10, file_name="../../etc/договор.pdf")}, FileKind.FILE, "договор.pdf"),
        ({"document": file_of("d", 10, file_name="C:\\tmp\\a\u202egpj.exe")}, FileKind.FILE, "agpj.exe"),
        ({"voice": file_of("v", 10, duration=7)}, FileKind.VOICE, None),
        ({"video_note": file_of("n", 10, duration=7, length=240)}, FileKind.VIDEO_NOTE, None),
        ({"sticker": file_of("k", 10, emoji="👍")}, FileKind.STICKER, None),
        ({"animation": file_of("g", 10), "document": file_of("g", 10)}, FileKind.ANIMATION, None),
    ],
)
def test_each_kind_of_file_keeps_its_name_without_its_path(content: Json, kind: FileKind, name: str | None) -> None:
    told = said(**content)

    assert [(file.kind, file.name) for file in told.files] == [(kind, name)]


def test_a_place_may_move_and_have_a_name() -> None:
    live = said(location={"latitude": 43.24, "longitude": 76.9, "live_period": 900}).location
    hotel = said(venue={"location": {"latitude": 18.2, "longitude": 109.5}, "title": "Sanya Bay", "address": "…"})

    assert live is not None
    assert (live.latitude, live.live_for) == (43.24, timedelta(minutes=15))
    assert hotel.location is not None
    assert hotel.location.name == "Sanya Bay"


@pytest.mark.parametrize("latitude", [91, -90.5, 1e400, float("nan"), 10**400, "43", True])
def test_a_place_that_is_not_on_earth_is_none(latitude: object) -> None:
    told = said(location={"latitude": latitude, "longitude": 76.9})

    assert (told.location, told.odd) == (None, ("latitude", "location"))


@pytest.mark.parametrize(
    ("owner", "around", "is_own"),
    [
        (AIGUL["id"], {}, True),
        (BORIS["id"], {}, False),
        (None, {}, False),
        (AIGUL["id"], {"forward_origin": {"type": "user", "date": NOON}}, False),
        (AIGUL["id"], {"via_bot": BORIS}, False),
    ],
)
def test_a_contact_is_the_senders_own_only_when_telegram_says_so(owner: int | None, around: Json, is_own: bool) -> None:
    contact = {"phone_number": "77010000001", "first_name": "Айгүл"} | ({"user_id": owner} if owner else {})

    told = said(contact=contact, **around).contact

    assert told is not None
    assert (told.number, told.is_own) == ("77010000001", is_own)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("/start", Command(name=CommandName.START)),
        ("/start insta_hainan-2", Command(name=CommandName.START, argument="insta_hainan-2")),
        ("/start <script>", Command(name=CommandName.START)),
        ("/HOTLINE", Command(name=CommandName.HOTLINE)),
        ("/call завтра\nв 10", Command(name=CommandName.CALL, argument="завтра\nв 10")),
        (f"/lang@{US} en", Command(name=CommandName.LANGUAGE, argument="en")),
        ("/start@another_bot x", None),
        ("/weather", None),
        ("//call", None),
        ("позвоните /call", None),
    ],
)
def test_commands_are_heard_when_they_are_ours(words: str, meant: Command | None) -> None:
    assert said(**command(words)).command == meant
    assert said(text=words).text == words


def test_a_command_that_was_only_passed_on_asks_for_nothing() -> None:
    assert said(text="/call", forward_origin={"type": "user", "date": NOON}).command is None


def test_a_group_has_a_title_replies_topics_and_no_face_for_its_channel() -> None:
    told = said(chat=TRIP_GROUP, text="Где гид?", reply_to_message=message(4, text="…"), message_thread_id=9)
    in_topic = said(chat=TRIP_GROUP, text="…", message_thread_id=9, is_topic_message=True)
    anonymous = said(chat=TRIP_GROUP, text="…", sender_chat=TRIP_GROUP)

    assert (told.chat.title, told.reply_to, told.thread_id) == ("Хайнань, 3–14 декабря", 4, None)
    assert in_topic.thread_id == 9
    assert anonymous.sender is None


def test_both_halves_of_a_move_say_the_same() -> None:
    supergroup = {"id": -1_004_001, "type": "supergroup", "title": "…"}
    old = heard(message(1, chat=TRIP_GROUP, migrate_to_chat_id=-1_004_001))
    new = heard(message(1, chat=supergroup, migrate_from_chat_id=TRIP_GROUP["id"]))

    assert old == new == GroupMoved(from_id=-4001, to_id=-1_004_001, at=datetime.fromtimestamp(NOON, UTC))


def test_blocked_and_unblocked_taken_in_and_put_out() -> None:
    chat = private_chat(AIGUL)
    blocked = heard(membership(chat, "member", "kicked"), "my_chat_member")
    taken_in = heard(membership(TRIP_GROUP, "left", "administrator"), "my_chat_member")

    assert isinstance(blocked, StandingChanged)
    assert isinstance(taken_in, StandingChanged)
    assert (blocked.chat.is_private, blocked.was, blocked.now) == (True, Standing.PRESENT, Standing.GONE)
    assert taken_in.now is Standing.ADMINISTRATOR


def test_a_pressed_button_says_under_what_and_by_whom() -> None:
    told = heard(pressed("abc", query_id="9"), "callback_query")
    old = heard(pressed("abc", on={"chat": private_chat(AIGUL), "message_id": 1, "date": 0}), "callback_query")

    assert isinstance(told, ButtonPressed)
    assert isinstance(old, ButtonPressed)
    assert (told.query_id, told.sender.id, told.message_id, told.data) == ("9", 7001, 1, "abc")
    assert old.chat is not None


def test_business_connections_tell_of_deletions() -> None:
    connected = {"id": "b1", "user": BORIS, "user_chat_id": 7002, "date": NOON, "rights": {"can_reply": True}}
    deleted = {"business_connection_id": "b1", "chat": private_chat(AIGUL), "message_ids": [5, 6]}

    begun = heard(connected | {"is_enabled": True}, "business_connection")
    gone = heard(deleted, "deleted_business_messages")
    written = heard(message(5, text="…", business_connection_id="b1"), "business_message")

    assert isinstance(begun, BusinessConnected)
    assert (begun.is_enabled, begun.may_reply) == (True, True)
    assert isinstance(gone, MessagesDeleted)
    assert isinstance(written, MessageHeard)
    assert (gone.external_ids, written.business_connection) == (("7001:5", "7001:6"), "b1")


def test_what_nobody_said_is_passed_over_and_what_we_cannot_show_is_not() -> None:
    assert heard(message(1, chat=TRIP_GROUP, new_chat_title="…")) == Passed(kind="message: new_chat_title")
    assert heard({"id": "1"}, "poll_answer") == Passed(kind="poll_answer")
    assert said(poll={"id": "1", "question": "Куда?"}).unshown == "poll"
    assert said(hologram={}).unshown == "unknown"
    assert said(text="…", hologram={}).unshown is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ([], "it is no object"),
        ({"message": message(1)}, "update_id is missing or makes no sense"),
        ({"update_id": True, "message": message(1)}, "update_id is missing or makes no sense"),
        ({"update_id": 2**70, "message": message(1)}, "update_id is missing or makes no sense"),
        ({"update_id": 1}, "it is not of one kind"),
        ({"update_id": 1, "message": []}, "message is no object"),
        ({"update_id": 1, "message": {"chat": {"id": "7"}}}, "message: chat.id is missing or makes no sense"),
        ({"update_id": 1, "message": message(1) | {"from": 7}}, "message: from is missing or makes no sense"),
        ({"update_id": 1, "message": message(1) | {"date": 1e400}}, "message: date is missing or makes no sense"),
    ],
)
def test_what_makes_no_sense_is_parked_whole(raw: object, reason: str) -> None:
    update = read(raw, username=US)

    assert update.meaning == Parked(reason=reason)
    assert json.loads(update.raw_bytes) == raw


def test_what_no_database_can_hold_is_replaced_and_moves_nothing() -> None:
    told = said(text="a\x00b\ud800c", entities=[{"type": "bold", "offset": 4, "length": 1}])
    shouting = said(by=AIGUL | {"first_name": "x\n\u202eBcc:", "last_name": "\x00"}, text="…")

    assert told.text == "a\ufffdb\ufffdc"
    assert told.entities[0].offset == 4
    assert shouting.sender is not None
    assert shouting.sender.name == "x Bcc:"


def test_an_odd_field_costs_only_itself() -> None:
    told = said(text="хочу в Дубай", edit_date="soon", media_group_id=[1], message_thread_id={}, reply_to_message="4")

    assert (told.text, told.edited_at, told.album_id, told.reply_to) == ("хочу в Дубай", None, None, None)
    assert set(told.odd) == {"edit_date", "media_group_id", "reply_to_message"}


def test_an_update_without_a_number_is_known_by_what_is_in_it() -> None:
    first, again, other = ({"message": message(n)} for n in (1, 1, 2))

    keys = [read(raw, username=US).key for raw in (first, again, other)]

    assert keys[0] == keys[1] != keys[2]
    assert read({"update_id": 8, "message": message(1)}, username=US).key == "8"


def test_an_oversized_message_is_cut_and_named() -> None:
    told = said(text="я" * 1_000_000, entities=[{"type": "bold", "offset": 0, "length": 1}] * 100_000)

    assert (len(told.text), len(told.entities), set(told.odd)) == (65_536, 200, {"text", "entities"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mangled(draw: st.DrawFn) -> Json:
    """A sample with something else at some places in it."""
    update = deepcopy(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = update
        while isinstance(place, dict | list) and place:
            key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
            if draw(st.booleans()) or not isinstance(place[key], dict | list):
                place[key] = draw(JSON)
                break
            place = place[key]
    return update


@settings(max_examples=40)
@given(mangled())
def test_nothing_that_can_be_written_in_json_raises(raw: Json) -> None:
    update = read(raw, username=US)

    assert isinstance(update, Update)
    assert update.raw_bytes


@settings(max_examples=40)
@given(JSON, st.sampled_from(WANTED_KINDS))
def test_nor_does_anything_else_under_a_known_name(payload: object, kind: str) -> None:
    read({"update_id": 1, kind: payload}, username=US)
    read(payload, username=US)
