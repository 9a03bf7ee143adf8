"""Which channels lead outside, and where click-to-call would dial: do the settings fit this PBX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from channels.telephony.ami import AmiLink
from channels.telephony.checkup.observations import Observation, advice, fault, fine
from channels.telephony.dialect import ChannelKind, PbxDialect
from config.sections import PbxSettings
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Change

#: An extension nobody has: the dialplan's answer tells whether the context exists, without listing it.
_NOBODY = "perezvon-check"
_NO_CONTEXT = "did not find context"
_NO_EXTENSION = "did not find extension"


def examine_trunks(pbx: PbxSettings, dialect: PbxDialect, channels: Sequence[str]) -> Iterator[Observation]:
    """``channels``: names of those seen lately."""
    subject = f"pbx {pbx.name} trunks"
    outer = [name for name in channels if dialect.kind_of(name) in {ChannelKind.PHONE, ChannelKind.TRUNK}]
    if not outer:
        yield advice("trunks_unseen", subject)
        return
    devices = {name: dialect.interface_of(name) for name in outer}
    strange = sorted(
        {
            device
            for name, device in devices.items()
            if dialect.kind_of(name) is ChannelKind.PHONE and not _has_extension(dialect, device)
        }
    )
    if strange:
        prefixes = ", ".join(f'"{prefix}"' for prefix in (*pbx.trunk_prefixes, *strange))
        change = Change(file="perezvon.toml", lines=("[[pbx]]", f"trunk_prefixes = [{prefixes}]"))
        yield fault("trunks_strange", subject, devices=strange, template=pbx.extension_channel, change=change)
    trunks = sorted({device for name, device in devices.items() if dialect.is_trunk(name)})
    if trunks:
        yield fine("trunks_seen", subject, devices=trunks)
    elif not strange:
        yield advice("trunks_silent", subject, prefixes=pbx.trunk_prefixes)


def _has_extension(dialect: PbxDialect, device: str) -> bool:
    extension = dialect.extension_of(device)
    return extension is not None and extension.isdecimal()


async def examine_outbound(link: AmiLink, pbx: PbxSettings) -> Observation:
    """Does the context exist in which click-to-call dials clients."""
    subject = f"pbx {pbx.name} click-to-call"
    context = pbx.outbound_context
    if context is None:
        change = Change(file="perezvon.toml", lines=("[[pbx]]", 'outbound_context = "from-crm"'))
        return advice("outbound_unset", subject, change=change)
    try:
        answer = await link.request({"Action": "ShowDialPlan", "Context": context, "Extension": _NOBODY})
    except CrmError as error:
        return fault("no_answer", subject, question="ShowDialPlan", reason=str(error))
    said = answer.message.casefold()
    if said.startswith(_NO_CONTEXT):
        lines = (f"[{context}]", "exten => _+X.,1,Dial(PJSIP/${EXTEN}@…)")
        return fault("outbound_missing", subject, context=context, change=Change(file="extensions.conf", lines=lines))
    if answer.success or said.startswith(_NO_EXTENSION):
        return fine("outbound_exists", subject, context=context)
    return advice("outbound_untold", subject, context=context)
