"""A log of years is searched, not read; what is torn or rotated does no harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from channels.telephony.history import lines
from channels.telephony.history.lines import lines_between
from channels.telephony.history.records import HistoryUnreadable


def _moment(line: str) -> float | None:
    first, _, _ = line.partition("|")
    return float(first) if first.isdecimal() else None


def _between(path: Path, since: float, until: float, *, disorder_s: float = 0) -> list[str]:
    return list(lines_between(path, since, until, _moment, disorder_s=disorder_s))


def _write(path: Path, seconds: range) -> None:
    path.write_text("".join(f"{second}|call {'.' * 100}\n" for second in seconds))


def test_the_wanted_minute_is_found_in_a_long_log_without_reading_it(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    _write(log, range(1_000_000, 1_100_000))
    looked_at = 0

    def counting(line: str) -> float | None:
        nonlocal looked_at
        looked_at += 1
        return _moment(line)

    found = list(lines_between(log, 1_050_000, 1_050_060, counting, disorder_s=0))

    assert [_moment(line) for line in found] == list(range(1_050_000, 1_050_061))
    assert looked_at < 1_500


@pytest.mark.parametrize(("since", "until"), [(0, 10), (999, 1_002), (1_007, 1_009), (1_008, 5_000), (3_000, 4_000)])
def test_any_stretch_is_what_a_plain_reading_would_give(tmp_path: Path, since: int, until: int) -> None:
    log = tmp_path / "log"
    _write(log, range(1_000, 1_010))

    found = [_moment(line) for line in _between(log, since, until)]

    assert found == [second for second in range(1_000, 1_010) if since <= second <= until]


def test_a_line_that_is_still_being_written_waits_for_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("1000|whole\n1001|hal")

    assert _between(log, 0, 2_000) == ["1000|whole"]

    log.write_text("1000|whole\n1001|half\n")
    assert _between(log, 0, 2_000) == ["1000|whole", "1001|half"]


def test_lines_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"1000|a\n\xff\xfe garbage\n\n|||\n1001|b\n" + b"x" * 200_000 + b"\n1002|c\n")

    assert _between(log, 1_001, 1_002) == ["1001|b", "1002|c"]


def test_what_was_written_a_little_later_than_it_happened_is_found(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("1000|a\n1050|of another call\n1005|late\n1700|b\n1006|too late\n")

    assert _between(log, 1_000, 1_010, disorder_s=600) == ["1000|a", "1005|late"]


def test_a_log_rotated_in_mid_gap_is_read_in_both_pieces(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    (tmp_path / "queue_log.1").write_text("1000|old\n1001|before\n")
    (tmp_path / "queue_log.2").write_text("1|ancient\n")
    log.write_text("1002|after\n")
    os.utime(tmp_path / "queue_log.1", (1_001, 1_001))
    os.utime(tmp_path / "queue_log.2", (2, 2))

    assert _between(log, 1_001, 1_003) == ["1001|before", "1002|after"]


def test_more_than_any_gap_can_hold_is_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "queue_log"
    _write(log, range(1_000, 1_010))
    monkeypatch.setattr(lines, "MOST_ROWS", 9)

    with pytest.raises(HistoryUnreadable, match="queue_log holds more than 9 rows of this time"):
        _between(log, 0, 2_000)


def test_a_missing_file_is_said_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(HistoryUnreadable, match="queue_log cannot be read: No such file"):
        _between(tmp_path / "queue_log", 0, 1)
