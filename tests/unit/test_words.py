"""Numbers, spans and times in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_core.domain.words import Words, counted, moment_in_words, plural_ru, span_in_words

ALMATY = ZoneInfo("Asia/Almaty")


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (0, "звонков"),
        (1, "звонок"),
        (2, "звонка"),
        (4, "звонка"),
        (5, "звонков"),
        (11, "звонков"),
        (14, "звонков"),
        (21, "звонок"),
        (34, "звонка"),
        (111, "звонков"),
        (1001, "звонок"),
    ],
)
def test_russian_nouns_agree_with_their_number(number: int, form: str) -> None:
    assert plural_ru(number, "звонок", "звонка", "звонков") == form


def test_one_is_one_and_the_rest_are_many_in_english() -> None:
    clients = ("клиент", "клиента", "клиентов")

    assert counted(1, clients, "client") == Words(ru="1 клиент", en="1 client")
    assert counted(47, clients, "client") == Words(ru="47 клиентов", en="47 clients")


@pytest.mark.parametrize(
    ("span", "ru", "en"),
    [
        (timedelta(minutes=10), "10 минут", "10 minutes"),
        (timedelta(minutes=21), "21 минуту", "21 minutes"),
        (timedelta(seconds=90), "1 минуту 30 секунд", "1 minute 30 seconds"),
        (timedelta(hours=1), "1 час", "1 hour"),
        (timedelta(hours=2, minutes=1, seconds=59), "2 часа 1 минуту", "2 hours 1 minute"),
        (timedelta(hours=24), "24 часа", "24 hours"),
        (timedelta(hours=72), "72 часа", "72 hours"),
        (timedelta(days=4), "4 дня", "4 days"),
        (timedelta(days=6, hours=5, minutes=40), "6 дней 5 часов", "6 days 5 hours"),
        (timedelta(seconds=1), "1 секунду", "1 second"),
        (timedelta(milliseconds=3), "1 секунду", "1 second"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span: timedelta, ru: str, en: str) -> None:
    assert span_in_words(span) == Words(ru=ru, en=en)


@pytest.mark.parametrize(
    ("moment", "ru", "en"),
    [
        ("2026-11-21T12:35:59", "17:35", "17:35"),
        ("2026-11-20T18:59:00", "20 ноября 23:59", "20 Nov 23:59"),
        ("2025-12-31T18:00:00", "31 декабря 2025 23:00", "31 Dec 2025 23:00"),
        # The hour that Almaty had twice.
        ("2024-02-29T17:30:00", "29 февраля 2024 23:30 (UTC+06:00)", "29 Feb 2024 23:30 (UTC+06:00)"),
        ("2024-02-29T18:30:00", "29 февраля 2024 23:30 (UTC+05:00)", "29 Feb 2024 23:30 (UTC+05:00)"),
    ],
)
def test_a_moment_is_told_on_the_companys_clock(moment: str, ru: str, en: str) -> None:
    now = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)

    told = moment_in_words(datetime.fromisoformat(moment).replace(tzinfo=UTC), ALMATY, now=now)

    assert told == Words(ru=ru, en=en)
