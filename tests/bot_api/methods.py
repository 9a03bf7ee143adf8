"""The methods of the Bot API that Perezvon uses, each with what Telegram refuses of it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

from tests.bot_api.bot import Chat, FakeBot, Sent
from tests.bot_api.messages import Json
from tests.bot_api.refusals import NOT_MODIFIED, QUERY_TOO_OLD, TOO_LARGE, Refusal, bad_request

#: Text fields of a call; its uploads lie beside them, by the name of their part.
Parameters = dict[str, str]
Uploads = dict[str, tuple[str, bytes]]
Method = Callable[[FakeBot, Parameters, Uploads], Awaitable[object]]

_ALBUM_KINDS = ({"photo", "video"}, {"document"}, {"audio"})
_HTML_TAGS = {
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "a",
    "code",
    "pre",
    "tg-spoiler",
    "blockquote",
}


async def get_me(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    return bot.json | {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}


async def get_updates(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    if "allowed_updates" in given:
        bot.allowed = frozenset(json.loads(given["allowed_updates"]))
    limit = _integer(given, "limit", 100)
    timeout_s = min(_integer(given, "timeout", 0), 50)
    return await bot.poll(_integer(given, "offset", 0), limit if 1 <= limit <= 100 else 100, timeout_s)


async def set_webhook(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    url, secret = given.get("url", ""), given.get("secret_token", "")
    parts = urlsplit(url)
    # As the server that runs with --local, which takes plain HTTP.
    if url and parts.scheme != "https" and parts.hostname != "127.0.0.1":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    if "allowed_updates" in given:
        bot.allowed = frozenset(json.loads(given["allowed_updates"]))
    if given.get("drop_pending_updates") == "true":
        bot.confirm([update["update_id"] for update in bot.pending])
    bot.set_webhook({"url": url, "secret_token": secret, "max_connections": _integer(given, "max_connections", 40)})
    return True


async def delete_webhook(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    return await set_webhook(bot, {**given, "url": "", "secret_token": ""}, uploads)


async def get_webhook_info(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    shown = {key: value for key, value in bot.webhook.items() if key != "secret_token"}
    return shown | {"has_custom_certificate": False, "pending_update_count": len(bot.pending)}


async def set_my_commands(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    for command in json.loads(given["commands"]):
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands[given.get("language_code", "")] = json.loads(given["commands"])
    return True


async def send_message(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    text = _formatted(given, "text")
    if not text.strip():
        raise bad_request("message text is empty")
    if _units(text) > 4096:
        raise bad_request("message is too long")
    return _send(bot, "sendMessage", given, {"text": text})


async def send_location(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    latitude, longitude = float(given["latitude"]), float(given["longitude"])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("wrong location specified")
    return _send(bot, "sendLocation", given, {"location": {"latitude": latitude, "longitude": longitude}})


def _sending(kind: str) -> Method:
    async def send(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
        content = {kind: _as_sent(kind, _file(bot, given.get(kind, ""), uploads, is_photo=kind == "photo"))}
        return _send(bot, f"send{kind.title()}", given, content | _caption(given))

    return send


async def send_media_group(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    items = json.loads(given["media"])
    if not 2 <= len(items) <= 10:
        raise bad_request("there must be 2-10 items in an album")
    if not any({item["type"] for item in items} <= kinds for kinds in _ALBUM_KINDS):
        raise bad_request("Can't use the media of the specified type in the album")
    album = str(bot.next_message_id())
    contents = [
        {item["type"]: _as_sent(item["type"], _file(bot, item["media"], uploads, is_photo=item["type"] == "photo"))}
        | _caption(item)
        | {"media_group_id": album}
        for item in items
    ]
    return [_send(bot, "sendMediaGroup", given, content) for content in contents]


async def edit_message_text(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    text = _formatted(given, "text")
    if not text.strip():
        raise bad_request("message text is empty")
    if _units(text) > 4096:
        raise bad_request("message is too long")
    return _edit(bot, given, {"text": text})


async def edit_message_reply_markup(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    return _edit(bot, given, {})


async def answer_callback_query(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    if not bot.is_open(given["callback_query_id"]):
        raise QUERY_TOO_OLD
    if _units(given.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    bot.close_query(given["callback_query_id"])
    bot.answered.append(given)
    return True


async def get_file(bot: FakeBot, given: Parameters, uploads: Uploads) -> object:
    held = bot.files.get(given.get("file_id", ""))
    if held is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if held[0]["file_size"] > bot.download_limit:
        raise bad_request("file is too big")
    return held[0]


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "setmycommands": set_my_commands,
    "sendmessage": send_message,
    "sendlocation": send_location,
    "sendphoto": _sending("photo"),
    "senddocument": _sending("document"),
    "sendvoice": _sending("voice"),
    "sendvideo": _sending("video"),
    "sendmediagroup": send_media_group,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "answercallbackquery": answer_callback_query,
    "getfile": get_file,
}


def _send(bot: FakeBot, method: str, given: Parameters, content: Json) -> Json:
    chat = _open_chat(bot, given)
    about = _reply(bot, chat, given)
    markup = _markup(given)
    bot.count_message(chat)
    message = {"message_id": bot.next_message_id(), "from": bot.json, "chat": chat.json, "date": int(bot.now())}
    message |= content | about | markup
    bot.sent.append(Sent(method, dict(given), message))
    return message


def _open_chat(bot: FakeBot, given: Parameters) -> Chat:
    if not given.get("chat_id"):
        raise bad_request("chat_id is empty")
    chat = bot.chats.get(_integer(given, "chat_id", 0))
    if chat is None:
        raise bad_request("chat not found")
    if chat.moved_to is not None:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to)
    if chat.closed is not None:
        raise chat.closed
    return chat


def _reply(bot: FakeBot, chat: Chat, given: Parameters) -> Json:
    if "reply_parameters" not in given:
        return {}
    wanted = json.loads(given["reply_parameters"])
    known = [sent.message for sent in bot.sent if sent.message["chat"]["id"] == chat.json["id"]]
    known += [update["message"] for update in bot.pending if "message" in update]
    found = next((one for one in known if one["message_id"] == wanted["message_id"]), None)
    if found is None and not wanted.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return {"reply_to_message": found} if found else {}


def _edit(bot: FakeBot, given: Parameters, content: Json) -> Json:
    chat, number = _open_chat(bot, given), _integer(given, "message_id", 0)
    for index, sent in enumerate(bot.sent):
        old = sent.message
        if old["message_id"] != number or old["chat"]["id"] != chat.json["id"]:
            continue
        new = {key: value for key, value in old.items() if key not in ("reply_markup", "edit_date")}
        new |= content | _markup(given)
        if new == {key: value for key, value in old.items() if key != "edit_date"}:
            raise NOT_MODIFIED
        bot.sent[index] = replace(sent, message=new | {"edit_date": int(bot.now())})
        return bot.sent[index].message
    raise bad_request("message to edit not found")


def _markup(given: Parameters) -> Json:
    if "reply_markup" not in given:
        return {}
    markup = json.loads(given["reply_markup"])
    for button in (button for row in markup.get("inline_keyboard", ()) for button in row):
        if not button.get("text"):
            raise bad_request("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
        if not 1 <= len(button.get("callback_data", "").encode()) <= 64 and "url" not in button:
            raise bad_request("BUTTON_DATA_INVALID")
    # The keyboards below the field of writing are shown by the client and never come back.
    return {"reply_markup": markup} if markup.get("inline_keyboard") else {}


def _caption(given: Json) -> Json:
    caption = _formatted(given, "caption")
    if _units(caption) > 1024:
        raise bad_request("message caption is too long")
    return {"caption": caption} if caption else {}


def _file(bot: FakeBot, given: str, uploads: Uploads, *, is_photo: bool) -> Json:
    if given in bot.files:
        return bot.files[given][0]
    if not given.startswith("attach://") or (part := uploads.get(given.removeprefix("attach://"))) is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    name, content = part
    if not content:
        raise bad_request("file must be non-empty")
    if is_photo and len(content) > bot.photo_limit:
        raise bad_request(
            f"file of size {len(content)} bytes is too big for a photo; the maximum size is {bot.photo_limit} bytes"
        )
    if len(content) > bot.upload_limit:
        raise TOO_LARGE
    return bot.holds_file(name, content) | {"file_name": name}


def _as_sent(kind: str, file: Json) -> object:
    return (
        [file | {"width": 800, "height": 600}] if kind == "photo" else file | {"duration": 1, "width": 1, "height": 1}
    )


def _formatted(given: Json, field: str) -> str:
    """The text without its tags.

    Raises:
        Refusal: the tags make no sense.
    """
    text, mode = given.get(field) or "", given.get("parse_mode") or ""
    if not mode:
        return text
    if mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    reader = _Tags()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{reader.open[-1]}\"")
    return "".join(reader.text)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HTML_TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise bad_request(f"can't parse entities: Unmatched end tag at byte offset {self.getpos()[1]}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _units(text: str) -> int:
    """Telegram counts in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _integer(given: Parameters, name: str, default: int) -> int:
    try:
        return int(given.get(name, default))
    except ValueError:
        raise Refusal(400, f"Bad Request: invalid {name} specified") from None
