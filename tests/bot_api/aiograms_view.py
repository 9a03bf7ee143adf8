"""aiogram's models read updates too, and know nothing of us: both must see the same."""

from __future__ import annotations

from typing import Any

from aiogram.types import CallbackQuery, Message, Update

from channels.telegram.reader import read
from channels.telegram.values import ButtonPressed, MessageHeard


def agree_with_aiogram(raw: dict[str, Any], *, username: str) -> None:
    """The update is one that Telegram could have written, and we read in it what aiogram reads."""
    theirs, ours = Update.model_validate(raw).event, read(raw, username=username).meaning
    if isinstance(ours, ButtonPressed):
        assert isinstance(theirs, CallbackQuery)
        assert (ours.query_id, ours.data, ours.sender.id) == (theirs.id, theirs.data, theirs.from_user.id)
    if isinstance(ours, MessageHeard):
        assert isinstance(theirs, Message)
        _same_message(ours, theirs)


def _same_message(ours: MessageHeard, theirs: Message) -> None:
    sender, replied = theirs.from_user, theirs.reply_to_message
    assert sender is not None
    assert ours.sender is not None
    assert (ours.sender.id, ours.sender.name) == (sender.id, sender.full_name)
    assert (ours.message_id, ours.chat.id, ours.at) == (theirs.message_id, theirs.chat.id, theirs.date)
    assert ours.text == (theirs.text or theirs.caption or "")
    parts = [(one.type, one.offset, one.length) for one in theirs.entities or theirs.caption_entities or ()]
    assert [(one.kind, one.offset, one.length) for one in ours.entities] == parts
    assert (ours.album_id, ours.business_connection) == (theirs.media_group_id, theirs.business_connection_id)
    assert ours.reply_to == (replied.message_id if replied else None)
    file = theirs.document or theirs.voice or theirs.video_note or (theirs.photo[-1] if theirs.photo else None)
    assert [one.file_id for one in ours.files] == ([file.file_id] if file else [])
    assert (ours.contact is None) == (theirs.contact is None)
    assert (ours.location is None) == (theirs.location is None)
