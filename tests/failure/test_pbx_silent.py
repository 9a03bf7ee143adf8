"""The PBX is not heard: people at their desks are told calmly that calls will not pop, until they will again."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from crm_core.domain.people import Role
from crm_core.store.database import Database
from tests.acceptance.program import browser, hire, serving, settings_for, sign_in
from tests.integration.ami_peer import ami_peer
from tests.integration.live_pbx import LivePbx, settings_of
from tests.wire import Wire

_SILENT = "АТС не слышна, последний раз в"


async def test_desks_say_that_the_pbx_is_not_heard_and_stop_saying_so(database: Database, tmp_path: Path) -> None:
    await hire(database, "agent", "Анна Ли", extension="1001")
    await hire(database, "boss", "Борис Ким", extension=None, role=Role.SUPERVISOR)
    pbx = LivePbx()
    async with ami_peer(pbx.peer), browser() as chrome:
        wire = Wire("127.0.0.1", pbx.peer.port)
        await wire.mend()
        settings = settings_for(tmp_path, [settings_of(wire.port)])
        async with serving(settings, database):
            pages = [(await sign_in(chrome, settings, login)).pages[0] for login in ("agent", "boss")]

            await wire.cut()
            for page in pages:
                await page.get_by_text(_SILENT).filter(visible=True).first.wait_for()
            await wire.mend()
            for page in pages:
                await expect(page.get_by_text("АТС не слышна").filter(visible=True)).to_have_count(0, timeout=15_000)
        await wire.cut()
