"""What was sent together is shown together.

Telegram sends the parts of an album one by one and never says how many there are.
Each is stored and acknowledged when it comes; together they are seen only here, from
whatever has been heard so far, in any order, some of it twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from channels.telegram.values import MessageHeard


def gather(heard: Iterable[MessageHeard]) -> list[tuple[MessageHeard, ...]]:
    """The messages of a chat in the order in which they were sent, each alone or with its album.

    Of one that is heard more than once the latest wording counts.
    """
    groups: dict[tuple[int, str], list[MessageHeard]] = {}
    for message in sorted(latest(heard), key=lambda message: (message.chat.id, message.message_id)):
        name = f"album {message.album_id}" if message.album_id else message.external_id
        groups.setdefault((message.chat.id, name), []).append(message)
    return [tuple(group) for group in groups.values()]


def latest(heard: Iterable[MessageHeard]) -> list[MessageHeard]:
    """Each message once, as it was worded last."""
    kept: dict[str, MessageHeard] = {}
    for message in heard:
        known = kept.get(message.external_id)
        if known is None or message.said_at > known.said_at:
            kept[message.external_id] = message
    return list(kept.values())
