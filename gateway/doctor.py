"""The doctor: what is wrong with this installation, in words, and what to do about it.

It looks at everything the program needs and stops at nothing: what cannot be
looked at is itself a finding.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from channels.email import doctor as mail
from channels.telephony import doctor as telephony
from channels.telephony.checkup.observations import Observation, in_words
from channels.telephony.trial_call import CallOrder
from channels.webchat import doctor as webchat
from config.settings import PbxSettings, Settings
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Finding, ill, well
from crm_core.store import health
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.default_database import default_database
from gateway.app import STATIC

#: Less free space than this and a busy day may fill the disk.
ENOUGH_FREE_BYTES = 1024**3


async def examine(settings: Settings) -> list[Finding]:
    """All that can be told from this machine, the database first: nothing works without it."""
    async with AsyncExitStack() as while_looking:
        database, findings = await _open_database(settings, while_looking)
        return [*findings, *await _house(settings, database)]


async def place_test_call(
    settings: Settings, pbx: PbxSettings, order: CallOrder, *, tell: Callable[[Finding], None] | None
) -> list[Finding]:
    """Ring a phone and say what was heard of it; ``tell`` hears each step at once."""
    async with AsyncExitStack() as while_calling:
        database, findings = await _open_database(settings, while_calling)
        if database is None:
            return findings
        steps: list[Finding] = []

        async def note(seen: Observation) -> None:
            steps.append(in_words(seen, "en"))
            if tell is not None:
                tell(steps[-1])

        await telephony.place_test_call(pbx, settings, database, order, tell=note, by=None)
        return steps


async def _open_database(settings: Settings, stack: AsyncExitStack) -> tuple[Database | None, list[Finding]]:
    """The database, open as long as the stack, and what is to be said of it; None when it cannot be asked further."""
    try:
        url = await stack.enter_async_context(default_database(settings))
        database = await stack.enter_async_context(Database(url, pool_size=2))
        findings = await health.examine(database, timezone=settings.timezone)
    except CrmError as error:
        return None, [ill("database", str(error), "Mend this first; nothing works without it.")]
    except DATABASE_AWAY as error:
        advice = "Is it running, and is PEREZVON_DATABASE_URL right: host, port, user, password, database?"
        return None, [ill("database", f"it cannot be reached: {error}", advice)]
    has_tables = all(finding.well for finding in findings if finding.subject == "schema")
    return database if has_tables else None, findings


async def _house(settings: Settings, database: Database | None) -> list[Finding]:
    """Everything beside the database."""
    findings = [_disk(settings.data_dir), _web_app()]
    if not settings.pbx:
        findings.append(well("pbx", "none is configured"))
    for pbx in settings.pbx:
        findings += [in_words(seen, "en") for seen in await telephony.examine(pbx, settings, database)]
    for mailbox in settings.mailbox:
        findings += await mail.examine(mailbox, public_url=settings.public_url)
    for site in settings.webchat:
        findings += await webchat.examine(site, database, public_url=settings.public_url, zone=settings.timezone)
    return findings + await _bots(settings)


async def _bots(settings: Settings) -> list[Finding]:
    if not settings.telegram:  # who has none does not load what Telegram needs
        return []
    from channels.telegram import doctor
    from channels.telegram.door import PATH

    doors = {bot: f"{settings.public_url}{PATH}/{bot.name}" for bot in settings.telegram}
    return [finding for bot, door in doors.items() for finding in await doctor.examine(bot, door=door)]


def _disk(data_dir: Path) -> Finding:
    place = data_dir.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    gigabytes = f"{free / 1024**3:.1f} GB free at {place}"
    if free < ENOUGH_FREE_BYTES:
        return ill("disk", gigabytes, "Make room: when it is full, nothing can be recorded any more.")
    return well("disk", gigabytes)


def _web_app() -> Finding:
    if (STATIC / "index.html").exists():
        return well("web app", "built")
    return ill("web app", "it has not been built", "Type `make install` in the source directory.")
