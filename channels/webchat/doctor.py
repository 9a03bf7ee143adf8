"""Whether what is written in a site's chat reaches somebody, and what to do where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from config.sections import WebchatSettings
from crm_core.domain.findings import Finding, ill, well
from crm_core.store.database import Database, Reader
from crm_core.store.webchat import count_people
from crm_core.views.webchat import chat_hours


async def examine(
    site: WebchatSettings, database: Database | None, *, public_url: str, zone: ZoneInfo
) -> list[Finding]:
    """Where the widget may stand; with a database also who reads its chats, and when."""
    findings = [_pages(site, public_url)]
    if database is not None:
        async with database.read() as reader:
            findings += [await _people(reader, site), await _hours(reader, site, zone)]
    return findings


def _pages(site: WebchatSettings, public_url: str) -> Finding:
    subject = f"web chat {site.name}"
    encrypted = [origin for origin in site.origins if origin.startswith("https://")]
    if encrypted and not public_url.startswith("https://"):
        advice = f"Serve Perezvon over https and say so in public_url, which is {public_url}."
        return ill(subject, f"browsers do not let {encrypted[0]} load a chat without encryption", advice)
    return well(subject, f'data-site="{site.site_key}" on pages of {", ".join(site.origins)}')


async def _people(db: Reader, site: WebchatSettings) -> Finding:
    subject = f"web chat {site.name}, people"
    people = await count_people(db, site.queue)
    if people == 0:
        advice = f"Put people into the queue {site.queue} (People, Queues), or give the chat another queue."
        return ill(subject, f"nobody is in the queue {site.queue}: its chats are given to nobody", advice)
    return well(subject, f"{people} in the queue {site.queue}")


async def _hours(db: Reader, site: WebchatSettings, zone: ZoneInfo) -> Finding:
    subject = f"web chat {site.name}, hours"
    hours = await chat_hours(db, site.queue, zone=zone.key, now=datetime.now(UTC))
    if hours.open:
        return well(subject, f"open until {hours.until:%d.%m %H:%M} UTC" if hours.until else "open")
    if hours.opens is None:
        advice = f"Give the calendar of the team of the queue {site.queue} working hours, or the queue another team."
        return ill(subject, "it never opens: the calendar has no hours", advice)
    return well(subject, f"closed until {hours.opens:%d.%m %H:%M} UTC")
