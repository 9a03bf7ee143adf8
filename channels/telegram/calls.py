"""Each of our messages as the one call of the Bot API that sends it."""

from __future__ import annotations

from typing import Any, Final, assert_never

from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    SendAnimation,
    SendAudio,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVideo,
    SendVoice,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyParameters,
)

from channels.telegram.outgoing import Album, Button, Edit, Outgoing, Text, Upload
from channels.telegram.values import FileKind

#: Anything else goes as a file.
_SENDING: Final[dict[FileKind, tuple[str, type[TelegramMethod[Any]]]]] = {
    FileKind.PHOTO: ("photo", SendPhoto),
    FileKind.VIDEO: ("video", SendVideo),
    FileKind.VOICE: ("voice", SendVoice),
    FileKind.AUDIO: ("audio", SendAudio),
    FileKind.ANIMATION: ("animation", SendAnimation),
}
_AS_FILE: Final = ("document", SendDocument)


Call = TelegramMethod[Any]

_LONGEST_NOTICE: Final = 200


def sending(outgoing: Outgoing) -> Call:
    """The call that sends it."""
    about = _about(outgoing)
    match outgoing.content:
        case Text(text=text):
            return SendMessage(text=text, reply_markup=_keyboard(outgoing), **about)
        case Upload() as upload:
            field, method = _SENDING.get(upload.kind, _AS_FILE)
            given = {field: _file(upload), "caption": upload.caption or None, "reply_markup": _keyboard(outgoing)}
            return method(**given, **about)
        case Album(uploads=uploads):
            return SendMediaGroup(media=[_in_album(upload) for upload in uploads], **about)
        case _ as never:
            assert_never(never)


def editing(edit: Edit) -> Call:
    return EditMessageText(
        chat_id=edit.chat_id, message_id=edit.message_id, text=edit.text, reply_markup=_inline(edit.buttons)
    )


def answering(query_id: str, notice: str) -> Call:
    """A pressed button is answered, perhaps with words that are shown for a moment."""
    return AnswerCallbackQuery(callback_query_id=query_id, text=notice[:_LONGEST_NOTICE] or None)


def _about(outgoing: Outgoing) -> dict[str, Any]:
    about: dict[str, Any] = {"chat_id": outgoing.chat_id}
    if outgoing.thread_id is not None:
        about["message_thread_id"] = outgoing.thread_id
    if outgoing.business_connection is not None:
        about["business_connection_id"] = outgoing.business_connection
    if outgoing.reply_to is not None:
        # The client may have deleted what is answered; the answer is worth saying all the same.
        about["reply_parameters"] = ReplyParameters(message_id=outgoing.reply_to, allow_sending_without_reply=True)
    return about


def _keyboard(outgoing: Outgoing) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    if outgoing.asks_number is not None:
        share = KeyboardButton(text=outgoing.asks_number, request_contact=True)
        return ReplyKeyboardMarkup(keyboard=[[share]], resize_keyboard=True, one_time_keyboard=True)
    return _inline(outgoing.buttons)


def _inline(rows: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=one.label, callback_data=one.data) for one in row] for row in rows]
    )


def _in_album(upload: Upload) -> InputMediaPhoto | InputMediaVideo | InputMediaDocument:
    file, caption = _file(upload), upload.caption or None
    match upload.kind:
        case FileKind.PHOTO:
            return InputMediaPhoto(media=file, caption=caption)
        case FileKind.VIDEO:
            return InputMediaVideo(media=file, caption=caption)
        case _:
            return InputMediaDocument(media=file, caption=caption)


def _file(upload: Upload) -> BufferedInputFile:
    return BufferedInputFile(upload.data, filename=_header_safe(upload.name))


def _header_safe(name: str) -> str:
    """aiogram writes the name into a header as it is."""
    return "".join(character for character in name if character.isprintable() and character not in '"\\') or "file"
