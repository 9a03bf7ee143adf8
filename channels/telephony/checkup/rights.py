"""What our user may do, as Asterisk itself lists it: too little breaks a feature, too much is a danger.

ListCommands names every action with the classes that allow it, so both can be
told without trying any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.telephony.ami import AmiLink
from channels.telephony.checkup.observations import Observation, advice, fault, fine
from config.sections import PbxSettings
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Change

#: What we ask of a PBX, and the class of ``write =`` in manager.conf that allows it; "": everybody may.
NEEDED: Final[Mapping[str, str]] = {
    "CoreShowChannels": "reporting",
    "CoreStatus": "reporting",
    "BridgeList": "",
    "QueueStatus": "",
    "QueuePause": "agent",
    "Hangup": "call",
    "Originate": "originate",
}

#: The least that allows all of it; what `perezvon` writes into manager.conf.
WRITE_CLASSES: Final = ("call", "agent", "originate", "reporting")

#: With any of these whoever knows our secret owns the PBX: each is known by an action only it allows.
_DANGERS: Final = {"system": "ModuleLoad", "command": "Command", "config": "UpdateConfig"}


async def examine(link: AmiLink, pbx: PbxSettings) -> list[Observation]:
    """Enough, too little, too much."""
    subject = f"pbx {pbx.name} rights"
    try:
        answer = await link.request({"Action": "ListCommands"})
    except CrmError as error:
        return [fault("no_answer", subject, question="ListCommands", reason=str(error))]
    if not answer.success:
        return [advice("rights_untold", subject)]
    return judge({name.casefold() for name in answer.headers}, pbx)


def judge(allowed: set[str], pbx: PbxSettings) -> list[Observation]:
    """``allowed``: names of actions in small letters."""
    subject = f"pbx {pbx.name} rights"
    section = f"[{pbx.username}]"
    least = Change(file="manager.conf", lines=(section, f"write = {','.join(WRITE_CLASSES)}"))
    found = []
    missing = [name for name in NEEDED if name.casefold() not in allowed]
    if missing:
        classes = sorted({NEEDED[name] for name in missing} - {""})
        found.append(fault("rights_missing", subject, actions=missing, classes=classes, section=section, change=least))
    dangers = [name for name, sign in _DANGERS.items() if sign.casefold() in allowed]
    if dangers:
        found.append(fault("rights_dangerous", subject, classes=dangers, section=section, change=least))
    return found or [fine("rights_enough", subject)]
