"""From an update of the Bot API to what it means: pure, and never refusing.

A fact cannot be refused, so nothing here raises. A field that makes no sense is left
out and named; an update of which nothing can be made is *parked*, whole. aiogram's own
models are not asked: they refuse a client's whole message for one field of hundreds
that is new or odd, and a whole batch of updates for one message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from channels.telegram.content import (
    full_name,
    read_command,
    read_contact,
    read_files,
    read_location,
    read_text,
)
from channels.telegram.fields import (
    LARGEST_ID,
    Json,
    Odd,
    Unreadable,
    flag,
    inner,
    line,
    moment,
    natural,
    needed,
    text,
    whole,
)
from channels.telegram.values import (
    BusinessConnected,
    ButtonPressed,
    Chat,
    ChatKind,
    GroupMoved,
    Meaning,
    MessageHeard,
    MessagesDeleted,
    Parked,
    Passed,
    Person,
    Standing,
    StandingChanged,
    Update,
)

#: What we ask Telegram to tell us of; the rest would only be passed over.
WANTED_KINDS: Final = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)

_MOST_DELETED: Final = 100
_LONGEST_NAME: Final = 256
_LONGEST_DATA: Final = 64

_CHAT_KINDS: Final = {kind.value: kind for kind in ChatKind}

#: What Telegram itself writes into a chat: nobody said it.
_SERVICE: Final = frozenset(
    """
    new_chat_members new_chat_member left_chat_member new_chat_title new_chat_photo delete_chat_photo
    group_chat_created supergroup_chat_created channel_chat_created message_auto_delete_timer_changed
    pinned_message write_access_allowed proximity_alert_triggered boost_added chat_background_set
    forum_topic_created forum_topic_edited forum_topic_closed forum_topic_reopened general_forum_topic_hidden
    general_forum_topic_unhidden video_chat_scheduled video_chat_started video_chat_ended
    video_chat_participants_invited users_shared chat_shared connected_website chat_owner_left chat_owner_changed
    """.split()  # noqa: SIM905 (a page of names, not a column)
)

#: Content that has a name and that we do not show.
_UNSHOWN: Final = ("poll", "dice", "story", "checklist", "game", "invoice", "paid_media", "giveaway")


def read(raw: object, *, username: str) -> Update:
    """What one update means to the bot of that ``username``."""
    if not isinstance(raw, dict):
        return Update(update_id=None, meaning=Parked(reason="it is no object"), raw=raw)
    update_id = raw.get("update_id")
    if not isinstance(update_id, int) or isinstance(update_id, bool) or not 0 <= update_id <= LARGEST_ID:
        return Update(update_id=None, meaning=Parked(reason="update_id is missing or makes no sense"), raw=raw)
    return Update(update_id=update_id, meaning=_meaning(raw, username), raw=raw)


def _meaning(raw: Json, username: str) -> Meaning:
    kinds = [name for name in raw if name != "update_id"]
    if len(kinds) != 1:
        return Parked(reason="it is not of one kind")
    [kind] = kinds
    reader, payload = _KINDS.get(kind), raw[kind]
    if reader is None:
        return Passed(kind=kind[:_LONGEST_NAME])
    if not isinstance(payload, dict):
        return Parked(reason=f"{kind} is no object")
    try:
        return reader(payload, username)
    except Unreadable as reason:
        return Parked(reason=f"{kind}: {reason}")


def _message(given: Json, username: str) -> Meaning:
    odd: Odd = []
    chat = _chat(given, odd)
    at = needed(moment(given, "date", odd), "date")
    moved = _moved_group(given, chat, odd)
    if moved is not None:
        return GroupMoved(from_id=moved[0], to_id=moved[1], at=at)
    if service := given.keys() & _SERVICE:
        return Passed(kind=f"message: {min(service)}")
    sender = _author(given, chat, odd)
    words, entities = read_text(given, odd)
    files, location = read_files(given, odd), read_location(given, odd)
    forwarded = "forward_origin" in given or "forward_date" in given
    contact = read_contact(
        given, odd, sender_id=sender.id if sender else None, is_passed_on=forwarded or "via_bot" in given
    )
    replied = inner(given, "reply_to_message", odd)
    return MessageHeard(
        message_id=needed(natural(given, "message_id", odd), "message_id"),
        chat=chat,
        sender=sender,
        at=at,
        edited_at=moment(given, "edit_date", odd),
        text=words,
        entities=entities,
        files=files,
        location=location,
        contact=contact,
        command=None if forwarded or "text" not in given else read_command(words, username),
        reply_to=natural(replied, "message_id", odd) if replied else None,
        answers_us=replied is not None and _is_ours(replied, username, odd),
        thread_id=natural(given, "message_thread_id", odd) if flag(given, "is_topic_message") else None,
        album_id=line(given, "media_group_id", odd, longest=64),
        business_connection=line(given, "business_connection_id", odd, longest=_LONGEST_NAME),
        is_forwarded=forwarded,
        unshown=None if words or files or location or contact else _unshown(given),
        odd=tuple(odd),
    )


def _unshown(given: Json) -> str:
    return next((kind for kind in _UNSHOWN if kind in given), "unknown")


def _moved_group(given: Json, chat: Chat, odd: Odd) -> tuple[int, int] | None:
    """Its ids before and after, when this is the news of a move."""
    to_id, from_id = whole(given, "migrate_to_chat_id", odd), whole(given, "migrate_from_chat_id", odd)
    if to_id is not None:
        return chat.id, to_id
    return None if from_id is None else (from_id, chat.id)


def _author(given: Json, chat: Chat, odd: Odd) -> Person | None:
    if "sender_chat" in given:
        return None  # `from` is then a stand-in that Telegram made up
    sender = _person(given, "from", odd)
    if sender is None and chat.is_private:
        raise Unreadable("from is missing or makes no sense")
    return sender


def _is_ours(replied: Json, username: str, odd: Odd) -> bool:
    author = _person(replied, "from", odd)
    return author is not None and author.is_bot and (author.username or "").lower() == username.lower()


def _deleted(given: Json, username: str) -> Meaning:
    odd: Odd = []
    ids = given.get("message_ids")
    if not isinstance(ids, list) or not all(isinstance(one, int) and 0 < one <= LARGEST_ID for one in ids):
        raise Unreadable("message_ids is missing or makes no sense")
    return MessagesDeleted(
        business_connection=needed(
            line(given, "business_connection_id", odd, longest=_LONGEST_NAME), "business_connection_id"
        ),
        chat=_chat(given, odd),
        message_ids=tuple(ids[:_MOST_DELETED]),
    )


def _pressed(given: Json, username: str) -> Meaning:
    odd: Odd = []
    if "data" not in given:
        return Passed(kind="callback_query: game")
    under = inner(given, "message", odd)
    return ButtonPressed(
        query_id=needed(line(given, "id", odd, longest=_LONGEST_NAME), "id"),
        sender=needed(_person(given, "from", odd), "from"),
        chat=_chat(under, odd) if under else None,
        message_id=natural(under, "message_id", odd) if under else None,
        data=needed(text(given, "data", odd, longest=_LONGEST_DATA), "data"),
    )


def _standing_changed(given: Json, username: str) -> Meaning:
    odd: Odd = []
    return StandingChanged(
        chat=_chat(given, odd),
        by=needed(_person(given, "from", odd), "from"),
        at=needed(moment(given, "date", odd), "date"),
        was=_standing(given, "old_chat_member", odd),
        now=_standing(given, "new_chat_member", odd),
    )


def _standing(given: Json, name: str, odd: Odd) -> Standing:
    member = needed(inner(given, name, odd), name)
    match member.get("status"):
        case "creator" | "administrator":
            return Standing.ADMINISTRATOR
        case "member":
            return Standing.PRESENT
        case "restricted" if flag(member, "is_member"):
            return Standing.PRESENT if flag(member, "can_send_messages") else Standing.SILENCED
        case "restricted" | "left" | "kicked":
            return Standing.GONE
        case _:
            raise Unreadable(f"{name} has no status we know")


def _business(given: Json, username: str) -> Meaning:
    odd: Odd = []
    rights = inner(given, "rights", odd)
    return BusinessConnected(
        connection=needed(line(given, "id", odd, longest=_LONGEST_NAME), "id"),
        person=needed(_person(given, "user", odd), "user"),
        at=needed(moment(given, "date", odd), "date"),
        is_enabled=flag(given, "is_enabled"),
        may_reply=flag(rights, "can_reply") if rights else flag(given, "can_reply"),
    )


def _chat(given: Json, odd: Odd) -> Chat:
    chat = needed(inner(given, "chat", odd), "chat")
    kind = chat.get("type")
    return Chat(
        id=needed(whole(chat, "id", odd), "chat.id"),
        kind=needed(_CHAT_KINDS.get(kind) if isinstance(kind, str) else None, "chat.type"),
        title=line(chat, "title", odd, longest=_LONGEST_NAME) or "",
    )


def _person(given: Json, name: str, odd: Odd) -> Person | None:
    person = inner(given, name, odd)
    person_id = natural(person, "id", odd) if person else None
    if person is None or person_id is None:
        return None
    return Person(
        id=person_id,
        name=full_name(person, odd),
        username=line(person, "username", odd, longest=64),
        language=line(person, "language_code", odd, longest=16),
        is_bot=flag(person, "is_bot"),
    )


_KINDS: Final[dict[str, Callable[[Json, str], Meaning]]] = {
    "message": _message,
    "edited_message": _message,
    "business_message": _message,
    "edited_business_message": _message,
    "deleted_business_messages": _deleted,
    "callback_query": _pressed,
    "my_chat_member": _standing_changed,
    "business_connection": _business,
}
