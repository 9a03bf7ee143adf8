"""The one who mends holes asks books that may hold anything, and ends nobody's hearing over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import structlog.testing

from channels.telephony.history.columns import CDR_LAYOUTS
from channels.telephony.history.repairer import Repairer
from channels.telephony.naming import dialect_of
from config.settings import load_settings
from crm_core.domain.ids import new_id
from crm_core.store.database import Database

_TO = datetime.now(UTC) - timedelta(seconds=10)
_FROM = _TO - timedelta(seconds=60)


async def _state(database: Database) -> tuple[str, str | None, bool]:
    async with database.read() as db:
        row = await db.fetchrow("SELECT state, trouble, next_try_at IS NOT NULL AS again FROM gaps")
    assert row is not None
    return row["state"], row["trouble"], row["again"]


def _repairer(database: Database, data_dir: Path, **books: object) -> Repairer:
    pbx = {"name": "main", "host": "127.0.0.1", "username": "crm", "secret": "x", **books}
    environ = {"PEREZVON_DATA_DIR": str(data_dir), "PEREZVON_PBX": orjson.dumps([pbx]).decode()}
    settings = load_settings(None, environ)
    return Repairer(settings.pbx[0], dialect_of(settings.pbx[0]), settings, database)


async def _hole(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO gaps (id, source, from_at, to_at, cause) VALUES ($1, 'main', $2, $3, 'the link was lost')",
            new_id(_FROM),
            _FROM,
            _TO,
        )


async def test_a_book_that_cannot_be_read_is_said_once_and_tried_again(database: Database, tmp_path: Path) -> None:
    await _hole(database)
    repairer = _repairer(database, tmp_path, cdr_url=(tmp_path / "Master.csv").as_uri())

    with structlog.testing.capture_logs() as logs:
        assert await repairer.repair_next()
        async with database.begin() as tx:
            await tx.execute("UPDATE gaps SET next_try_at = now()")
        assert await repairer.repair_next()
        assert not await repairer.repair_next()

    assert [line["action"] for line in logs].count("history_unreadable") == 1
    assert await _state(database) == ("unrepaired", "Master.csv cannot be read: No such file or directory", True)


async def test_a_book_whose_words_the_database_refuses_ends_nobodys_hearing(database: Database, tmp_path: Path) -> None:
    await _hole(database)
    at = int(_FROM.timestamp()) + 5
    cells = {
        "channel": "PJSIP/1001-00000001",
        "dstchannel": "PJSIP/1002-00000002",
        "src": "1001",
        "dst": "1002\x00",
        "start": str(at),
        "answer": str(at + 1),
        "end": str(at + 9),
        "disposition": "ANSWERED",
        "uniqueid": f"{at}.1",
    }
    row = ",".join(f'"{cells.get(column, "")}"' for column in CDR_LAYOUTS[0])
    (tmp_path / "Master.csv").write_text(f"{row}\n")
    repairer = _repairer(database, tmp_path, cdr_url=(tmp_path / "Master.csv").as_uri())

    assert await repairer.repair_next()

    state, trouble, again = await _state(database)
    assert (state, again) == ("unrepaired", True)
    assert trouble == "what the books say cannot be stored"


async def test_a_pbx_without_books_is_not_asked_twice(database: Database, tmp_path: Path) -> None:
    await _hole(database)
    repairer = _repairer(database, tmp_path)

    assert await repairer.repair_next()

    assert not await repairer.repair_next()
    assert await _state(database) == ("unrepaired", None, False)
