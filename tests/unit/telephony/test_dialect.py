"""Which channels are phones, which are trunks, and what the phones are called."""

from __future__ import annotations

import pytest

from channels.telephony.dialect import ChannelKind, PbxDialect

TOLD = PbxDialect(pbx="main", trunk_prefixes=("PJSIP/megafon", "IAX2/"), extension_channel="PJSIP/{extension}")
UNTOLD = PbxDialect(pbx="main")


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("PJSIP/megafon-0000002a", ChannelKind.TRUNK),
        ("PJSIP/megafon-backup-0000002a", ChannelKind.TRUNK),
        ("IAX2/office-2-1234", ChannelKind.TRUNK),
        ("PJSIP/1001-0000002a", ChannelKind.PHONE),
        ("PJSIP/anna-0000002a", ChannelKind.PHONE),
        ("Local/1001@from-queue-00000001;2", ChannelKind.LOCAL),
        ("Message/ast_msg_queue", ChannelKind.INNER),
        ("AsyncGoto/PJSIP/1001-0000002a", ChannelKind.INNER),
        ("nonsense", ChannelKind.INNER),
        ("", ChannelKind.INNER),
    ],
)
def test_settings_say_which_channels_are_trunks(channel: str, kind: ChannelKind) -> None:
    assert TOLD.kind_of(channel) is kind
    assert TOLD.is_trunk(channel) is (kind is ChannelKind.TRUNK)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("PJSIP/1001-0000002a", ChannelKind.PHONE),
        ("PJSIP/12-0000002a", ChannelKind.PHONE),
        ("PJSIP/7-0000002a", ChannelKind.TRUNK),
        ("PJSIP/77272000001-0000002a", ChannelKind.TRUNK),
        ("PJSIP/megafon-0000002a", ChannelKind.TRUNK),
        ("SIP/1001-0000002a", ChannelKind.TRUNK),
        ("PJSIP/١٠٠١-0000002a", ChannelKind.TRUNK),
    ],
)
def test_where_nobody_said_so_short_numbers_are_phones(channel: str, kind: ChannelKind) -> None:
    assert UNTOLD.kind_of(channel) is kind


@pytest.mark.parametrize(
    ("channel", "interface"),
    [
        ("PJSIP/1001-0000002a", "PJSIP/1001"),
        ("PJSIP/ip-phone-7-0000002a", "PJSIP/ip-phone-7"),
        ("DAHDI/1-1", "DAHDI/1"),
        ("Local/1001@from-queue-00000001;2", "Local/1001@from-queue"),
        ("Message/ast_msg_queue", "Message/ast_msg_queue"),
        ("", ""),
    ],
)
def test_the_device_is_the_channel_without_its_number(channel: str, interface: str) -> None:
    assert TOLD.interface_of(channel) == interface


def test_an_extension_and_its_device_name_each_other() -> None:
    desk = PbxDialect(pbx="main", extension_channel="SIP/ext{extension}-desk")

    assert desk.interface_for("1001") == "SIP/ext1001-desk"
    assert desk.extension_of("SIP/ext1001-desk") == "1001"
    assert desk.extension_of("SIP/ext-desk") is None
    assert desk.extension_of("SIP/1001") is None
