"""The doctor: what is wrong with this installation, in words, and what to do about it.

It looks at everything the program needs and stops at nothing: what cannot be
looked at is itself a finding.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from channels.telephony import doctor as telephony
from config.settings import Settings
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Finding, ill, well
from crm_core.store import health
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.default_database import default_database
from gateway.app import STATIC

#: Less free space than this and a busy day may fill the disk.
ENOUGH_FREE_BYTES = 1024**3


async def examine(settings: Settings) -> list[Finding]:
    """All that can be told from this machine."""
    findings = [*await _database(settings), _disk(settings.data_dir), _web_app()]
    if not settings.pbx:
        findings.append(well("pbx", "none is configured"))
    for pbx in settings.pbx:
        findings += await telephony.examine(pbx, settings.limits)
    return findings


async def _database(settings: Settings) -> list[Finding]:
    try:
        async with default_database(settings) as url, Database(url, pool_size=1) as database:
            return await health.examine(database, timezone=settings.timezone)
    except CrmError as error:
        return [ill("database", str(error), "Mend this first; nothing works without it.")]
    except DATABASE_AWAY as error:
        advice = "Is it running, and is PEREZVON_DATABASE_URL right: host, port, user, password, database?"
        return [ill("database", f"it cannot be reached: {error}", advice)]


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
