"""How a PBX of the settings names its channels."""

from __future__ import annotations

from channels.telephony.dialect import PbxDialect
from config.sections import PbxSettings


def dialect_of(pbx: PbxSettings) -> PbxDialect:
    """The naming rules that its settings give."""
    return PbxDialect(pbx=pbx.name, trunk_prefixes=tuple(pbx.trunk_prefixes), extension_channel=pbx.extension_channel)
