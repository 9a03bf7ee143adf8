"""Asterisk's books in a database: the usual tables ``cel`` and ``cdr``, read by the names of their columns.

Only the wanted stretch is asked for, on a connection of its own that lives for
that one question; the user needs no right but to read. MySQL knows no way to
say "these names if they are there", so the table is asked for its columns first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import aiomysql
import asyncpg

from channels.telephony.history.columns import Cells, offset_of
from channels.telephony.history.records import MOST_ROWS, HistoryUnreadable

_CONNECT_S = 10
_ANSWER_S = 60
#: By how many of the last rows it is found out in which zone the dates are written.
_SAMPLE = 50

_COLUMNS = (
    *("eventtype", "eventtime", "cid_name", "cid_num", "cid_dnid", "exten", "context", "channame", "appname"),
    *("appdata", "uniqueid", "linkedid", "peer", "extra", "eventextra"),
    *("calldate", "start", "answer", "end", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp"),
    *("lastdata", "duration", "billsec", "disposition", "userfield", "recordingfile", "sequence"),
)

_Rows = Sequence[Mapping[str, object]]


class _Postgres:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def columns(self, table: str) -> list[str]:
        rows = await self._connection.fetch(
            "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0", table
        )
        return [row["name"] for row in rows]

    async def fetch(self, sql: str, *args: datetime) -> _Rows:
        return [dict(row) for row in await self._connection.fetch(sql.format(*("$1", "$2")[: len(args)]), *args)]

    def quoted(self, column: str) -> str:
        return f'"{column}"'


class _MySql:
    def __init__(self, connection: aiomysql.Connection) -> None:
        self._connection = connection

    async def columns(self, table: str) -> list[str]:
        return [str(row["Field"]) for row in await self.fetch(f"SHOW COLUMNS FROM {self.quoted(table)}")]

    async def fetch(self, sql: str, *args: datetime) -> _Rows:
        async with self._connection.cursor(aiomysql.DictCursor) as cursor:
            await cursor.execute(sql.format(*("%s", "%s")[: len(args)]), args)
            rows: _Rows = await cursor.fetchall()
            return rows

    def quoted(self, column: str) -> str:
        return f"`{column}`"


async def read(url: str, table: str, dates: Sequence[str], since: float, until: float) -> list[Cells]:
    """The rows whose date, in the first of the columns ``dates`` that is there, lies in that stretch.

    Raises:
        HistoryUnreadable: the server cannot be asked, or the table is not what it should be.
    """
    connecting = _mysql(url) if url.startswith("mysql:") else _postgres(url)
    try:
        async with asyncio.timeout(_CONNECT_S + _ANSWER_S), connecting as server:
            return await _rows(server, table, dates, since, until)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, aiomysql.MySQLError) as error:
        raise HistoryUnreadable(f"the table {table} cannot be read: {_in_words(error)}") from error


async def _rows(
    server: _Postgres | _MySql, table: str, dates: Sequence[str], since: float, until: float
) -> list[Cells]:
    there = [name for name in await server.columns(table) if name in _COLUMNS]
    date = next((name for name in dates if name in there), None)
    if date is None or "uniqueid" not in there:
        raise HistoryUnreadable(f"the table {table} has no column {' or '.join(dates)}, or no uniqueid")
    chosen = f"SELECT {', '.join(map(server.quoted, there))} FROM {server.quoted(table)}"  # noqa: S608  (ours, all)
    in_order = f"ORDER BY {server.quoted(date)}"
    sample = await server.fetch(f"{chosen} {in_order} DESC LIMIT {_SAMPLE}")
    if not sample:
        return []
    written = sample[0][date]
    if not isinstance(written, datetime):
        raise HistoryUnreadable(f"the column {date} of the table {table} holds no timestamps")
    if written.tzinfo is None:
        offset_s = offset_of(map(_as_cells, sample), date) or 0
        bounds = [datetime.fromtimestamp(at + offset_s, UTC).replace(tzinfo=None) for at in (since, until)]
    else:
        bounds = [datetime.fromtimestamp(at, UTC) for at in (since, until)]
    stretch = f"WHERE {server.quoted(date)} >= {{}} AND {server.quoted(date)} <= {{}}"
    found = await server.fetch(f"{chosen} {stretch} {in_order} LIMIT {MOST_ROWS + 1}", *bounds)
    if len(found) > MOST_ROWS:
        raise HistoryUnreadable(f"the table {table} holds more than {MOST_ROWS} rows of this time")
    return [_as_cells(row) for row in found]


def _as_cells(row: Mapping[str, object]) -> Cells:
    return {name: "" if value is None else str(value) for name, value in row.items()}


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[_Postgres]:
    connection = await asyncpg.connect(url, timeout=_CONNECT_S, command_timeout=_ANSWER_S)
    try:
        yield _Postgres(connection)
    finally:
        await connection.close(timeout=_CONNECT_S)


@asynccontextmanager
async def _mysql(url: str) -> AsyncIterator[_MySql]:
    parts = urlsplit(url)
    connection = await aiomysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        db=unquote(parts.path.strip("/")),
        charset="utf8mb4",
        connect_timeout=_CONNECT_S,
    )
    try:
        yield _MySql(connection)
    finally:
        connection.close()


def _in_words(error: BaseException) -> str:
    return str(error) or type(error).__name__
