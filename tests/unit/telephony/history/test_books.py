"""CSV of every usual layout and zone becomes the same rows; anything else is refused in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from channels.telephony.history import books
from channels.telephony.history.columns import CDR_LAYOUTS, CEL_LAYOUTS, read_moment
from config.sections import PbxSettings

_AT = 1_790_000_000
_CELLS = {
    "accountcode": "",
    "src": "+77011234567",
    "dst": "77272000001",
    "dcontext": "from-trunk",
    "clid": '"Сәуле, \\"S\\"" <+77011234567>',
    "channel": "PJSIP/trunk-00000000",
    "dstchannel": "PJSIP/1001-00000001",
    "lastapp": "Queue",
    "lastdata": "sales,tT,,,30",
    "disposition": "ANSWERED",
    "uniqueid": f"{_AT}.0",
    "linkedid": f"{_AT}.0",
    "sequence": "7",
    "userfield": "2026/in.wav",
    "eventtype": "CHAN_START",
    "channame": "PJSIP/trunk-00000000",
    "cid_num": "+77011234567",
    "exten": "77272000001",
    "extra": '{"hangupcause":16}',
}
_CALENDAR = {"start": 0, "answer": 1, "end": 9, "eventtime": 0}


def _pbx(**books_of_it: object) -> PbxSettings:
    return PbxSettings.model_validate(
        {"name": "main", "host": "pbx.example", "username": "crm", "secret": "s3cret", **books_of_it}
    )


def _line(layout: Sequence[str], zone: ZoneInfo | None = None, *, shift_s: int = 0) -> str:
    at = _AT + shift_s
    cells = {**_CELLS, "uniqueid": f"{at}.0", "linkedid": f"{at}.0"}
    for column, seconds in _CALENDAR.items():
        moment = datetime.fromtimestamp(at + seconds, zone or UTC)
        cells[column] = moment.strftime("%Y-%m-%d %H:%M:%S")
    if zone is None:
        cells["eventtime"] = f"{at}.240197"
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow([cells.get(column, "") for column in layout])
    return written.getvalue().replace("\r\n", "\n")


async def _look(pbx: PbxSettings) -> books.Findings:
    return await books.look_up(pbx, since=_AT - 60, until=_AT + 60)


@pytest.mark.parametrize("layout", CDR_LAYOUTS, ids=len)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Almaty", "Asia/Kathmandu", "America/St_Johns"])
async def test_a_bill_of_any_usual_layout_and_zone_is_understood(
    tmp_path: Path, layout: tuple[str, ...], zone: str
) -> None:
    master = tmp_path / "My records.csv"
    master.write_text(_line(layout, ZoneInfo(zone)))

    found = await _look(_pbx(cdr_url=master.as_uri()))

    assert (found.sources, found.failures) == (("cdr",), ())
    [row] = found.history.cdr
    assert (row.start, row.answer, row.end) == (_AT, _AT + 1, _AT + 9)
    assert (row.linkedid, row.channel, row.dialled_channel) == (f"{_AT}.0", _CELLS["channel"], _CELLS["dstchannel"])
    assert row.disposition == "ANSWERED"


@pytest.mark.parametrize("layout", CEL_LAYOUTS, ids=len)
@pytest.mark.parametrize("zone", [None, ZoneInfo("Asia/Almaty")])
async def test_a_diary_of_any_usual_layout_is_understood(
    tmp_path: Path, layout: tuple[str, ...], zone: ZoneInfo | None
) -> None:
    (tmp_path / "cel.csv").write_text(_line(layout, zone))

    found = await _look(_pbx(cel_url=(tmp_path / "cel.csv").as_uri()))

    [row] = found.history.cel
    assert row.at == pytest.approx(_AT, abs=0.5)
    assert (row.event, row.channel, row.exten) == ("CHAN_START", _CELLS["channel"], "77272000001")


async def test_columns_of_ones_own_and_a_zone_are_named_in_the_address(tmp_path: Path) -> None:
    layout = ("disposition", "channel", "uniqueid", "start", "end", "dst")
    almaty = ZoneInfo("Asia/Almaty")
    (tmp_path / "own.csv").write_text(_line(layout, almaty).replace(f"{_AT}.0", "0190c0de-0000-7000-8000-000000000000"))
    url = f"{(tmp_path / 'own.csv').as_uri()}?columns={','.join(layout)}&timezone=Asia/Almaty"

    [row] = (await _look(_pbx(cdr_url=url))).history.cdr

    assert (row.start, row.end, row.destination) == (_AT, _AT + 9, "77272000001")


async def test_only_the_wanted_stretch_is_taken_whatever_the_zone(tmp_path: Path) -> None:
    layout, almaty = CDR_LAYOUTS[0], ZoneInfo("Asia/Almaty")
    lines = [_line(layout, almaty, shift_s=60 * minute) for minute in range(-600, 600)]
    (tmp_path / "Master.csv").write_text("".join(lines))

    rows = (await _look(_pbx(cdr_url=(tmp_path / "Master.csv").as_uri()))).history.cdr

    assert [row.start - _AT for row in rows] == [-60, 0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a,b,c\n", "the columns of the CDR are none of the usual ones"),
        ("x" * 300 + "\n", "the columns of the CDR are none of the usual ones"),
        (None, "Master.csv cannot be read: No such file"),
    ],
)
async def test_a_book_that_is_none_is_refused_and_the_others_are_read(
    tmp_path: Path, text: str | None, complaint: str
) -> None:
    master, log = tmp_path / "Master.csv", tmp_path / "queue_log"
    log.write_text(f"{_AT}|{_AT}.0|sales|NONE|ENTERQUEUE||+77011234567|1\nnonsense\n{_AT}|too|few\n")
    if text is not None:
        master.write_text(text)

    found = await _look(_pbx(cdr_url=master.as_uri(), queue_log=str(log)))

    assert found.sources == ("queue_log",)
    assert [failure.startswith(complaint) for failure in found.failures] == [True]
    assert [line.event for line in found.history.queue_log] == ["ENTERQUEUE"]


async def test_an_empty_book_is_read_and_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text("")

    found = await _look(_pbx(cdr_url=(tmp_path / "Master.csv").as_uri()))

    assert (found.sources, found.failures, found.history.cdr) == (("cdr",), (), ())


async def test_a_torn_last_line_does_not_hide_the_others(tmp_path: Path) -> None:
    whole = _line(CDR_LAYOUTS[0])
    (tmp_path / "Master.csv").write_text(whole + whole[:40])

    assert len((await _look(_pbx(cdr_url=(tmp_path / "Master.csv").as_uri()))).history.cdr) == 1


@pytest.mark.parametrize("url", ["postgresql://crm:s3cret@127.0.0.1:1/x", "mysql://crm:s3cret@127.0.0.1:1/x"])
async def test_a_server_that_is_away_is_said_without_its_password(url: str) -> None:
    found = await _look(_pbx(cel_url=url))

    assert found.sources == ()
    [failure] = found.failures
    assert failure.startswith("the table cel cannot be read")
    assert "s3cret" not in failure


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1790000000.25", 1_790_000_000.25),
        ("2026-09-21T14:13:20Z", datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC).timestamp()),
        ("2026-09-21 19:13:20+05:00", datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC).timestamp()),
    ],
)
def test_a_moment_with_its_zone_is_believed(text: str, seconds: float) -> None:
    written = read_moment(text)

    assert written is not None
    assert written.moment(int(timedelta(hours=5).total_seconds())) == seconds


@pytest.mark.parametrize("text", ["", "soon", "12", "0001-01-01 00:00:00+23:59", "2026-13-45 00:00:00"])
def test_nonsense_is_no_moment(text: str) -> None:
    written = read_moment(text)

    assert written is None or written.seconds < 0
