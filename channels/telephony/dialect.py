"""How one PBX names its channels: which of them are our phones, which are trunks.

Asterisk says ``PJSIP/1001-0000002a``; what that is depends on the PBX, so the
settings say it: ``trunk_prefixes`` are beginnings of channel names that lead
outside, ``extension_channel`` is how a phone's device is named. Without
``trunk_prefixes`` a device whose name is a short number is a phone, and
anything else a trunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

EXTENSION = "{extension}"

#: Channels that Asterisk makes for itself: no person and no line is at their end.
_INNER_TECHNOLOGIES = frozenset(
    {
        "Announcer",
        "AsyncGoto",
        "Bridge",
        "CBAnn",
        "CBRec",
        "Message",
        "MulticastRTP",
        "Parked",
        "Recorder",
        "Snoop",
        "Surrogate",
        "UnicastRTP",
    }
)

#: How long the number of a phone may be where nobody told us which channels are trunks.
_SHORTEST_EXTENSION, _LONGEST_EXTENSION = 2, 6


class ChannelKind(Enum):
    """What stands at the other end of a channel."""

    PHONE = auto()  # a device of ours
    TRUNK = auto()  # a line to the outside
    LOCAL = auto()  # one half of a Local pair: a piece of wire inside the PBX
    INNER = auto()  # Asterisk itself


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxDialect:
    """The naming rules of one PBX, as its settings give them."""

    pbx: str
    trunk_prefixes: tuple[str, ...] = ()
    extension_channel: str = f"PJSIP/{EXTENSION}"

    def interface_of(self, channel_name: str) -> str:
        """The device behind a channel: ``PJSIP/1001`` of ``PJSIP/1001-0000002a``."""
        technology, slash, resource = channel_name.partition("/")
        if "-" not in resource:
            return channel_name
        return technology + slash + resource.rpartition("-")[0]

    def interface_for(self, extension: str) -> str:
        """The device of an extension: ``PJSIP/1001`` of ``1001``."""
        return self.extension_channel.replace(EXTENSION, extension)

    def extension_of(self, interface: str) -> str | None:
        """The extension a device has, or None when its name does not follow the template."""
        before, _, after = self.extension_channel.partition(EXTENSION)
        if len(interface) <= len(before) + len(after):
            return None
        if not (interface.startswith(before) and interface.endswith(after)):
            return None
        return interface[len(before) : len(interface) - len(after)]

    def is_trunk(self, channel_name: str) -> bool:
        """Does this channel lead outside."""
        return self.kind_of(channel_name) is ChannelKind.TRUNK

    def kind_of(self, channel_name: str) -> ChannelKind:
        """What stands at the other end of a channel, told by its name alone."""
        technology, slash, _ = channel_name.partition("/")
        if technology == "Local":
            return ChannelKind.LOCAL
        if not slash or technology in _INNER_TECHNOLOGIES:
            return ChannelKind.INNER
        if self.trunk_prefixes:
            return ChannelKind.TRUNK if channel_name.startswith(self.trunk_prefixes) else ChannelKind.PHONE
        extension = self.extension_of(self.interface_of(channel_name))
        return ChannelKind.PHONE if extension and _is_short_number(extension) else ChannelKind.TRUNK


def _is_short_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and _SHORTEST_EXTENSION <= len(text) <= _LONGEST_EXTENSION
