"""What the log calls a chat: one thread for each pair of somebody who asks and a place where they do.

A private chat is the person. In a group each asker has a conversation of their own, and
a chat in which the bot stands in for a person is none of the bot's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from channels.telegram.values import MessageHeard, external_id

_THREAD: Final = re.compile(r"(?P<chat>-?[0-9]{1,19})(?::(?P<asker>[0-9]{1,19})|@(?P<connection>\S{1,256}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Where something is said: ``7001``, ``-4001:7001``, ``7001@connection``."""

    chat_id: int
    asker: int | None = None  # in a group
    connection: str | None = None  # of a person's own chats

    @classmethod
    def of(cls, said: MessageHeard) -> Self:
        if said.chat.is_private:
            return cls(chat_id=said.chat.id, connection=said.business_connection)
        return cls(chat_id=said.chat.id, asker=said.sender.id if said.sender else None)

    @classmethod
    def read(cls, told: str) -> Self | None:
        """None: it names no chat."""
        found = _THREAD.fullmatch(told)
        if found is None:
            return None
        asker = found["asker"]
        return cls(chat_id=int(found["chat"]), asker=int(asker) if asker else None, connection=found["connection"])

    def __str__(self) -> str:
        if self.connection is not None:
            return f"{self.chat_id}@{self.connection}"
        return str(self.chat_id) if self.asker is None else f"{self.chat_id}:{self.asker}"

    @property
    def is_group(self) -> bool:
        return self.chat_id < 0

    def message(self, number: int) -> str:
        """What the log knows a message of this chat by; numbers of a person's own chats are others."""
        name = external_id(self.chat_id, number)
        return name if self.connection is None else f"{name}@{self.connection}"

    def number(self, message: str) -> int | None:
        """Back again; None when it is a message of another chat."""
        chat, _, rest = message.partition(":")
        number, _, connection = rest.partition("@")
        ours = chat == str(self.chat_id) and (connection or None) == self.connection
        return int(number) if ours and number.isdigit() else None
